import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Database } from '../log/database.ts';
import type { ListedFile } from './list-files.ts';
import { blobHash, type FileState, changedMs } from './parse-path.ts';

/** A file as it was when it was read. */
export interface KnownFile {
  size: number;
  /** Below 0 when it may have changed again within the same moment: nobody can tell by date. */
  mtimeMs: number;
  /** Its content could not be had; permissions change without a new date. */
  isUnreadable: boolean;
}

/** A file whose rows may not be right any more. */
export interface Suspect extends ListedFile {
  isKnown: boolean;
}

/** Every file of the index by path, read at once. */
export const knownFiles = (database: Database): Map<string, KnownFile> => {
  const rows = database
    .prepare<[], [string, number, number, number]>(`SELECT path, size, mtime_ms, skipped IS 'unreadable' FROM files`)
    .raw()
    .all();
  return new Map(
    rows.map(([path, size, mtimeMs, isUnreadable]) => [path, { size, mtimeMs, isUnreadable: isUnreadable === 1 }]),
  );
};

/** True when a file is as it was. */
export const isUnchanged = (file: ListedFile, known: KnownFile | undefined): boolean =>
  known?.size === file.size && known.mtimeMs === file.mtimeMs && !known.isUnreadable;

/** What differs between the files there are and those known. */
export const checkFiles = (
  listed: readonly ListedFile[],
  known: ReadonlyMap<string, KnownFile>,
): { suspects: Suspect[]; gone: string[] } => {
  const suspects: Suspect[] = [];
  let met = 0;
  for (const file of listed) {
    const row = known.get(file.path);
    if (row !== undefined) met += 1;
    if (!isUnchanged(file, row)) suspects.push({ ...file, isKnown: row !== undefined });
  }
  if (met === known.size) return { suspects, gone: [] };
  const paths = new Set(listed.map(({ path }) => path));
  return { suspects, gone: [...known.keys()].filter((path) => !paths.has(path)) };
};

/** No file system in use counts time more coarsely (FAT: 2 s, https://en.wikipedia.org/wiki/FAT, read 2026-11-27). */
const coarsestMs = 2000;
/** One that knows parts of a second takes the kernel's last tick: 10 ms at most. */
const fineMs = 50;

/** The date to remember of a file that was read at `readAt`: none when it can change again without a new one. */
export const trustedDate = (mtimeMs: number, readAt: number): number =>
  mtimeMs >= readAt - (mtimeMs % 1000 === 0 ? coarsestMs : fineMs) ? -1 : mtimeMs;

// A link is not followed, and a pipe nobody writes to does not hold us up.
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** The state of a file whose content still has this hash; undefined when it has not, or cannot be read. */
export const contentState = async (path: string, hash: Uint8Array): Promise<FileState | undefined> => {
  // Files that are not to be read have zeros.
  if (hash.every((byte) => byte === 0)) return undefined;
  const file = await open(path, flags).catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const stats = await file.stat();
    return Buffer.compare(blobHash(await file.readFile()), hash) === 0
      ? { hash, size: stats.size, mtimeMs: changedMs(stats) }
      : undefined;
  } catch {
    return undefined;
  } finally {
    await file.close();
  }
};
