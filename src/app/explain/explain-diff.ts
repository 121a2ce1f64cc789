import { isCopilotError, messageOf } from '../../base/errors.ts';
import type { Diff, FileDiff } from '../../core/diff.ts';
import type { ParsedFile } from '../../core/parsed-file.ts';
import type { Plugin } from '../../core/plugin.ts';
import { changedSymbols, type ReadFile } from '../../engine/commit/symbols.ts';
import { apiChanges } from '../../engine/explain/api-changes.ts';
import { areasOf, namedChanges } from '../../engine/explain/areas.ts';
import { dependencyChanges } from '../../engine/explain/dependency-changes.ts';
import type { Explained } from '../../engine/explain/explained.ts';
import { readingOrder } from '../../engine/explain/reading-order.ts';
import { riskOf } from '../../engine/explain/risk.ts';
import { openRepository, type DiffWanted, type Repository } from '../../host/git/repository.ts';
import { nothing } from '../../host/git/revisions.ts';
import type { Env } from '../../host/paths.ts';
import { readWorkFile } from '../../host/review/project-file.ts';
import { chooseChange, type WantedChange } from '../review/choose-change.ts';
import { usedBy } from './used-by.ts';

/** What is to be explained, and who may say it in sentences. */
export interface WantedExplanation extends WantedChange {
  useModel: boolean;
  model?: string | undefined;
}

/** The facts of a change; undefined when nothing changed. */
export interface Explanation {
  explained: Explained | undefined;
  notices: string[];
}

const maxTextBytes = 1_000_000;
/** Files whose definitions are read; of more of them the largest changes. */
const mostParsed = 400;
const churnCommits = 500;
const mostCommits = 500;

interface Texts {
  before: Map<string, string>;
  after: Map<string, string>;
}

const textsOf = async (
  repository: Repository,
  wanted: DiffWanted,
  files: readonly FileDiff[],
  signal: AbortSignal,
): Promise<Texts> => {
  const ids = files.flatMap(({ oldId, newId }) => [oldId, newId].flatMap((id) => id ?? []));
  const contents = await repository.contents([...new Set(ids)], maxTextBytes, signal);
  const texts: Texts = { before: new Map(), after: new Map() };
  for (const { path, oldPath = path, oldId, newId, status } of files) {
    const before = oldId === undefined ? undefined : contents.get(oldId);
    if (before !== undefined) texts.before.set(oldPath, before);
    const isInWorkTree = newId === undefined && status !== 'deleted' && 'worktree' in wanted;
    const after = isInWorkTree ? readWorkFile(repository.root, path, maxTextBytes) : newId && contents.get(newId);
    if (after !== undefined) texts.after.set(path, after);
  }
  return texts;
};

const isRead = ({ content, omitted, made, hunks }: FileDiff): boolean =>
  content === 'text' && omitted === undefined && made === undefined && hunks.length > 0;

const parsedFiles = async (files: readonly FileDiff[], texts: Texts, signal: AbortSignal): Promise<ReadFile[]> => {
  const { parseFile } = await import('../../host/code-index/parse-file.ts');
  const parse = async (
    path: string,
    text: string | undefined,
  ): Promise<{ text: string; parsed: ParsedFile } | undefined> => {
    signal.throwIfAborted();
    return text === undefined ? undefined : { text, parsed: await parseFile(path, text) };
  };
  const read: ReadFile[] = [];
  for (const diff of files) {
    const { path, oldPath = path } = diff;
    const [before, after] = [await parse(oldPath, texts.before.get(oldPath)), await parse(path, texts.after.get(path))];
    read.push({ diff, ...(before && { before }), ...(after && { after }) });
  }
  return read;
};

/** Commits of a range, where there is one. */
const commitsOf = async (
  repository: Repository,
  wanted: DiffWanted,
  signal: AbortSignal,
): Promise<Explained['commits']> => {
  if (!('from' in wanted)) return [];
  const log = await repository.log(
    {
      range: wanted.from === nothing ? wanted.to : `${wanted.from}..${wanted.to}`,
      ...{ limit: mostCommits, noMerges: true },
    },
    signal,
  );
  return log.map(({ hash, subject }) => ({ hash, subject }));
};

