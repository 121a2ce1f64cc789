import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { existsSync } from 'node:fs';
import { messageOf } from '../../base/errors.ts';
import type { ExecResult } from '../../core/sandbox.ts';
import { ToolError } from '../../core/tool.ts';
import type { Launch } from './launcher.ts';
import { outputKeeper, unfinishedBytes, type OutputKeeper } from './output.ts';

// node:child_process and not execa: execa adds 1.3 to 2 ms to every command and 150 ms to the first.

/** How to start a command. */
export interface ProcessOptions {
  cwd: string;
  /** The whole environment of the command. */
  env: Readonly<Record<string, string | undefined>>;
  /** After this the process group is killed; no limit when left out. */
  timeoutMs?: number;
  /** Called with output as it comes, stdout and stderr interleaved, never with half a character. */
  onOutput?: ((chunk: string) => void) | undefined;
  /** Bytes of output kept in memory; 30 kB when left out. */
  maxOutputBytes?: number | undefined;
  /** Names a file that does not exist yet for the whole output; called only when that is longer. */
  newFile: () => string;
  /** See `Launch.lifeline`. */
  lifeline?: boolean | undefined;
  /** See `Launch.signal`. */
  signal?: Launch['signal'];
  /** Called once when the main process ended. */
  ended?: Launch['ended'];
}

/** A command that was started. */
export interface RunningProcess {
  /** Resolves when the main process ended and its output is drained. Rejects with ToolError when it could not start. */
  readonly done: Promise<ExecResult>;
  /** Holds the whole output once that is longer than what is kept in memory. */
  readonly outputFile: () => string | undefined;
  /** SIGTERM to the whole group, SIGKILL two seconds later. */
  readonly kill: () => void;
  /** True while any process of the group lives, the main one or one it left behind. */
  readonly isAlive: () => boolean;
  /** SIGKILL to whatever is left of the group. */
  readonly destroy: () => void;
}

const defaultOutputBytes = 30_000;
const graceMs = 2_000;
/** A process left behind may hold the pipe open for ever; after the main one ended we wait this long. */
const drainMs = 200;
/** The longest time setTimeout can wait. */
const maxTimeoutMs = 2 ** 31 - 1;

interface Group {
  id: number;
  leaderEnded: boolean;
}

/** False when the group is gone. Never signals a stranger that was given the number of an ended leader. */
const signal = (group: Group, name: NodeJS.Signals | 0): boolean => {
  if (group.leaderEnded && existsSync(`/proc/${group.id}`)) return false;
  try {
    return process.kill(-group.id, name);
  } catch {
    return false;
  }
};

const groups = new Set<Group>();
const killGroups = (): void => {
  for (const group of groups) signal(group, 'SIGKILL');
};
const track = (group: Group): void => {
  if (groups.size === 0) process.on('exit', killGroups);
  groups.add(group);
};
const untrack = (group: Group): void => {
  groups.delete(group);
  if (groups.size === 0) process.off('exit', killGroups);
};

/** True while a process has this id, whoever owns it. */
export const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

let shell: string | undefined;

/** Program and arguments for a command: a string goes through bash (sh where there is none), an array is taken as it is. */
export const argvOf = (command: string | readonly string[]): readonly string[] => {
  if (typeof command !== 'string') return command;
  shell ??= existsSync('/bin/bash') ? '/bin/bash' : '/bin/sh';
  // Two pipes lose the order of stdout and stderr; inside one shell both can share one.
  return [shell, '-c', `exec 2>&1; ${command}`];
};

/** The signals we end commands with, by the exit code a program between us and the command reports for them. */
const endedBy: Readonly<Record<number, string>> = { 137: 'SIGKILL', 143: 'SIGTERM' };

/** Hands the chunks of both pipes on, holding back bytes of a character that has not arrived whole. */
const readOutput = (child: ChildProcess, keeper: OutputKeeper, onOutput?: (chunk: string) => void): (() => void) => {
  const flushes = [child.stdout, child.stderr].map((stream) => {
    let rest: Buffer | undefined;
    const pass = (chunk: Buffer): void => {
      if (chunk.length === 0) return;
      keeper.add(chunk);
      onOutput?.(chunk.toString());
    };
    // A pipe that breaks ends the output, not us.
    stream?.on('error', () => undefined);
    stream?.on('data', (data: Buffer) => {
      const chunk = rest ? Buffer.concat([rest, data]) : data;
      const open = unfinishedBytes(chunk);
      rest = open > 0 ? chunk.subarray(chunk.length - open) : undefined;
      pass(chunk.subarray(0, chunk.length - open));
    });
    return () => {
      stream?.destroy();
      if (rest) pass(rest);
    };
  });
  return () => {
    for (const flush of flushes) flush();
  };
};

