import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning } from '../sandbox/process.ts';
import { placeError, unwritable } from './vault-error.ts';

/** A change takes milliseconds: who holds the lock for longer is gone, and its process id is another's by now. */
const staleMs = 30_000;
const patienceMs = 60_000;
const pollMs = 15;

const holderOf = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
};

const isStale = (path: string, holder: string): boolean => {
  const info = statSync(path, { throwIfNoEntry: false });
  return info !== undefined && (!isRunning(Number.parseInt(holder, 10)) || Date.now() - info.mtimeMs > staleMs);
};

/** Takes away a lock nobody holds any more. Another process may do the same, and lock anew, between our two looks. */
const breakStale = (path: string, holder: string, token: string): void => {
  const aside = `${path}.${token.replace(' ', '-')}`;
  try {
    renameSync(path, aside);
    if (holderOf(aside) !== holder) linkSync(aside, path);
  } catch {
    // Somebody else was faster; the next round looks again.
  }
  rmSync(aside, { force: true });
};

/**
 * Does something while no other process changes the vault. `check` throws when the lock was lost meanwhile, and is to be
 * called right before what cannot be taken back.
 * @throws CopilotError exit 3 when the lock cannot be had.
 */
export const locked = async <T>(vaultPath: string, work: (check: () => void) => Promise<T>): Promise<T> => {
  const path = `${vaultPath}.lock`;
  const token = `${process.pid} ${randomBytes(8).toString('hex')}`;
  const own = `${path}.${token.replace(' ', '-')}.own`;
  try {
    // Written first and linked then: nobody ever sees a lock without its holder.
    writeFileSync(own, token, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw unwritable(vaultPath, error);
  }
  try {
    for (const since = Date.now(); ;) {
      try {
        linkSync(own, path);
        break;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unwritable(vaultPath, error);
      }
      const holder = holderOf(path);
      if (holder !== undefined && isStale(path, holder)) breakStale(path, holder, token);
      else if (Date.now() - since > patienceMs)
        throw placeError(
          `Another process changes the vault ${vaultPath} for too long.`,
          `Remove ${path} if none does.`,
        );
      else await sleep(pollMs);
    }
  } finally {
    rmSync(own, { force: true });
  }
  const isOwn = (): boolean => holderOf(path) === token;
  try {
    return await work(() => {
      if (!isOwn()) throw placeError(`The vault ${vaultPath} was changed by another process meanwhile.`, 'Try again.');
    });
  } finally {
    if (isOwn()) rmSync(path, { force: true });
  }
};
