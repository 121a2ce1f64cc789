import type { FileDiff } from '../../core/diff.ts';
import { kindOfPath, type PathKind } from '../commit/path-kind.ts';
import type { ChangedSymbols } from '../commit/symbols.ts';
import { areaKinds, type Area, type AreaFile, type AreaKind, type NamedChange } from './explained.ts';

const kinds: Readonly<Record<PathKind, AreaKind>> = {
  ...{
    source: 'code',
    types: 'code',
    'style-sheet': 'code',
    bench: 'tests',
    test: 'tests',
    example: 'docs',
    docs: 'docs',
  },
  ...{ ci: 'ci', manifest: 'dependencies', lockfile: 'dependencies', build: 'build', tooling: 'config' },
  ...{ data: 'data', asset: 'data', made: 'generated' },
};

/** What a changed file is for. */
export const areaKindOf = (file: FileDiff): AreaKind => {
  if (file.made === 'lockfile') return 'dependencies';
  return file.made === undefined ? kinds[kindOfPath(file.path)] : 'generated';
};

const titles: Readonly<Record<Exclude<AreaKind, 'code'>, string>> = {
  ...{ dependencies: 'dependencies', ci: 'CI', build: 'build', config: 'tooling', tests: 'tests', docs: 'docs' },
  ...{ data: 'data and assets', generated: 'generated and vendored' },
};

/** More areas of code nobody reads; a folder is only taken apart while it holds much of the change. */
const mostCodeAreas = 8;
const deepest = 4;

const folderOf = (path: string, depth: number): string => path.split('/').slice(0, -1).slice(0, depth).join('/');

/** Code by folder: the top ones, those that hold most of it taken apart further. */
const codeFolders = (files: readonly FileDiff[]): Map<string, FileDiff[]> => {
  const groupsAt = (some: readonly FileDiff[], depth: number): Map<string, FileDiff[]> => {
    const groups = new Map<string, FileDiff[]>();
    for (const file of some) {
      const name = folderOf(file.path, depth);
      const found = groups.get(name);
      if (found) found.push(file);
      else groups.set(name, [file]);
    }
    return groups;
  };
  let groups = groupsAt(files, 1);
  for (let depth = 2; depth <= deepest; depth += 1) {
    const next = new Map<string, FileDiff[]>();
    for (const [name, some] of groups) {
      const inner = some.length > 3 && some.length * 3 > files.length ? groupsAt(some, depth) : new Map([[name, some]]);
      for (const [folder, found] of inner) next.set(folder, found);
    }
    if (next.size > mostCodeAreas && next.size > groups.size) break;
    groups = next;
  }
  return groups;
};

const noteOf = (file: FileDiff): string | undefined => {
  if (file.made !== undefined) return file.made;
  if (file.content !== 'text') return file.content === 'lfs' ? 'large file (LFS)' : file.content;
  if (file.omitted !== undefined) return file.omitted;
  if (file.status === 'unmerged') return 'unmerged';
  if (file.oldMode !== undefined && file.newMode !== undefined && file.oldMode !== file.newMode)
    return `mode ${file.oldMode} to ${file.newMode}`;
  return undefined;
};

const areaFile = (file: FileDiff): AreaFile => {
  const note = noteOf(file);
  return {
    ...{ path: file.path, status: file.status, added: file.added, deleted: file.deleted },
    ...(file.oldPath !== undefined && { oldPath: file.oldPath }),
    ...(note !== undefined && { note }),
  };
};

/** Definitions as one list: what others can use first, by what happened to it. */
export const namedChanges = ({ added, removed, changed, renamed }: ChangedSymbols): NamedChange[] => [
  ...removed.map(({ name, path, exported }) => ({ change: 'removed' as const, name, path, exported })),
  ...renamed.map(({ from, to }) => ({
    change: 'renamed' as const,
    name: to.name,
    from: from.name,
    path: to.path,
    exported: from.exported,
  })),
  ...added.map(({ name, path, exported }) => ({ change: 'added' as const, name, path, exported })),
  ...changed.map(({ name, path, exported }) => ({ change: 'changed' as const, name, path, exported })),
];

/** The parts of the project a change touches, code first, the largest first. */
export const areasOf = (files: readonly FileDiff[], symbols: readonly NamedChange[]): Area[] => {
  const bySort = new Map<AreaKind, FileDiff[]>(areaKinds.map((kind) => [kind, []]));
  for (const file of files) bySort.get(areaKindOf(file))?.push(file);
  const symbolsOf = new Map<string, NamedChange[]>();
  for (const one of symbols) {
    const found = symbolsOf.get(one.path);
    if (found) found.push(one);
    else symbolsOf.set(one.path, [one]);
  }
  const area = (name: string, kind: AreaKind, some: readonly FileDiff[]): Area => ({
    ...{ name, kind },
    files: some.map(areaFile),
    added: some.reduce((sum, { added }) => sum + added, 0),
    deleted: some.reduce((sum, { deleted }) => sum + deleted, 0),
    symbols: kind === 'code' ? some.flatMap(({ path }) => symbolsOf.get(path) ?? []) : [],
  });
  return areaKinds.flatMap((kind) => {
    const some = bySort.get(kind) ?? [];
    if (some.length === 0) return [];
    if (kind !== 'code') return [area(titles[kind], kind, some)];
    return [...codeFolders(some)]
      .map(([name, found]) => area(name === '' ? 'top folder' : name, kind, found))
      .sort((a, b) => b.added + b.deleted - a.added - a.deleted || (a.name < b.name ? -1 : 1));
  });
};
