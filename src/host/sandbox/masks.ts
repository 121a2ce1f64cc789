import { lstatSync, readdirSync, realpathSync, type Dirent, type Stats } from 'node:fs';
import { join } from 'node:path';
import type { PathRules } from './launcher.ts';

/** What has to be hidden so that what rules name cannot be read. */
export interface Masked {
  /** Real paths of files, by whatever name they can be reached. */
  files: string[];
  /** Real paths of folders, none inside another. */
  folders: string[];
  /** False when there was more to look at than the limit. */
  complete: boolean;
}

/** Looks anew with every call, but reads only folders that changed since the last one. */
export type MaskFinder = () => Masked;

/** One folder as it was read. */
interface Folder {
  /** Changes with every new, renamed or removed entry; undefined when it may have changed within the clock's step. */
  stamp: string | undefined;
  /** Folders inside to go on with. */
  inside: string[];
  /** Entries that match. */
  matched: { path: string; kind: 'file' | 'folder' | 'link' }[];
  /** Names of entries that do not match and are no folders, for the search of other names of a file. */
  others: string[];
}

/** The kernel's; the sandbox has its own. */
const kernelFolders = new Set(['/proc', '/sys', '/dev']);
const maxEntries = 2_000_000;
/** A folder that changed this short before it was read may change again without another time stamp. */
const clockStepMs = 20;

const look = (path: string): Stats | undefined => lstatSync(path, { throwIfNoEntry: false });
const idOf = (info: Stats): string => `${info.dev}:${info.ino}:${info.birthtimeMs}`;

const realOf = (path: string): string | undefined => {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
};

const entriesOf = (path: string): Dirent[] => {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch {
    return [];
  }
};

const readFolder = (path: string, info: Stats, rules: PathRules): Folder => {
  const now = Date.now();
  // The time of the last change of the folder itself cannot be set back, unlike that of its content.
  const stamp = now - info.ctimeMs > clockStepMs ? `${info.ino}:${info.ctimeMs}` : undefined;
  const folder: Folder = { stamp, inside: [], matched: [], others: [] };
  // Objects are looked for by content, not by name.
  const isGit = path.endsWith('/.git');
  for (const entry of entriesOf(path)) {
    const at = path === '/' ? `/${entry.name}` : `${path}/${entry.name}`;
    const isFolder = entry.isDirectory();
    if (rules.matches(at)) {
      folder.matched.push({ path: at, kind: isFolder ? 'folder' : entry.isSymbolicLink() ? 'link' : 'file' });
    } else if (!isFolder) folder.others.push(entry.name);
    else if (!(isGit && entry.name === 'objects') && !kernelFolders.has(at)) folder.inside.push(at);
  }
  return folder;
};

/** A finder of what rules name below their bases; see {@link Masked}. Keeps what it read between calls. */
export const maskFinder = (rules: PathRules, limits: { maxEntries?: number } = {}): MaskFinder => {
  let folders = new Map<string, Folder>();
  /** By path: which file or folder a rule named there the last time. */
  let known = new Map<string, string>();
  /** Files that were moved away from where a rule names them, by a folder above them: still hidden. */
  const moved = new Set<string>();
  let last: { masked: Masked; shape: string } | undefined;

  /** Every folder below the bases; those that did not change are taken from the last walk. */
  const walk = (): { all: Map<string, Folder>; changed: boolean; complete: boolean } => {
    const all = new Map<string, Folder>();
    const queue = [...rules.bases];
    let changed = false;
    let left = limits.maxEntries ?? maxEntries;
    for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
      const info = look(path);
      if (!info?.isDirectory()) continue;
      let folder = folders.get(path);
      if (folder?.stamp === undefined || folder.stamp !== `${info.ino}:${info.ctimeMs}`) {
        folder = readFolder(path, info, rules);
        changed = true;
      }
      all.set(path, folder);
      left -= 1 + folder.matched.length + folder.others.length;
      if (left < 0) return { all, changed, complete: false };
      for (const inside of folder.inside) queue.push(inside);
    }
    return { all, changed: changed || all.size !== folders.size, complete: true };
  };

  /** Other names of files and folders, by id. */
  const namesOf = (ids: ReadonlySet<string>, all: ReadonlyMap<string, Folder>): { path: string; info: Stats }[] => {
    const found: { path: string; info: Stats }[] = [];
    for (const [path, { others }] of all) {
      for (const at of [path, ...others.map((name) => join(path, name))]) {
        const info = look(at);
        if (info && ids.has(idOf(info))) found.push({ path: at, info });
      }
    }
    return found;
  };

  const collect = (all: ReadonlyMap<string, Folder>, complete: boolean): Masked => {
    const files = new Set<string>();
    const hidden = new Set<string>();
    const search = new Set<string>(moved);
    const now = new Map<string, string>();
    const take = (path: string, info: Stats | undefined): void => {
      if (!info) return;
      if (info.isDirectory()) hidden.add(path);
      else files.add(path);
      if (!info.isDirectory() && info.nlink > 1) search.add(idOf(info));
    };
    const bases = rules.bases.filter((base) => rules.matches(base));
    for (const path of [...bases, ...[...all.values()].flatMap(({ matched }) => matched.map((one) => one.path))]) {
      const info = look(path);
      if (!info) continue;
      now.set(path, idOf(info));
      if (!info.isSymbolicLink()) take(path, info);
      else {
        const target = realOf(path);
        if (target !== undefined) take(target, look(target));
      }
    }
    for (const [path, id] of known) {
      if (!now.has(path)) search.add(id);
    }
    if (search.size > 0) {
      const still = new Set(now.values());
      for (const { path, info } of namesOf(search, all)) {
        take(path, info);
        if (!still.has(idOf(info))) moved.add(idOf(info));
      }
    }
    known = now;
    const below = (path: string): boolean => {
      for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
        if (hidden.has(path.slice(0, end))) return true;
      }
      return false;
    };
    return {
      files: [...files].filter((path) => !below(path)),
      folders: [...hidden].filter((path) => !below(path)),
      complete,
    };
  };

  return () => {
    const { all, changed, complete } = walk();
    folders = all;
    // A file may get another name outside the bases' folders that were read anew, or be replaced under its name.
    const shape = [...all.values()]
      .flatMap(({ matched }) => matched)
      .map(({ path, kind }) => {
        const info = look(path);
        return info ? `${path}\0${idOf(info)}\0${info.nlink}\0${kind === 'link' ? (realOf(path) ?? '') : ''}` : path;
      })
      .join('\n');
    if (last && !changed && last.shape === shape) return last.masked;
    last = { masked: collect(all, complete), shape };
    return last.masked;
  };
};
