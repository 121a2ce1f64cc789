import { readdirSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning } from '../sandbox/process.ts';

/** Longer than this nobody holds a lock who still works. */
const staleMs = 30 * 60 * 1000;
const unwrittenMs = 10_000;
const patienceMs = 60_000;
const pollMs = 10;
const active = /^active\.(\d+)\./;
let taken = 0;

const isHeld = (path: string, pid: number): boolean => {
  const info = statSync(path, { throwIfNoEntry: false });
  return info !== undefined && isRunning(pid) && Date.now() - info.mtimeMs < staleMs;
};

const isPruning = (dir: string): boolean => {
  const path = join(dir, 'prune.lock');
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    // Empty for the moment between its making and its writing.
    if (pid === 0 ? Date.now() - statSync(path).mtimeMs < unwrittenMs : isHeld(path, pid)) return true;
    rmSync(path, { force: true });
  } catch {
    return false;
  }
  return false;
};

/**
 * Does something while nobody removes objects; any number may at once.
 * @throws when a prune goes on for too long.
 */
export const sharing = async <T>(dir: string, work: () => Promise<T>): Promise<T> => {
  taken += 1;
  const path = join(dir, `active.${process.pid}.${taken}`);
  for (const since = Date.now(); ;) {
    // First said, then looked: whoever comes second sees the other.
    writeFileSync(path, '', { mode: 0o600 });
    if (!isPruning(dir)) break;
    unlinkSync(path);
    if (Date.now() - since > patienceMs) throw new Error('"undo prune" of another process takes too long');
    await sleep(pollMs);
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
};

/**
 * Does something while nobody else uses the store. Undefined when another process prunes already, or the store is in
 * use for longer than `waitMs`.
 */
export const alone = async <T>(dir: string, waitMs: number, work: () => Promise<T>): Promise<T | undefined> => {
  const path = join(dir, 'prune.lock');
  if (isPruning(dir)) return undefined;
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx', mode: 0o600 });
  } catch {
    return undefined;
  }
  try {
    for (const since = Date.now(); ;) {
      const others = readdirSync(dir).filter((name) => {
        const pid = active.exec(name)?.[1];
        if (pid === undefined) return false;
        if (isHeld(join(dir, name), Number(pid))) return true;
        rmSync(join(dir, name), { force: true });
        return false;
      });
      if (others.length === 0) return await work();
      if (Date.now() - since > waitMs) return undefined;
      await sleep(pollMs);
    }
  } finally {
    rmSync(path, { force: true });
  }
};
