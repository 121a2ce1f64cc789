import { below } from './undo-store-paths.ts';

/** An entry of a tree object. The mode keeps every bit the disk has; names and ids are one character per byte. */
export interface TreeEntry {
  name: string;
  mode: number;
  /** 20 bytes. */
  id: string;
}

/** Why something is not recorded. What is left out stands in trees as git's submodules do: an id without an object. */
export const leftOutReasons = {
  excluded: 0o160001,
  large: 0o160002,
  special: 0o160003,
  unreadable: 0o160004,
  repository: 0o160005,
  outside: 0o160006,
} as const;

/** What an entry is. */
export type EntryKind = 'folder' | 'file' | 'link' | 'left out';

/** What an entry with this mode is. */
export const kindOf = (mode: number): EntryKind => {
  const type = mode & 0o170000;
  if (type === 0o040000) return 'folder';
  if (type === 0o100000) return 'file';
  return type === 0o120000 ? 'link' : 'left out';
};

/** The id git would print for 20 bytes. */
export const toHex = (id: string): string => Buffer.from(id, 'latin1').toString('hex');

/** The 20 bytes of a printed id. */
export const fromHex = (hex: string): string => Buffer.from(hex, 'hex').toString('latin1');

const orderOf = (entry: TreeEntry): string => (kindOf(entry.mode) === 'folder' ? `${entry.name}/` : entry.name);

/** The content of a tree object, entries in git's order. */
export const treeContent = (entries: readonly TreeEntry[]): Buffer => {
  const ordered = entries.map((entry) => ({ key: orderOf(entry), entry }));
  ordered.sort((a, b) => (a.key < b.key ? -1 : 1));
  let text = '';
  for (const { entry } of ordered) text += `${entry.mode.toString(8)} ${entry.name}\0${entry.id}`;
  return Buffer.from(text, 'latin1');
};

/** The entries of a tree object. */
export const treeEntries = (content: Buffer): TreeEntry[] => {
  const text = content.toString('latin1');
  const entries: TreeEntry[] = [];
  for (let at = 0; at < text.length;) {
    const space = text.indexOf(' ', at);
    const end = text.indexOf('\0', space);
    if (space < 0 || end < 0) throw new Error('a tree object is damaged');
    entries.push({
      mode: Number.parseInt(text.slice(at, space), 8),
      name: text.slice(space + 1, end),
      id: text.slice(end + 1, end + 21),
    });
    at = end + 21;
  }
  return entries;
};

/** Gives the entries of the tree with this id. */
export type ReadTree = (id: string) => readonly TreeEntry[];

/** A path that is not the same in two states. Undefined: there is nothing. */
export interface PathChange {
  /** Relative to the root (empty: the root itself), absolute when outside of it; one character per byte. */
  path: string;
  from: TreeEntry | undefined;
  to: TreeEntry | undefined;
}

/** Same kind, mode and content; of folders only the mode counts. */
export const sameEntry = (a: TreeEntry | undefined, b: TreeEntry | undefined): boolean => {
  if (a === undefined || b === undefined) return a === b;
  return a.mode === b.mode && (a.id === b.id || kindOf(a.mode) === 'folder');
};

const childrenOf = (entry: TreeEntry | undefined, read: ReadTree): readonly TreeEntry[] =>
  entry !== undefined && kindOf(entry.mode) === 'folder' ? read(entry.id) : [];

function* differing(
  path: string,
  from: TreeEntry | undefined,
  to: TreeEntry | undefined,
  read: ReadTree,
): Generator<PathChange> {
  if (!sameEntry(from, to)) yield { path, from, to };
  if (from !== undefined && from.id === to?.id && kindOf(from.mode) === kindOf(to.mode)) return;
  const after = new Map(childrenOf(to, read).map((entry) => [entry.name, entry]));
  for (const old of childrenOf(from, read)) {
    const now = after.get(old.name);
    after.delete(old.name);
    yield* differing(path === '' ? old.name : below(path, old.name), old, now, read);
  }
  for (const now of after.values())
    yield* differing(path === '' ? now.name : below(path, now.name), undefined, now, read);
}

const top = (id: string, read: ReadTree, name: string): TreeEntry | undefined =>
  read(id).find((entry) => entry.name === name);

/** What differs between two snapshots; folders come before what they hold. */
export function* changedPaths(from: string, to: string, read: ReadTree): Generator<PathChange> {
  if (from === to) return;
  yield* differing('', top(from, read, 'root'), top(to, read, 'root'), read);
  const [before, after] = [top(from, read, 'outside'), top(to, read, 'outside')];
  for (const change of differing('/', before, after, read))
    if (change.path !== '/') yield { ...change, path: change.path.replace(/^\/+/, '/') };
}

/** What a snapshot holds at a path. */
export const entryAt = (snapshot: string, path: string, read: ReadTree): TreeEntry | undefined => {
  const outside = path.startsWith('/');
  let found = top(snapshot, read, outside ? 'outside' : 'root');
  for (const name of path.split('/')) {
    if (name === '') continue;
    found = childrenOf(found, read).find((entry) => entry.name === name);
    if (found === undefined) return undefined;
  }
  return found;
};

/** Everything a snapshot names but does not hold. */
export function* leftOutPaths(snapshot: string, read: ReadTree): Generator<{ path: string; mode: number }> {
  function* within(path: string, entries: readonly TreeEntry[]): Generator<{ path: string; mode: number }> {
    for (const entry of entries) {
      const at = path === '' ? entry.name : `${path === '/' ? '' : path}/${entry.name}`;
      if (kindOf(entry.mode) === 'left out') yield { path: at, mode: entry.mode };
      else yield* within(at, childrenOf(entry, read));
    }
  }
  yield* within('', childrenOf(top(snapshot, read, 'root'), read));
  yield* within('/', childrenOf(top(snapshot, read, 'outside'), read));
}
