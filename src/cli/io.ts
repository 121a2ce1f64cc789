import type { Readable, Writable } from 'node:stream';
import { exitCodes, usageError } from '../base/errors.ts';
import type { Plugin } from '../core/plugin.ts';

/** A stream that may be a terminal. */
type MaybeTerminal<T> = T & { isTTY?: boolean; columns?: number; fd?: number };

/** The process's surroundings, so that the whole command line also runs inside another program or a test. */
export interface Io {
  stdin: MaybeTerminal<Readable>;
  stdout: MaybeTerminal<Writable>;
  stderr: MaybeTerminal<Writable>;
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  /** Calls back when the process is asked to end; the returned function stops that. */
  onInterrupt(handler: () => void): () => void;
}

/** What every command is given. */
export interface Cli {
  io: Io;
  plugins: readonly Plugin[];
  /** Commands say how the process should exit. */
  exit(code: number): void;
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The real process. A second signal ends it at once, as the system's default does, and its children with it. */
export const processIo = (): Io => ({
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  get cwd() {
    try {
      return process.cwd();
    } catch {
      throw usageError('The current folder is gone.', 'Change to a folder that exists.');
    }
  },
  onInterrupt: (handler) => {
    let asked = false;
    const stop = (): void => {
      for (const signal of signals) process.off(signal, listen);
    };
    const listen = (signal: NodeJS.Signals): void => {
      if (!asked) {
        asked = true;
        handler();
        return;
      }
      stop();
      // The system's default runs no exit listeners, and these kill the commands we started.
      process.emit('exit', exitCodes.interrupted);
      process.kill(process.pid, signal);
    };
    for (const signal of signals) process.on(signal, listen);
    return stop;
  },
});
