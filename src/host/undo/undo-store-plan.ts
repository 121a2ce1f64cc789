import { readdirSync } from 'node:fs';
import { below, foldersAbove, onDisk, shownPath, toBytes } from './undo-store-paths.ts';
import {
  changedPaths,
  entryAt,
  kindOf,
  leftOutReasons,
  sameEntry,
  type PathChange,
  type ReadTree,
  type TreeEntry,
} from './undo-store-trees.ts';

/** The two states around a step. */
export interface UndoRange {
  before: string;
  /** Left out when the step never ended: then the state as it is now counts. */
  after?: string | undefined;
  /** Absolute or relative to the root; left out when all of the workspace was recorded. */
  paths?: readonly string[] | undefined;
}

/** A difference, as the human sees it. */
export interface UndoChange {
  path: string;
  kind: 'added' | 'modified' | 'deleted' | 'mode';
  what: 'folder' | 'file' | 'link';
}

/** A path, and a sentence about it. */
export interface Remark {
  path: string;
  why: string;
}

/** What a restore would do. */
export interface RestorePlan {
  /** What happens to the workspace. */
  changes: UndoChange[];
  /** Changed since by somebody else: nothing may be restored. */
  conflicts: Remark[];
  /** Not recorded, so it stays as it is. */
  notCovered: Remark[];
  /** Folders that stay because something new is in them. */
  kept: Remark[];
  /** From what is there to what shall be; paths one character per byte. */
  readonly actions: readonly PathChange[];
}

const reasonTexts: ReadonlyMap<number, string> = new Map([
  [leftOutReasons.excluded, 'excluded from undo'],
  [leftOutReasons.large, 'larger than what undo records'],
  [leftOutReasons.special, 'a pipe, socket or device'],
  [leftOutReasons.unreadable, 'it may not be read'],
  [leftOutReasons.repository, 'the repository of the workspace itself'],
  [leftOutReasons.outside, 'a folder outside of the workspace'],
]);

/** Why something with this mode is not recorded. */
export const leftOutText = (mode: number): string => reasonTexts.get(mode) ?? 'not recorded';

const isLeftOut = (entry: TreeEntry | undefined): boolean => entry !== undefined && kindOf(entry.mode) === 'left out';

/** A difference as it is shown; undefined when one side is not recorded. */
export const shownChange = ({ path, from, to }: PathChange): UndoChange | undefined => {
  const entry = to ?? from;
  if (!entry || isLeftOut(from) || isLeftOut(to)) return undefined;
  const what = kindOf(entry.mode);
  if (what === 'left out') return undefined;
  const sameContent = from !== undefined && to !== undefined && kindOf(from.mode) === what && from.id === to.id;
  const onlyMode = sameContent || (what === 'folder' && from !== undefined && kindOf(from.mode) === what);
  const kind = from === undefined ? 'added' : to === undefined ? 'deleted' : onlyMode ? 'mode' : 'modified';
  return { path: shownPath(path), kind, what };
};

const isAtOrBelow = (folder: string, path: string): boolean =>
  folder === '' ? !path.startsWith('/') : path === folder || path.startsWith(`${folder}/`);

/** Whether a snapshot of these paths says something of a path: of what lies below them, and of the folders above. */
const covers = (targets: readonly string[], path: string): boolean =>
  targets.some((target) => isAtOrBelow(target, path) || isAtOrBelow(path, target));

/** A path as trees name it: relative to the root, absolute outside of it. */
export const treePath = (root: string, path: string): string => {
  if (!path.startsWith('/')) return path === '.' ? '' : path;
  if (path === root) return '';
  return path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path;
};

const describe = (found: TreeEntry | undefined, expected: TreeEntry | undefined): string => {
  if (found === undefined) return 'was deleted since';
  if (isLeftOut(found)) return `is now ${leftOutText(found.mode)}`;
  if (expected === undefined) return `is there again, as a ${kindOf(found.mode)}`;
  if (kindOf(found.mode) !== kindOf(expected.mode)) return `is a ${kindOf(found.mode)} now`;
  return found.id === expected.id || kindOf(found.mode) === 'folder'
    ? `has another mode now (${(found.mode & 0o7777).toString(8)})`
    : 'was changed since';
};