/**
 * Starts a command in its own process group, stdin closed. Our own exit kills the group. For strings see `argvOf`.
 * @throws ToolError when it cannot be started.
 */
export const startProcess = (command: string | readonly string[], options: ProcessOptions): RunningProcess => {
  const startedAt = performance.now();
  const [program = '', ...args] = argvOf(command);
  const cannot = (error: unknown): ToolError =>
    new ToolError(`cannot start ${program} in ${options.cwd}: ${messageOf(error)}`, { cause: error });
  let child: ChildProcess;
  try {
    const { cwd, env, lifeline = false } = options;
    const stdio: StdioOptions = ['ignore', 'pipe', 'pipe', ...(lifeline ? (['pipe'] as const) : [])];
    child = spawn(program, args, { cwd, env, detached: true, stdio });
  } catch (error) {
    throw cannot(error);
  }
  if (child.pid === undefined) {
    const failed = new Promise<never>((_, reject) => child.once('error', (error) => reject(cannot(error))));
    const nothing = (): undefined => undefined;
    return { done: failed, outputFile: nothing, kill: nothing, isAlive: () => false, destroy: nothing };
  }

  const group: Group = { id: child.pid, leaderEnded: false };
  const keeper = outputKeeper(options.maxOutputBytes ?? defaultOutputBytes, options.newFile);
  const flush = readOutput(child, keeper, options.onOutput);
  let killing = false;
  let timedOut = false;
  const timers: NodeJS.Timeout[] = [];
  const destroy = (): void => {
    options.signal?.('SIGKILL', group.id);
    signal(group, 'SIGKILL');
  };
  const kill = (): void => {
    if (killing || group.leaderEnded) return;
    killing = true;
    // What stands between us and the command must outlive it, or the command's last words are lost.
    if (options.signal) options.signal('SIGTERM', group.id);
    else signal(group, 'SIGTERM');
    timers.push(setTimeout(destroy, graceMs));
  };
  if (options.timeoutMs !== undefined) {
    const expire = (): void => {
      timedOut = true;
      kill();
    };
    timers.push(setTimeout(expire, Math.min(options.timeoutMs, maxTimeoutMs)));
  }
  track(group);
  const lifeline = child.stdio[3];
  lifeline?.on('error', () => undefined);

  const done = new Promise<ExecResult>((resolve) => {
    let ended: { exitCode: number | null; signal: string | null } | undefined;
    const settle = (): void => {
      for (const timer of timers) clearTimeout(timer);
      child.removeAllListeners();
      flush();
      keeper.end();
      if (killing) destroy();
      if (killing || !signal(group, 0)) untrack(group);
      const outputFile = keeper.file();
      const passedOn = killing && options.signal ? endedBy[ended?.exitCode ?? 0] : undefined;
      resolve({
        exitCode: passedOn === undefined ? (ended?.exitCode ?? null) : null,
        signal: passedOn ?? ended?.signal ?? null,
        timedOut,
        output: keeper.text(),
        outputBytes: keeper.bytes(),
        ...(outputFile !== undefined && { outputFile }),
        durationMs: performance.now() - startedAt,
      });
    };
    child.once('exit', (exitCode, by) => {
      ended = { exitCode, signal: by };
      group.leaderEnded = true;
      lifeline?.destroy();
      options.ended?.();
      timers.push(setTimeout(settle, drainMs));
    });
    child.once('close', settle);
  });

  return {
    done,
    outputFile: keeper.file,
    kill,
    isAlive: () => signal(group, 0),
    destroy: () => {
      destroy();
      if (group.leaderEnded) untrack(group);
    },
  };
};

/**
 * Waits for a process; an abort kills its group first and then rejects.
 * @throws ToolError when it could not start; the signal's reason when it was aborted.
 */
export const waitFor = async (running: RunningProcess, signal: AbortSignal): Promise<ExecResult> => {
  signal.addEventListener('abort', running.kill, { once: true });
  try {
    if (signal.aborted) running.kill();
    const result = await running.done;
    signal.throwIfAborted();
    return result;
  } finally {
    signal.removeEventListener('abort', running.kill);
  }
};
