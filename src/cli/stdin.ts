import { fstatSync } from 'node:fs';
import { usageError } from '../base/errors.ts';
import type { Io } from './io.ts';

/** More than this is no task. */
const maxBytes = 10 * 1024 * 1024;
/** How long an open pipe may stay silent when the task is already on the command line. */
const silenceMs = 2000;

const mayHaveData = ({ stdin }: Io): boolean => {
  if (stdin.isTTY) return false;
  if (stdin.fd === undefined) return true;
  try {
    const stats = fstatSync(stdin.fd);
    return stats.isFIFO() || stats.isFile() || stats.isSocket();
  } catch {
    // A closed descriptor: there is no input.
    return false;
  }
};

/**
 * Text piped into the command; empty when there is none. An open pipe that says nothing is waited for only while the
 * task is missing: CI systems often leave one open for good.
 * @throws CopilotError exit 2 when it is binary or too large.
 */
export const readStdin = async (io: Io, taskGiven: boolean, signal: AbortSignal): Promise<string> => {
  if (!mayHaveData(io)) return '';
  const chunks: Buffer[] = [];
  let size = 0;
  const { stdin } = io;
  await new Promise<void>((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      stdin.off('data', onData).off('end', onEnd).off('error', onEnd);
      stdin.pause();
    };
    const onEnd = (): void => {
      stop();
      resolve();
    };
    const onAbort = (): void => {
      stop();
      reject(signal.reason as Error);
    };
    const onData = (chunk: Buffer | string): void => {
      clearTimeout(timer);
      const bytes = Buffer.from(chunk);
      chunks.push(bytes);
      size += bytes.length;
      if (size > maxBytes) {
        stop();
        reject(usageError('More than 10 MB came on standard input.', 'Name the file in the task instead.'));
      }
    };
    const timer = setTimeout(() => {
      io.stderr.write('llm-copilot: nothing came on standard input; going on without it.\n');
      onEnd();
    }, silenceMs);
    if (!taskGiven) clearTimeout(timer);
    signal.addEventListener('abort', onAbort);
    stdin.on('data', onData).on('end', onEnd).on('error', onEnd);
  });
  const bytes = Buffer.concat(chunks);
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (!text.includes('\0')) return text;
  } catch {
    // Not UTF-8: said below.
  }
  throw usageError(
    'Standard input is binary, not text.',
    'Pictures go in with --image; other files are named in the task.',
  );
};
