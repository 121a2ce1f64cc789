import type { Readable, Writable } from 'node:stream';
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
  /** Calls back on SIGINT and SIGTERM; the returned function stops that. */
  onInterrupt(handler: () => void): () => void;
}

/** What every command is given. */
export interface Cli {
  io: Io;
  plugins: readonly Plugin[];
  /** Commands say how the process should exit. */
  exit(code: number): void;
}

/** The real process. A second signal ends it at once, as the system's default does. */
export const processIo = (): Io => ({
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  onInterrupt: (handler) => {
    const signals = ['SIGINT', 'SIGTERM'] as const;
    for (const signal of signals) process.once(signal, handler);
    return () => {
      for (const signal of signals) process.off(signal, handler);
    };
  },
});
