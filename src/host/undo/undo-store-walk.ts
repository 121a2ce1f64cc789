import {
  closeSync,
  constants,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  type Stats,
} from 'node:fs';
import { matchesPath } from '../../base/glob.ts';
import { objectId, type ObjectWriter } from './undo-store-objects.ts';
import { below, onDisk, shownPath } from './undo-store-paths.ts';
import { kindOf, leftOutReasons, treeContent, type TreeEntry } from './undo-store-trees.ts';
import type { Visit } from './undo-store-visit.ts';

/** What is known of a path. A file is read again only when what `lstat` says of it differs. */
export interface Known {
  mode: number;
  ino: number;
  size: number;
  mtimeMs: number;
  ctimeMs: number;
  /** Of the content; of a folder its tree, empty while that must be made anew. */
  id: string;
  /** Of a file, false: it was read so soon after its last change that another one might not show. Of a folder: listed. */
  settled: boolean;
  /** Of a folder, by name. */
  children: Map<string, Known> | undefined;
  parent: Known | undefined;
}

/** Which paths are wanted below a folder. */
export interface Wanted {
  /** Everything but what is excluded; otherwise only the named children, and a folder without any is left out. */
  whole: boolean;
  children: Map<string, Wanted>;
}

/** Rules of a walk. */
export interface WalkRules {
  /** Patterns in gitignore's form; with a final `/` for folders only. */
  exclude: readonly string[];
  maxFileBytes: number;
  /** Paths never entered: one character per byte, absolute. */
  barred: ReadonlySet<string>;
}

/** A file or link whose content has to be read. */
interface Unread {
  path: string;
  known: Known;
  /** Only mode or owner differ from what was read last. */
  sameContent: boolean;
}

/** What a walk came upon. */
export interface Walked {
  unread: Unread[];
  /** Bytes in them. */
  unreadBytes: number;
  entries: number;
}

/** Nobody's content; stands for what is left out and does not count when it changes. */
const noId = '\0'.repeat(20);
/** Kernels stamp files with the time of their last tick, at most 10 ms ago; file servers are less exact. */
const settledMs = 50;

/** A path about which nothing is known yet. */
export const unknown = (mode: number, parent?: Known): Known => ({
  mode,
  ino: 0,
  size: 0,
  mtimeMs: 0,
  ctimeMs: 0,
  id: '',
  settled: false,
  children: kindOf(mode) === 'folder' ? new Map<string, Known>() : undefined,
  parent,
});

/** The tree of a folder, and of those above, has to be made anew. */
const touch = (folder: Known | undefined): void => {
  for (let at = folder; at !== undefined && at.id !== ''; at = at.parent) at.id = '';
};

const errorCode = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');
const isGone = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(errorCode(error));
/** The machine's trouble, not the file's: nothing can be said of any file then. */
const isOurs = (error: unknown): boolean => ['EMFILE', 'ENFILE', 'ENOMEM'].includes(errorCode(error));

const excluder = (patterns: readonly string[]): ((path: string, name: string, isFolder: boolean) => boolean) => {
  const plain = patterns.filter((pattern) => /^[\w.-]+\/?$/.test(pattern));
  const names = new Set(plain.filter((pattern) => !pattern.endsWith('/')));
  const folders = new Set(plain.filter((pattern) => pattern.endsWith('/')).map((pattern) => pattern.slice(0, -1)));
  const others = patterns.filter((pattern) => !plain.includes(pattern));
  return (path, name, isFolder) =>
    names.has(name) ||
    (isFolder && folders.has(name)) ||
    others.some((pattern) => (isFolder || !pattern.endsWith('/')) && matchesPath(pattern, shownPath(path)));
};

/** Brings `known` up to date with the disk, as far as `wanted` goes, without reading files. */
export type Walk = (
  top: { known: Known; path: string; isOutside: boolean },
  wanted: Wanted,
  maxEntries: number,
  visit: Visit,
) => Promise<Walked>;

