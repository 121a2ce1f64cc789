import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { usageError } from '../base/errors.ts';
import type { AskSecret } from '../core/secret.ts';
import type { Io } from './io.ts';

/** A terminal; streams that only say they are one have no modes. */
type Terminal = Readable & { setRawMode?: (on: boolean) => unknown };

const noEcho = (stdin: Terminal, on: boolean): void => void stdin.setRawMode?.(on);

/** What a terminal sends for keys that type nothing: arrows, and the marks around pasted text. */
const keySequence = new RegExp('\\u001b(?:\\[[0-?]*[ -/]*[@-~]|O.|.)', 'gs');
const [ctrlC, ctrlD, ctrlU, backspace, del] = ['\u0003', '\u0004', '\u0015', '\b', '\u007f'];

/** Reads one line from a terminal and shows nothing of it; undefined when the person gives up. */
const readHidden = (stdin: Readable): Promise<string | undefined> =>
  new Promise((resolve) => {
    const decoder = new StringDecoder('utf8');
    let typed: string[] = [];
    const finish = (answer: string | undefined, rest = ''): void => {
      stdin.off('data', onData).off('end', onEnd).off('error', onEnd).off('close', onEnd);
      noEcho(stdin, false);
      stdin.pause();
      // Typed ahead: the next question's answer.
      if (rest !== '') stdin.unshift(Buffer.from(rest));
      resolve(answer);
    };
    const onEnd = (): void => finish(undefined);
    const onData = (chunk: Buffer | string): void => {
      const text = decoder.write(Buffer.from(chunk)).replace(keySequence, '');
      const letters = Array.from(text);
      for (const [index, letter] of letters.entries()) {
        if (letter === '\r' || letter === '\n') {
          const rest = letters.slice(index + 1).join('');
          finish(typed.join(''), letter === '\r' ? rest.replace(/^\n/, '') : rest);
          return;
        }
        if (letter === ctrlC || letter === ctrlD) {
          finish(undefined);
          return;
        }
        if (letter === ctrlU) typed = [];
        else if (letter === backspace || letter === del) typed.pop();
        else if (letter >= ' ' || letter === '\t') typed.push(letter);
      }
    };
    noEcho(stdin, true);
    stdin.on('data', onData).on('end', onEnd).on('error', onEnd).on('close', onEnd);
    stdin.resume();
  });

/** Asks on standard error without showing the answer; undefined when no person is there (standard input or error is no terminal). */
export const terminalSecret = (io: Io): AskSecret | undefined => {
  const { stdin, stderr } = io;
  if (!stdin.isTTY || !stderr.isTTY) return undefined;
  return async (prompt) => {
    // After an end of input (Ctrl-D) there will be no other answer, and nothing would tell us so.
    if (stdin.readableEnded || stdin.destroyed) return undefined;
    stderr.write(prompt);
    const answer = await readHidden(stdin);
    stderr.write('\n');
    return answer;
  };
};

/**
 * All of standard input as text.
 * @throws CopilotError exit 2 when it is not UTF-8 text or has more than `maxBytes`
 */
export const readInput = async (stdin: AsyncIterable<Buffer | string>, maxBytes: number): Promise<string> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > maxBytes) throw usageError(`More than ${maxBytes} bytes came on standard input: that is no secret.`);
    chunks.push(bytes);
  }
  return utf8(Buffer.concat(chunks), 'Standard input');
};

/** Text of bytes. @throws CopilotError exit 2 when they are no UTF-8 */
export const utf8 = (bytes: Buffer, what: string): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw usageError(`${what} is not UTF-8 text.`);
  }
};
