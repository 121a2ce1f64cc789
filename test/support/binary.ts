import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The command as it is installed. */
export const binary = fileURLToPath(new URL('../../bin/llm-copilot.js', import.meta.url));

/** A finished process. */
export interface Ended {
  code: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

/** Starts the built command as a process of its own; `ended` resolves when it is gone. */
export const startBinary = (
  args: readonly string[],
  options: { cwd: string; env?: Record<string, string | undefined>; program?: string },
): { child: ChildProcess; ended: Promise<Ended> } => {
  const child = spawn(options.program ?? process.execPath, options.program ? args : [binary, ...args], {
    cwd: options.cwd,
    env: { PATH: process.env.PATH, HOME: tmpdir(), ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { child, ended };
};

/** A temporary folder and its removal. */
export const tempFolder = (): { path: string; remove: () => void } => {
  const path = mkdtempSync(join(tmpdir(), 'llm-copilot-e2e-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
};

/** True while a process on this machine has the text among its arguments, in whatever sandbox it runs. */
export const runs = (text: string): boolean =>
  readdirSync('/proc').some((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(text);
    } catch {
      return false;
    }
  });