/**
 * Works out how to take ranges back, newest first: each path must be as the range left it, or already as it was before.
 * Nothing is written.
 * @param root real path of the workspace, one character per byte.
 * @param current a snapshot of now that covers all the ranges do.
 */
export const planRestore = (
  root: string,
  ranges: readonly UndoRange[],
  current: string,
  force: boolean,
  read: ReadTree,
): RestorePlan => {
  /** How paths will be; those not in here are as they are now. */
  const future = new Map<string, TreeEntry | undefined>();
  const conflicts = new Map<string, Remark>();
  const notCovered = new Map<string, Remark>();
  const kept: Remark[] = [];
  const actual = (path: string): TreeEntry | undefined => entryAt(current, path, read);
  const expected = (path: string): TreeEntry | undefined => (future.has(path) ? future.get(path) : actual(path));
  const conflict = (path: string, why: string): void => {
    conflicts.set(path, { path: shownPath(path), why });
  };

  for (const range of ranges) {
    const targets = range.paths?.map((path) => treePath(root, toBytes(path)));
    for (const { path, from, to } of changedPaths(range.before, range.after ?? current, read)) {
      if (range.after === undefined && targets && !covers(targets, path)) continue;
      const odd = isLeftOut(from) ? from : isLeftOut(to) ? to : undefined;
      const now = expected(path);
      if (odd && !(force && from && !isLeftOut(from))) {
        notCovered.set(path, { path: shownPath(path), why: leftOutText(odd.mode) });
        continue;
      }
      if (sameEntry(now, from)) continue;
      if (!sameEntry(now, to) && !force) conflict(path, describe(now, to));
      future.set(path, from);
      if (from === undefined) continue;
      // What shall be there needs folders above it, also where somebody took them away since.
      for (const above of foldersAbove(path)) {
        const entry = expected(above);
        if (entry && kindOf(entry.mode) === 'folder') continue;
        const was = entryAt(range.before, above, read);
        if (!was || kindOf(was.mode) !== 'folder') continue;
        if (!force) conflict(above, describe(entry, was));
        future.set(above, was);
      }
    }
  }

  const wanted = [...future].filter(([path, to]) => !sameEntry(actual(path), to));
  const stays = new Set<string>();
  const goes = new Set(wanted.filter(([, to]) => to === undefined).map(([path]) => path));
  const deepestFirst = wanted.map(([path, to]) => ({ path, to })).sort((a, b) => (a.path < b.path ? 1 : -1));
  for (const { path, to } of deepestFirst) {
    const now = actual(path);
    if (!now || kindOf(now.mode) !== 'folder' || (to && kindOf(to.mode) === 'folder')) continue;
    const names = [...read(now.id).map((entry) => entry.name), ...namesIn(full(root, path))];
    const rest = [...new Set(names)].filter((name) => !goes.has(below(path, name)) || stays.has(below(path, name)));
    const [first] = rest;
    if (first === undefined) continue;
    const why = `holds ${shownPath(first)}${rest.length > 1 ? ` and ${rest.length - 1} more` : ''}, which the undo does not know`;
    if (to) conflict(path, why);
    else kept.push({ path: shownPath(path), why });
    stays.add(path);
  }

  const actions = wanted.filter(([path]) => !stays.has(path)).map(([path, to]) => ({ path, from: actual(path), to }));
  actions.sort((a, b) => (a.path < b.path ? -1 : 1));
  return {
    changes: actions.flatMap((action) => shownChange(action) ?? []),
    conflicts: [...conflicts.values()],
    notCovered: [...notCovered.values()],
    kept,
    actions,
  };
};

const full = (root: string, path: string): string => (path.startsWith('/') ? path : below(root, path));

/** Also what is excluded. */
const namesIn = (folder: string): string[] => {
  try {
    return readdirSync(onDisk(folder), 'latin1');
  } catch {
    return [];
  }
};
