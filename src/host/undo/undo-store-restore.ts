import {
  chmodSync,
  closeSync,
  fchmodSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  statfsSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { breather } from './undo-store-visit.ts';
import { temporaryName } from './undo-store-objects.ts';
import { below, foldersAbove, onDisk } from './undo-store-paths.ts';
import { kindOf, type PathChange } from './undo-store-trees.ts';

const permissions = 0o7777;
const ownerMayChange = 0o700;

const depth = (path: string): number => path.split('/').length;

/** The folders whose own entries change. */
const changingFolders = (actions: readonly PathChange[]): Set<string> =>
  new Set(actions.flatMap(({ path }) => foldersAbove(path).at(-1) ?? []));

/** Undefined when there is no folder, also because one above is none. */
const modeOf = (path: string): number | undefined => {
  try {
    const { mode } = lstatSync(onDisk(path));
    return kindOf(mode) === 'folder' ? mode & permissions : undefined;
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return;
    throw error;
  }
};

/** Both are files with the same content. */
const onlyMode = ({ from, to }: Pick<PathChange, 'from' | 'to'>): boolean =>
  from !== undefined && from.id === to?.id && kindOf(from.mode) === 'file' && kindOf(to.mode) === 'file';

/** @throws when the disk has not even room for the new contents. */
const checkRoom = (root: string, bytes: number): void => {
  const disk = statfsSync(onDisk(root));
  if (disk.bavail * disk.bsize < bytes)
    throw new Error(`the disk has no room for the ${Math.ceil(bytes / 1024 ** 2)} MB to be restored`);
};

/**
 * Carries a plan out: deletions deepest first, then folders, files and links, then the modes of folders. Each file
 * appears whole or not at all. Links are never followed.
 * @param root real path of the workspace, one character per byte.
 * @param read the content of an object.
 * @throws what the file system throws; what was done until then stays.
 */
export const carryOut = async (
  root: string,
  actions: readonly PathChange[],
  read: (id: string) => Buffer,
): Promise<void> => {
  const rest = breather();
  const full = (path: string): string => (path.startsWith('/') ? path : below(root, path));
  const writes = actions.filter(({ from, to }) => {
    if (!to || kindOf(to.mode) === 'folder') return false;
    return !onlyMode({ from, to });
  });
  // Nothing begins before every content is known to be there.
  let bytes = 0;
  for (const { to } of writes) {
    await rest();
    bytes += to ? read(to.id).length : 0;
  }
  checkRoom(root, bytes);

  /** Modes folders have to get back at the end. */
  const modes = new Map<string, number>();
  const unlock = (folder: string): void => {
    const mode = modeOf(full(folder));
    if (mode === undefined || (mode & ownerMayChange) === ownerMayChange) return;
    if (!modes.has(folder)) modes.set(folder, mode);
    chmodSync(onDisk(full(folder)), mode | ownerMayChange);
  };
  const opened = new Set<string>();
  for (const folder of changingFolders(actions)) {
    for (const one of [...foldersAbove(folder), folder]) {
      if (opened.has(one)) continue;
      opened.add(one);
      unlock(one);
    }
  }

  const replaced = actions.filter(({ from, to }) => from && (!to || kindOf(from.mode) !== kindOf(to.mode)));
  for (const { path, from } of replaced.toSorted((a, b) => depth(b.path) - depth(a.path))) {
    await rest();
    modes.delete(path);
    if (from && kindOf(from.mode) === 'folder') rmdirSync(onDisk(full(path)));
    else unlinkSync(onDisk(full(path)));
  }

  const folders = actions.filter(({ to }) => to && kindOf(to.mode) === 'folder');
  for (const { path, from, to } of folders.toSorted((a, b) => depth(a.path) - depth(b.path))) {
    if (!from || kindOf(from.mode) !== 'folder') mkdirSync(onDisk(full(path)), { mode: ownerMayChange });
    if (to) modes.set(path, to.mode & permissions);
  }

  for (const { path, to } of writes) {
    await rest();
    if (!to) continue;
    const parent = foldersAbove(path).at(-1) ?? '';
    const temporary = below(
      full(path.startsWith('/') && parent === '' ? '/' : parent),
      `.llm-copilot-${temporaryName()}`,
    );
    try {
      if (kindOf(to.mode) === 'link') symlinkSync(read(to.id), onDisk(temporary));
      else {
        const file = openSync(onDisk(temporary), 'wx', 0o600);
        try {
          writeFileSync(file, read(to.id));
          fchmodSync(file, to.mode & permissions);
        } finally {
          closeSync(file);
        }
      }
      renameSync(onDisk(temporary), onDisk(full(path)));
    } catch (error) {
      try {
        unlinkSync(onDisk(temporary));
      } catch {
        // It was never made.
      }
      throw error;
    }
  }
  for (const { path, from, to } of actions) {
    if (to && onlyMode({ from, to })) chmodSync(onDisk(full(path)), to.mode & permissions);
  }
  for (const [folder, mode] of [...modes].sort(([a], [b]) => depth(b) - depth(a)))
    if (modeOf(full(folder)) !== undefined) chmodSync(onDisk(full(folder)), mode);
};
