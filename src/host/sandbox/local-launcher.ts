import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { Launcher, Limits } from './launcher.ts';
import { limited } from './limits.ts';
import { argvOf } from './process.ts';

/** Handed down to whatever a command starts; holds one mark per run that is above a process, separated by `:`. */
const markName = 'LLM_COPILOT_RUN';
const maxRounds = 10;

const environmentOf = (pid: string): Buffer | undefined => {
  try {
    return readFileSync(`/proc/${pid}/environ`);
  } catch {
    return undefined;
  }
};

/** Processes that carry a mark; none where there is no /proc. */
const marked = (mark: string): number[] => {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && environmentOf(name)?.includes(mark) === true)
      .map(Number);
  } catch {
    return [];
  }
};

/** Kills what carries the mark, again until a look finds nothing: a process may start another while we look. */
const reap = async (mark: string): Promise<void> => {
  for (let round = 0; round < maxRounds; round += 1) {
    const found = marked(mark);
    if (found.length === 0) return;
    for (const pid of found) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended by itself, or is no longer the user's.
      }
    }
    await wait(5);
  }
};

/**
 * Commands run on this machine with the user's rights; nothing is enforced. In the end processes that left their group
 * are found by a mark in their environment. Not found are those that cleared it (`env -i`), those that run as another
 * user, all where there is no /proc, and everything after a SIGKILL of ours.
 */
export const localLauncher = (limits: Limits = {}): Launcher => {
  const mark = randomBytes(12).toString('hex');
  let launched = false;
  const endProcesses = async (): Promise<void> => {
    if (launched) await reap(mark);
    launched = false;
  };
  return {
    name: 'local',
    enforces: () => ({ fs: false, net: false, pids: false, memory: false, cpu: false, user: false }),
    launch: (command, { cwd, env }) => {
      launched = true;
      const above = env[markName];
      return {
        argv: limited(argvOf(command), limits),
        cwd,
        env: { ...env, [markName]: above === undefined ? mark : `${above}:${mark}` },
      };
    },
    allowHosts: () => undefined,
    closeHosts: () => undefined,
    endProcesses,
    close: endProcesses,
  };
};
