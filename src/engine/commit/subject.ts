import type { FileDiff } from '../../core/diff.ts';
import { kindOfPath, type PathKind } from './path-kind.ts';
import type { ChangedSymbol, ChangedSymbols } from './symbols.ts';
import type { CommitType } from './types.ts';
import type { VersionBump } from './version-bumps.ts';
import { baseName, counted, listed, shownName } from './words.ts';

const kindWords: Readonly<Partial<Record<PathKind, [one: string, many: string]>>> = {
  docs: ['document', 'documents'],
  test: ['test file', 'test files'],
  example: ['example', 'examples'],
  asset: ['asset', 'assets'],
  ci: ['CI file', 'CI files'],
};

/** What to call some files: by name when there are few, else how many of what. */
const namesOf = (files: readonly FileDiff[]): string => {
  if (files.length <= 2) return listed(files.map(({ path }) => baseName(path)));
  const kinds = new Set(files.map(({ path }) => kindOfPath(path)));
  const [kind = 'source'] = kinds;
  const [one, many] = (kinds.size === 1 ? kindWords[kind] : undefined) ?? ['file', 'files'];
  return counted(files.length, one, many);
};

const folderOf = (path: string): string => (path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '');

const bumpSubject = (bumps: readonly VersionBump[]): string => {
  const [first] = bumps;
  if (!first) return 'update the lockfile';
  const [name, from, to] = [first.name, first.from, first.to].map((word) => word && shownName(word, 40));
  const moved = bumps.filter((bump) => bump.from !== undefined && bump.to !== undefined);
  const names = listed(bumps.map((bump) => shownName(bump.name, 40)));
  if (bumps.every((bump) => bump.from === undefined))
    return bumps.length === 1 ? `add ${names} ${to ?? ''}` : `add ${names}`;
  if (bumps.every((bump) => bump.to === undefined)) return `remove ${names}`;
  if (bumps.length === 1 && moved.length === 1) return `bump ${name ?? ''} from ${from ?? ''} to ${to ?? ''}`;
  return bumps.length <= 2 ? `bump ${names}` : `bump ${counted(bumps.length, 'dependency', 'dependencies')}`;
};

const isTest = (path: string): boolean => /^(?:test|bench)$/.test(kindOfPath(path));