/** @throws what the file system throws when it cannot be walked at all; `RangeError` past `maxEntries`. */
export const walker = (rules: WalkRules): Walk => {
  const isExcluded = excluder(rules.exclude);

  return async (top, wanted, maxEntries, visit) => {
    const walked: Walked = { unread: [], unreadBytes: 0, entries: 0 };
    const pending: { known: Known; path: string; wanted: Wanted }[] = [{ known: top.known, path: top.path, wanted }];
    /** Why the rules leave it out, whatever it is; zero when they do not. */
    const ruledOut = (path: string, name: string, isFolder: boolean): number => {
      if (name === '.git' && path.length === top.path.length + 5 && !top.isOutside) return leftOutReasons.repository;
      const shown = top.isOutside ? path : path.slice(top.path.length + 1);
      return isExcluded(shown, name, isFolder) ? leftOutReasons.excluded : 0;
    };
    /** What is left out, and why; zero when it is recorded. A file that is named counts wherever it lies. */
    const leftOut = (path: string, info: Stats, named: Wanted | undefined, ruled: number): number => {
      const kind = kindOf(info.mode);
      if (rules.barred.has(path)) return leftOutReasons.excluded;
      if (ruled !== 0 && (named === undefined || (kind === 'folder' && named.whole))) return ruled;
      if (kind === 'left out') return leftOutReasons.special;
      if (kind === 'file' && info.size > rules.maxFileBytes) return leftOutReasons.large;
      const isEnd = named !== undefined && !named.whole && named.children.size === 0;
      return kind === 'folder' && isEnd ? leftOutReasons.outside : 0;
    };
    const without = (folder: Known, name: string): void => {
      if (folder.children?.delete(name)) touch(folder);
    };
    /** It is there and may not be looked at: what was known of it stands. */
    const hide = (folder: Known, name: string): void => {
      if (folder.children?.has(name)) return;
      folder.children?.set(name, { ...unknown(leftOutReasons.unreadable, folder), id: noId });
      touch(folder);
    };
    const see = (folder: Known, name: string, path: string, named: Wanted | undefined, whole: boolean): boolean => {
      let info: Stats | undefined;
      try {
        info = lstatSync(onDisk(path), { throwIfNoEntry: false });
      } catch (error) {
        if (isOurs(error)) throw error;
        if (!isGone(error)) {
          hide(folder, name);
          return true;
        }
      }
      if (info === undefined) {
        without(folder, name);
        return false;
      }
      walked.entries += 1;
      if (walked.entries > maxEntries) throw new RangeError(`more than ${maxEntries} files and folders`);
      const ruled = ruledOut(path, name, kindOf(info.mode) === 'folder');
      const out = leftOut(path, info, named, ruled);
      const kind = out === 0 ? kindOf(info.mode) : 'left out';
      const mode = out === 0 ? (kind === 'link' ? 0o120000 : info.mode & 0o177777) : out;
      let known = folder.children?.get(name);
      if (known && (kindOf(known.mode) !== kind || (kind === 'left out' && known.mode !== mode))) known = undefined;
      if (known === undefined) {
        known = unknown(mode, folder);
        folder.children?.set(name, known);
        touch(folder);
      }
      if (kind === 'folder') {
        if (known.mode !== mode) {
          known.mode = mode;
          touch(folder);
        }
        const all = (whole && ruled === 0) || named?.whole === true;
        pending.push({ known, path, wanted: { whole: all, children: named?.children ?? new Map<string, Wanted>() } });
        return true;
      }
      const sameContent =
        known.id !== '' && known.ino === info.ino && known.size === info.size && known.mtimeMs === info.mtimeMs;
      const isSame = known.settled && sameContent && known.ctimeMs === info.ctimeMs;
      known.ino = info.ino;
      known.size = info.size;
      known.mtimeMs = info.mtimeMs;
      known.ctimeMs = info.ctimeMs;
      if (known.mode !== mode) {
        known.mode = mode;
        touch(folder);
      }
      if (kind === 'left out') {
        // Of what is merely too large it still shows that it changed.
        const tells = out === leftOutReasons.large;
        const id = tells ? objectId('blob', Buffer.from(`${info.size} ${info.mtimeMs}`)) : noId;
        if (known.id !== id) touch(folder);
        known.id = id;
        known.settled = true;
      } else if (!isSame) {
        known.settled = false;
        walked.unread.push({ path, known, sameContent });
        walked.unreadBytes += info.size;
      }
      return true;
    };

    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const { known: folder, path, wanted: want } = next;
      await visit.rest();
      if (want.whole) {
        let names: string[] = [];
        visit.unlock(path, folder.mode, 0o500);
        try {
          names = readdirSync(onDisk(path), 'latin1');
        } catch (error) {
          if (isOurs(error) || folder.parent === undefined) throw error;
          if (isGone(error)) forget(folder);
          // Listed before: a mode that hides a folder's content did not change it.
          else if (!folder.settled) makeUnreadable(folder);
          continue;
        }
        folder.settled = true;
        let found = 0;
        for (const name of names) if (see(folder, name, below(path, name), want.children.get(name), true)) found += 1;
        if (folder.children && folder.children.size !== found) {
          const there = new Set(names);
          for (const name of folder.children.keys()) if (!there.has(name)) without(folder, name);
        }
      } else {
        if (folder !== top.known) visit.unlock(path, folder.mode, 0o100);
        for (const [name, child] of want.children) see(folder, name, below(path, name), child, false);
      }
    }
    return walked;
  };
};

