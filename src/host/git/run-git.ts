import { spawn } from 'node:child_process';
import { CopilotError, exitCodes } from '../../base/errors.ts';
import type { Env } from '../paths.ts';
import { quietGitArgs } from '../quiet-git.ts';

/** What git said, and how it ended. */
export interface GitResult {
  code: number;
  /** Empty when the caller took the output as it came. */
  stdout: Buffer;
  /** At most a few thousand characters. */
  stderr: string;
}

/** How git is asked. */
export interface GitCall {
  /** Written to its standard input. */
  input?: string | Buffer;
  /** Instead of the environment all questions share. */
  env?: Env;
  /** Takes the output piece by piece; `stop` ends git early, which then counts as done. */
  onOutput?: (chunk: Buffer, stop: () => void) => void;
  signal?: AbortSignal | undefined;
}

/** Asks git in one folder and with one environment. Ends with any exit code; @throws the signal's reason when aborted. */
export type Git = (args: readonly string[], call?: GitCall) => Promise<GitResult>;

const maxComplaint = 4000;
/** Bytes that are kept of an output nobody takes piece by piece. */
const maxOutput = 256 << 20;

/** A failure of git that nothing here explains. */
export const gitFailure = (what: string, stderr: string): CopilotError => {
  const lines = stderr.trim().split('\n');
  const line = lines.find((one) => /^(?:fatal|error): /.test(one)) ?? lines[0] ?? '';
  return new CopilotError(`git cannot ${what}: ${line.replace(/^(?:fatal|error): /, '') || 'it does not say why'}`, {
    code: 'E_GIT',
    exitCode: exitCodes.usage,
    hint: /transport '.*' not allowed|promisor|lazy fetch/.test(stderr)
      ? 'The clone is partial, and nothing is fetched from here: git diff of the same revisions fetches what is missing.'
      : 'git fsck tells whether the repository is damaged.',
  });
};

/** Git at a place; no program that a repository's configuration names runs where its index is read. */
export const gitAt =
  (program: string, cwd: string, shared: Env): Git =>
  (args, { input, env = shared, onOutput, signal } = {}) =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const child = spawn(program, [...quietGitArgs, ...args], {
        ...{ cwd, env, stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] },
        ...(signal === undefined ? {} : { signal, killSignal: 'SIGKILL' }),
      });
      const chunks: Buffer[] = [];
      let size = 0;
      let complaint = '';
      let stopped = false;
      let tooMuch = false;
      const stop = (): void => {
        stopped = true;
        child.kill('SIGKILL');
      };
      child.stdout?.on('data', (chunk: Buffer) => {
        if (stopped) return;
        if (onOutput !== undefined) {
          try {
            onOutput(chunk, stop);
          } catch (error) {
            stop();
            reject(error instanceof Error ? error : new Error(String(error)));
          }
          return;
        }
        size += chunk.length;
        if (size > maxOutput) {
          tooMuch = true;
          stop();
        } else chunks.push(chunk);
      });
      child.stderr?.on('data', (chunk: Buffer) => {
        if (complaint.length < maxComplaint) complaint += chunk.toString();
      });
      child.on('error', (error) => {
        const reason: unknown = signal?.reason;
        reject(reason instanceof Error ? reason : error);
      });
      child.on('close', (code) => {
        if (tooMuch) reject(gitFailure(args[0] ?? '', 'fatal: it says more than 256 MB'));
        else resolve({ code: stopped ? 0 : (code ?? -1), stdout: Buffer.concat(chunks), stderr: complaint });
      });
      // A git that ended early closes its stdin; its exit code tells why.
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(input);
    });
