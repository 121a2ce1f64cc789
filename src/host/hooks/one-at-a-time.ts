import { mkdirSync, openSync, closeSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
};

/** Takes a file as a sign that something is under way; false while the process it names is alive. */
export const takeTurn = (path: string, start: () => number | undefined): boolean => {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  for (const attempt of [1, 2]) {
    let file: number;
    try {
      file = openSync(path, 'wx', 0o600);
    } catch {
      const pid = Number(readFileSync(path, 'utf8'));
      // An empty one is being written at this moment.
      if (attempt === 2 || pid === 0 || (pid > 0 && isAlive(pid))) return false;
      rmSync(path, { force: true });
      continue;
    }
    const pid = start();
    writeSync(file, String(pid ?? ''));
    closeSync(file);
    if (pid === undefined) rmSync(path, { force: true });
    return pid !== undefined;
  }
  return false;
};