/** It went meanwhile. */
const forget = (known: Known): void => {
  const { parent } = known;
  for (const [name, child] of parent?.children ?? []) if (child === known) parent?.children?.delete(name);
  touch(parent);
};

const makeUnreadable = (known: Known): void => {
  known.mode = leftOutReasons.unreadable;
  known.children = undefined;
  known.settled = false;
  known.id = noId;
  touch(known.parent);
};

const contentOf = (path: string, mode: number): Buffer => {
  if (kindOf(mode) === 'link') return readlinkSync(onDisk(path), 'buffer');
  // What was a file a moment ago may be a link or a pipe now.
  const file = openSync(onDisk(path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
};

/** Reads what a walk found changed, and stores it. */
export const readContents = async (unread: readonly Unread[], writer: ObjectWriter, visit: Visit): Promise<void> => {
  for (const { path, known, sameContent } of unread) {
    await visit.rest();
    const readAt = Date.now();
    let content: Buffer;
    if (kindOf(known.mode) === 'file') visit.unlock(path, known.mode, 0o400);
    try {
      content = contentOf(path, known.mode);
    } catch (error) {
      if (isOurs(error)) throw error;
      if (isGone(error)) forget(known);
      else if (!sameContent) makeUnreadable(known);
      continue;
    }
    const id = writer.put('blob', content);
    if (known.id !== id) touch(known.parent);
    known.id = id;
    known.settled = known.ctimeMs < readAt - settledMs && known.size === content.length;
  }
};

/** Stores the trees of a folder and everything below; gives its id. */
export const writeTrees = async (top: Known, writer: ObjectWriter, visit: Visit): Promise<string> => {
  const write = async (folder: Known): Promise<string> => {
    if (folder.id !== '') return folder.id;
    const entries: TreeEntry[] = [];
    for (const [name, child] of folder.children ?? []) {
      if (child.children && child.id === '') await write(child);
      entries.push({ name, mode: child.mode, id: child.id });
    }
    const pause = visit.rest();
    if (pause) await pause;
    folder.id = writer.put('tree', treeContent(entries));
    return folder.id;
  };
  return write(top);
};

/** Stores trees that hold only what is wanted of a folder. */
export const writeChosen = async (
  folder: Known,
  wanted: Wanted,
  writer: ObjectWriter,
  visit: Visit,
): Promise<string> => {
  if (wanted.whole) return writeTrees(folder, writer, visit);
  const entries: TreeEntry[] = [];
  for (const [name, child] of wanted.children) {
    const known = folder.children?.get(name);
    if (!known) continue;
    const id = known.children ? await writeChosen(known, child, writer, visit) : known.id;
    entries.push({ name, mode: known.mode, id });
  }
  return writer.put('tree', treeContent(entries));
};
