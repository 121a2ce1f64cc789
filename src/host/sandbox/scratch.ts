import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isRunning } from './process.ts';

const staleMs = 24 * 60 * 60 * 1000;

/** A name for a folder of this process under the data folder; nothing is made yet. */
export const scratchPath = (dataDir: string): string =>
  join(dataDir, 'scratch', `${process.pid}-${randomBytes(4).toString('hex')}`);

/** Makes that folder, and removes those of processes that were killed a day ago or longer. */
export const makeScratch = (path: string): void => {
  if (existsSync(path)) return;
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const all = dirname(path);
  for (const name of readdirSync(all)) {
    const info = statSync(join(all, name), { throwIfNoEntry: false });
    const old = info !== undefined && Date.now() - info.mtimeMs > staleMs;
    if (old && !isRunning(Number.parseInt(name, 10))) rmSync(join(all, name), { recursive: true, force: true });
  }
};