/** The best known of some definitions: exported ones first, then those at the top of their file. */
const foremost = (symbols: readonly ChangedSymbol[], tests: boolean): string[] => {
  const fitting = symbols.filter(({ path, name }) => isTest(path) === tests && /^[\w$#]{2,40}$/.test(name));
  const ranked = [
    fitting.filter((one) => one.exported),
    fitting.filter((one) => one.top && !one.exported),
    fitting.filter((one) => !one.top && !one.exported),
  ];
  const [best = []] = ranked.filter((group) => group.length > 0);
  return [...new Set(best.map(({ name }) => name))];
};

const workVerbs: Readonly<Record<CommitType, string>> = {
  feat: 'extend',
  fix: 'correct',
  docs: 'describe',
  style: 'format',
  refactor: 'rework',
  perf: 'speed up',
  test: 'test',
  build: 'update',
  ci: 'update',
  chore: 'update',
  revert: 'revert',
};

const addedHeading = (files: readonly FileDiff[]): string | undefined => {
  for (const { hunks } of files)
    for (const { lines } of hunks)
      for (const { kind, text } of lines) {
        const [, heading] = (kind === 'added' ? /^#{1,4}\s+([^#`<>[\]()]{3,50})\s*$/.exec(text) : undefined) ?? [];
        if (heading !== undefined) return shownName(heading, 50);
      }
  return undefined;
};

const renameSubject = (files: readonly FileDiff[]): string => {
  const [first] = files;
  if (!first?.oldPath) return 'move files';
  const targets = new Set(files.map(({ path }) => folderOf(path)));
  const stays = files.every(({ path, oldPath = '' }) => folderOf(path) === folderOf(oldPath));
  if (files.length === 1 && stays) return `rename ${baseName(first.oldPath)} to ${baseName(first.path)}`;
  if (stays) return `rename ${counted(files.length, 'file')}`;
  const [target = ''] = targets;
  const where = targets.size > 1 ? 'other folders' : target === '' ? 'the top folder' : shownName(target, 50);
  return `move ${files.length === 1 ? baseName(first.path) : counted(files.length, 'file')} to ${where}`;
};

const modeSubject = (files: readonly FileDiff[]): string => {
  const made = files.filter(({ newMode }) => newMode === '100755').length;
  const name = namesOf(files);
  if (made === files.length) return `make ${name} executable`;
  return made === 0 ? `make ${name} not executable` : `change the modes of ${name}`;
};

/** What the whole change does to files as such, when that is all; else undefined. */
const fileSubject = (files: readonly FileDiff[], type: CommitType): string | undefined => {
  const all = (fits: (file: FileDiff) => boolean): boolean => files.length > 0 && files.every(fits);
  if (all(({ content }) => content === 'submodule'))
    return `update ${files.length === 1 ? 'submodule' : 'submodules'} ${namesOf(files)}`;
  if (all(({ status }) => status === 'deleted')) return `remove ${namesOf(files)}`;
  if (all(({ status, added, deleted }) => status === 'renamed' && added + deleted === 0)) return renameSubject(files);
  if (
    all(
      (file) =>
        file.status === 'modified' &&
        file.oldMode !== file.newMode &&
        file.added + file.deleted === 0 &&
        file.content === 'text',
    )
  )
    return modeSubject(files);
  if (all(({ status }) => status === 'added')) {
    const [only] = files;
    if (type === 'test' && files.length === 1 && only) return `add ${baseName(only.path)}`;
    return undefined;
  }
  return undefined;
};

/** An imperative subject from what is seen; without type and scope, in lower case, in English. */
export const subjectOf = (
  files: readonly FileDiff[],
  symbols: ChangedSymbols,
  { type, bumps }: { type: CommitType; bumps: readonly VersionBump[] | undefined },
): string => {
  if (bumps) return bumpSubject(bumps);
  const asFiles = fileSubject(files, type);
  if (asFiles !== undefined) return asFiles;
  const telling = files.filter(({ made, path }) => made === undefined && kindOfPath(path) !== 'lockfile');
  const main = telling.length > 0 ? telling : files;
  if (type === 'docs') {
    const heading = addedHeading(main);
    if (main.every(({ status }) => status === 'added')) return `add ${namesOf(main)}`;
    if (heading !== undefined && main.length === 1) return `describe "${heading}" in ${namesOf(main)}`;
    if (main.every(({ path }) => kindOfPath(path) === 'docs' || kindOfPath(path) === 'example'))
      return `update ${namesOf(main)}`;
  }
  const tests = type === 'test';
  const [added, removed, changed] = [symbols.added, symbols.removed, symbols.changed].map((list) =>
    foremost(list, tests),
  );
  const code = main.filter(({ path }) => isTest(path) === tests);
  const [renamed] = symbols.renamed;
  if (
    renamed &&
    symbols.renamed.length === 1 &&
    added?.length === 0 &&
    removed?.length === 0 &&
    isTest(renamed.from.path) === tests
  )
    return `rename ${renamed.from.name} to ${renamed.to.name}`;
  if (type === 'fix' && changed && changed.length > 0) return `correct ${listed(changed)}`;
  if (type === 'perf' && changed && changed.length > 0) return `speed up ${listed(changed)}`;
  if (added && added.length > 0 && type !== 'style' && type !== 'docs') {
    const where = changed?.[0];
    if (type === 'refactor' && where !== undefined) return `extract ${listed(added)} from ${where}`;
    return `add ${listed(added)}`;
  }
  if (removed && removed.length > 0 && (changed?.length ?? 0) <= 1) return `remove ${listed(removed)}`;
  const isNew = main.every(({ status }) => status === 'added');
  if (isNew) return `add ${namesOf(main)}`;
  if (changed && changed.length > 0 && type !== 'ci') return `${workVerbs[type]} ${listed(changed)}`;
  const files2 = code.length > 0 ? code : main;
  const verb = type === 'docs' || type === 'feat' || tests ? 'update' : workVerbs[type];
  return `${verb} ${namesOf(files2)}`;
};