const churnOf = async (
  repository: Repository,
  wanted: DiffWanted,
  signal: AbortSignal,
): Promise<Map<string, number>> => {
  // What the change itself did does not count.
  const range = 'from' in wanted ? wanted.from : undefined;
  if (range === nothing) return new Map();
  const log = await repository.log(
    { ...(range !== undefined && { range }), limit: churnCommits, noMerges: true, files: true },
    signal,
  );
  const counts = new Map<string, number>();
  for (const { files = [] } of log) for (const { path } of files) counts.set(path, (counts.get(path) ?? 0) + 1);
  return counts;
};

const explain = async (
  repository: Repository,
  { env, wanted, diff, title }: { env: Env; wanted: DiffWanted; diff: Diff; title: string | undefined },
  signal: AbortSignal,
): Promise<{ explained: Explained; notices: string[] }> => {
  const { files } = diff;
  const readable = files.filter(isRead).sort((a, b) => b.added + b.deleted - a.added - a.deleted);
  const some = readable.slice(0, mostParsed);
  const notices =
    readable.length > some.length ? [`Definitions were read of the ${some.length} largest changes only.`] : [];
  const texts = await textsOf(repository, wanted, some, signal);
  const read = await parsedFiles(some, texts, signal);
  const order = new Map(files.map(({ path }, at) => [path, at]));
  read.sort((a, b) => (order.get(a.diff.path) ?? 0) - (order.get(b.diff.path) ?? 0));
  const symbols = namedChanges(changedSymbols(read));
  const [commits, churn, used] = await Promise.all([
    commitsOf(repository, wanted, signal),
    churnOf(repository, wanted, signal),
    usedBy(
      env,
      repository.root,
      files.flatMap(({ path, oldPath }) => [path, ...(oldPath === undefined ? [] : [oldPath])]),
    ),
  ]);
  const api = apiChanges(read, symbols);
  const dependencies = dependencyChanges(files, texts);
  const parsedOf = new Map(read.map((file) => [file.diff.path, file.after?.parsed]));
  return {
    notices,
    explained: {
      title: title ?? diff.title,
      files: files.length,
      added: files.reduce((sum, { added }) => sum + added, 0),
      deleted: files.reduce((sum, { deleted }) => sum + deleted, 0),
      ...{ commits, api, dependencies },
      areas: areasOf(files, symbols),
      risk: riskOf(files, { api, dependencies, churn, usedBy: used }),
      readingOrder: readingOrder(files, (path) => parsedOf.get(path)),
    },
  };
};

/** Explains a change. @throws CopilotError exit 2: no repository, a revision that is not there */
export const explainDiff = async (
  place: { env: Env; cwd: string; plugins: readonly Plugin[] },
  wanted: WantedExplanation,
  signal: AbortSignal,
): Promise<Explanation> => {
  const repository = await openRepository(place.cwd, place.env, signal);
  const chosen = await chooseChange(repository, wanted, signal);
  const { isShallow } = await repository.state(signal);
  const shallow = isShallow
    ? ['This is a shallow clone: older commits are not here, so that what changes often is not known.']
    : [];
  if (!chosen) return { explained: undefined, notices: shallow };
  const diff = chosen.diff ?? (await repository.diff(chosen.wanted, {}, signal));
  if (diff.files.length === 0) return { explained: undefined, notices: shallow };
  const { explained, notices } = await explain(
    repository,
    { env: place.env, wanted: chosen.wanted, diff, title: wanted.range },
    signal,
  );
  notices.unshift(...shallow);
  if (!wanted.useModel) return { explained, notices };
  const { tellAreas } = await import('./tell-areas.ts');
  try {
    const told = await tellAreas(explained, { ...place, root: repository.root, model: wanted.model }, signal);
    return { explained: told.explained, notices: [...notices, ...told.notices] };
  } catch (error) {
    signal.throwIfAborted();
    if (!isCopilotError(error)) throw error;
    return { explained, notices: [...notices, `The model could not help (${messageOf(error)}); these are the facts.`] };
  }
};

export { explainedText } from '../../engine/explain/explained-text.ts';
