import { StringDecoder } from 'node:string_decoder';
import type { Diff, FileDiff } from '../../core/diff.ts';
import { madeBy } from '../../core/made.ts';
import { diffReader } from '../../core/parse-diff.ts';
import { quietFilters } from './quiet-filters.ts';
import type { Place } from './place.ts';
import { amendedBase, emptyTree, headHash, mergeBase, noMergeBase, nothing, resolveRevision } from './revisions.ts';
import { gitFailure, type GitCall } from './run-git.ts';
import { otherFiles } from './other-files.ts';

/** Which two states a diff is between. */
export type DiffWanted =
  /** The index against HEAD (with `amend` against its first parent); against nothing before the first commit. */
  | { staged: true; amend?: boolean }
  /** The work tree, untracked files too, against HEAD. */
  | { worktree: true }
  /** Two revisions; `symmetric` from their merge base on (`from...to`). From `nothing` (revisions.ts) on it is all of `to`. */
  | { from: string; to: string; symmetric?: boolean };

const settings = ['-c', 'diff.suppressBlankEmpty=false', '-c', 'core.quotePath=true', '-c', 'core.safecrlf=false'];

/** What git prints must not depend on anybody's configuration, and no program of it may run. */
const plain = [
  ...['--no-color', '--no-ext-diff', '--no-textconv', '--no-relative', '--src-prefix=a/', '--dst-prefix=b/'],
  ...['--diff-algorithm=myers', '--indent-heuristic', '--inter-hunk-context=0', '--submodule=short'],
  // Git would ask itself within each submodule, by that one's configuration.
  ...['--ignore-submodules=dirty', '-M', '-l1000', '--full-index'],
];

/** A plumbing command and what it compares. */
const comparison = async (place: Place, wanted: DiffWanted, signal?: AbortSignal): Promise<string[]> => {
  if ('staged' in wanted) {
    const base = wanted.amend === true ? await amendedBase(place, signal) : 'HEAD';
    return ['diff-index', '--cached', '--ita-invisible-in-index', base];
  }
  if ('worktree' in wanted) return ['diff-index', 'HEAD'];
  const { from, to, symmetric } = wanted;
  const isAll = from === nothing;
  const [before, after] = await Promise.all([
    // In a repository of SHA-256 it has another id.
    isAll ? emptyTree(place, signal) : resolveRevision(place, from, signal),
    resolveRevision(place, to, signal),
  ]);
  if (symmetric !== true || isAll) return ['diff-tree', '-r', before, after];
  const base = await mergeBase(place, before, after, signal);
  if (base === undefined) throw noMergeBase(place, from, to);
  return ['diff-tree', '-r', base, after];
};

/** Has git compare, and hands on what it prints. */
const compare = async (
  place: Place,
  wanted: DiffWanted,
  { options, paths = [], ...call }: GitCall & { options: readonly string[]; paths?: readonly string[] },
): Promise<void> => {
  const [name = '', ...what] = await comparison(place, wanted, call.signal);
  // Only where files are compared are their filters asked.
  const env = 'worktree' in wanted ? await quietFilters(place) : place.env;
  const ask = (compared: readonly string[]) =>
    place.git([...settings, name, ...plain, ...options, ...compared, '--', ...paths], { ...call, env });
  let asked = await ask(what);
  // Before the first commit there is no HEAD to compare with.
  if (asked.code !== 0 && what.includes('HEAD') && (await headHash(place, call.signal)) === undefined) {
    const empty = await emptyTree(place, call.signal);
    asked = await ask(what.map((one) => (one === 'HEAD' ? empty : one)));
  }
  if (asked.code !== 0) throw gitFailure('compare', asked.stderr);
};

const titleOf = (wanted: DiffWanted): string => {
  if ('staged' in wanted) return wanted.amend === true ? 'staged, with the last commit' : 'staged';
  if ('worktree' in wanted) return 'work tree';
  return `${wanted.from}${wanted.symmetric === true ? '...' : '..'}${wanted.to}`;
};

const firstLines = (file: FileDiff): string => {
  const first = file.hunks[0];
  if (first === undefined || first.newStart > 1) return '';
  const lines = first.lines.filter(({ kind }) => file.status === 'deleted' || kind !== 'deleted').slice(0, 10);
  return lines.map(({ text }) => text).join('\n');
};

/** Compared with the work tree, paths with a conflict look like any other, or like none when they are as they were. */
const withConflicts = (files: readonly FileDiff[], unmerged: readonly string[]): FileDiff[] => {
  const conflicts = new Set(unmerged);
  const told = files.map((file) => (conflicts.delete(file.path) ? { ...file, status: 'unmerged' as const } : file));
  const rest = [...conflicts].map((path) => ({
    ...{ path, status: 'unmerged' as const, content: 'text' as const, hunks: [], added: 0, deleted: 0 },
  }));
  return [...told, ...rest];
};

/** What changes between two states. @throws CopilotError exit 2 */
export const readDiff = async (
  place: Place,
  wanted: DiffWanted,
  { context = 3, paths = [] }: { context?: number; paths?: readonly string[] },
  signal?: AbortSignal,
): Promise<Diff> => {
  const reader = diffReader();
  const decoder = new StringDecoder('utf8');
  const options = ['--raw', '-z', '--no-abbrev', '-p', `-U${context}`];
  const onOutput = (chunk: Buffer): void => reader.push(decoder.write(chunk));
  const [, others] = await Promise.all([
    compare(place, wanted, { options, paths, onOutput, signal }),
    'worktree' in wanted ? otherFiles(place, paths, signal) : undefined,
  ]);
  reader.push(decoder.end());
  const files = [...withConflicts(reader.end(), others?.unmerged ?? []), ...(others?.untracked ?? [])];
  for (const file of files) {
    const made = madeBy(file.path, firstLines(file));
    if (made !== undefined) file.made = made;
  }
  return { files, title: titleOf(wanted) };
};

/** A diff as git prints it, cut after so many bytes at the end of a line. @throws CopilotError exit 2 */
export const readPatch = async (
  place: Place,
  wanted: DiffWanted,
  { maxBytes, context = 3 }: { maxBytes: number; context?: number },
  signal?: AbortSignal,
): Promise<{ text: string; cut: boolean }> => {
  const chunks: Buffer[] = [];
  let size = 0;
  const onOutput = (chunk: Buffer, stop: () => void): void => {
    chunks.push(chunk);
    size += chunk.length;
    if (size > maxBytes) stop();
  };
  await compare(place, wanted, { options: ['-p', `-U${context}`], onOutput, signal });
  const whole = Buffer.concat(chunks);
  if (size <= maxBytes) return { text: whole.toString(), cut: false };
  const kept = whole.subarray(0, maxBytes);
  return { text: kept.subarray(0, kept.lastIndexOf(10) + 1).toString(), cut: true };
};
