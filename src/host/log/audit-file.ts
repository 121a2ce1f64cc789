import { closeSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { configError, messageOf } from '../../base/errors.ts';

const bufferChars = 256 * 1024;

/**
 * Writes a file that only its owner reads; it has its name once it is whole. What `write` gives is passed on.
 * @throws CopilotError exit 3 when the disk fails; then what was there before stays.
 */
export const writeWhole = async <T>(path: string, write: (put: (text: string) => void) => Promise<T>): Promise<T> => {
  const there = statSync(path, { throwIfNoEntry: false });
  // Renaming onto it would put a file in the place of /dev/null or a pipe.
  if (there && !there.isFile())
    throw configError(`${path} is not a regular file.`, 'Name another, or leave --output out for standard output.');
  const own = `${path}.${process.pid}.part`;
  const failed = (error: unknown): Error =>
    configError(`${path} cannot be written: ${messageOf(error)}`, undefined, error);
  const attempt = <R>(work: () => R): R => {
    try {
      return work();
    } catch (error) {
      throw failed(error);
    }
  };
  const file = attempt(() => openSync(own, 'w', 0o600));
  let pending = '';
  const flush = (): void =>
    attempt(() => {
      const bytes = Buffer.from(pending);
      for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
      pending = '';
    });
  try {
    let result: T;
    try {
      result = await write((text) => {
        pending += text;
        if (pending.length > bufferChars) flush();
      });
      flush();
      attempt(() => fsyncSync(file));
    } finally {
      closeSync(file);
    }
    attempt(() => renameSync(own, path));
    return result;
  } catch (error) {
    rmSync(own, { force: true });
    throw error;
  }
};
