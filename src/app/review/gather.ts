import { matchesPath } from '../../base/glob.ts';
import type { Diff, FileDiff } from '../../core/diff.ts';
import type { ParsedFile } from '../../core/parsed-file.ts';
import { importResolver } from '../../engine/code-map/resolve-imports.ts';
import { pathsBeside } from '../../engine/review/rules/beside.ts';
import { reviewInput, type Parse } from '../../engine/review/review-input.ts';
import type { ReviewInput } from '../../engine/review/rule.ts';
import { languageOf } from '../../engine/review/rules/code-language.ts';
import { placeOf } from '../../engine/review/rules/file-place.ts';
import type { DiffWanted, Repository } from '../../host/git/repository.ts';
import type { Env } from '../../host/paths.ts';
import { readWorkFile } from '../../host/review/project-file.ts';
import { listPaths, pathsNaming, type ListedFile } from '../../host/review/repository-paths.ts';

/** How a change is gathered. */
export interface GatherOptions {
  env: Env;
  /** Not reviewed (gitignore's patterns). */
  exclude?: readonly string[];
  /** Without syntax trees, and without any file that did not change. */
  quick?: boolean;
}

/** A change with its texts, and what the human should know of what is not in it. */
export type Gathered = ReviewInput & { notices: string[] };

const maxTextBytes = 2_000_000;
/** Files that did not change: tests that name what changed, and what changed files import. */
const mostImports = 150;
const mostTests = 400;
/** Names whose tests are looked for. */
const mostNames = 200;

/** Lockfiles are compared with what they are made from. */
const hasText = ({ content, omitted, made, hunks }: FileDiff): boolean =>
  content === 'text' && omitted === undefined && (made === undefined || made === 'lockfile') && hunks.length > 0;

/** Parses each text once, in this thread; the parser loads at its first one. */
export const parseOnce = (): Parse => {
  const known = new Map<string, Promise<ParsedFile>>();
  return (path, text) => {
    const key = `${path}\0${text}`;
    const parsed =
      known.get(key) ?? import('../../host/code-index/parse-file.ts').then(({ parseFile }) => parseFile(path, text));
    known.set(key, parsed);
    return parsed;
  };
};

/** The manifests that say what the folders of a path are. */
const manifestsOf = (path: string): string[] => {
  const names: string[] = [];
  for (let folder = path; folder !== '';) {
    folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/')));
    names.push(folder === '' ? 'package.json' : `${folder}/package.json`);
  }
  return names;
};

/** Names that are defined on new lines. */
const changedNames = (file: FileDiff, { definitions }: ParsedFile): string[] => {
  const lines = new Set(
    file.hunks.flatMap(({ lines: all }) => all.flatMap((line) => (line.kind === 'added' ? [line.newLine] : []))),
  );
  return definitions.flatMap(({ name, line }) => (lines.has(line) && /^[\w$]{3,}$/.test(name) ? [name] : []));
};

const textsBeside = async (
  repository: Repository,
  commit: string | undefined,
  {
    diff,
    env,
    listed,
    changed,
    parse,
  }: {
    diff: Diff;
    env: Env;
    listed: readonly ListedFile[];
    changed: readonly { file: FileDiff; text: string }[];
    parse: Parse;
  },
  signal: AbortSignal | undefined,
): Promise<{ texts: Map<string, string>; isWhole: boolean }> => {
  const paths = listed.map(({ path }) => path);
  const resolve = importResolver(paths);
  const wanted = new Set(pathsBeside(diff, new Set(paths)));
  const names = new Set<string>();
  for (const { file, text } of changed) {
    for (const manifest of manifestsOf(file.path)) wanted.add(manifest);
    if (!languageOf(file.path) || file.made !== undefined) continue;
    const parsed = await parse(file.path, text);
    for (const name of changedNames(file, parsed)) if (names.size < mostNames) names.add(name);
    for (const target of parsed.imports)
      for (const at of resolve(file.path, target)) if (wanted.size < mostImports) wanted.add(paths[at] ?? '');
  }
  const tests = (await pathsNaming(repository.root, env, commit, [...names], signal)).filter(
    (path) => placeOf(path) === 'test',
  );
  for (const path of tests.slice(0, mostTests)) wanted.add(path);
  const ids = new Map(listed.flatMap(({ path, id }): [string, string][] => (wanted.has(path) ? [[path, id]] : [])));
  const contents = await repository.contents([...new Set(ids.values())], maxTextBytes, signal);
  const texts = new Map(
    [...ids].flatMap(([path, id]): [string, string][] => {
      const text = contents.get(id);
      return text === undefined ? [] : [[path, text]];
    }),
  );
  return { texts, isWhole: names.size < mostNames && tests.length <= mostTests };
};

/** Reads what a diff is about: texts before and after, and for a thorough review what stands around them. */
export const gatherFor = async (
  repository: Repository,
  wanted: DiffWanted,
  whole: Diff,
  { env, exclude = [], quick = false }: GatherOptions,
  signal?: AbortSignal,
): Promise<Gathered> => {
  const notices: string[] = [];
  const files = whole.files.filter(({ path }) => !exclude.some((pattern) => matchesPath(pattern, path)));
  const excluded = whole.files.length - files.length;
  if (excluded > 0)
    notices.push(`${excluded} changed ${excluded === 1 ? 'file is' : 'files are'} left out by review.exclude.`);
  const tooLarge = files.filter(({ omitted }) => omitted !== undefined).length;
  if (tooLarge > 0) notices.push(`${tooLarge} ${tooLarge === 1 ? 'file is' : 'files are'} too large to be read.`);
  const read = files.filter(hasText);
  const ids = new Set(read.flatMap(({ oldId, newId }) => [oldId, newId].filter((id) => id !== undefined)));
  const contents = await repository.contents([...ids], maxTextBytes, signal);
  const before = new Map<string, string>();
  const after = new Map<string, string>();
  for (const { path, oldPath = path, oldId, newId, status } of read) {
    const old = oldId === undefined ? undefined : contents.get(oldId);
    if (old !== undefined) before.set(oldPath, old);
    const isInWorkTree = newId === undefined && status !== 'deleted' && 'worktree' in wanted;
    const now = isInWorkTree ? readWorkFile(repository.root, path, maxTextBytes) : newId && contents.get(newId);
    if (now !== undefined) after.set(path, now);
  }
  const diff = { ...whole, files };
  if (quick) return { ...(await reviewInput(diff, { before, after })), notices };
  const commit = 'to' in wanted ? await repository.resolve(wanted.to, signal) : undefined;
  const parse = parseOnce();
  const listed = await listPaths(repository.root, env, commit, signal);
  const changed = read.flatMap((file) => {
    const text = after.get(file.path);
    return text === undefined ? [] : [{ file, text }];
  });
  const others = await textsBeside(repository, commit, { diff, env, listed, changed, parse }, signal);
  const paths = new Set(listed.map(({ path }) => path));
  for (const { path, status } of whole.files)
    if (status === 'deleted') paths.delete(path);
    else paths.add(path);
  const input = await reviewInput(diff, { before, after, paths, others: others.texts }, parse);
  return { ...input, knowsTests: others.isWhole, notices };
};

/** The change that is wanted, with all that a review looks at. @throws CopilotError as the repository does */
export const gather = async (
  repository: Repository,
  wanted: DiffWanted,
  options: GatherOptions,
  signal?: AbortSignal,
): Promise<Gathered> => gatherFor(repository, wanted, await repository.diff(wanted, {}, signal), options, signal);
