import { usageError } from '../../base/errors.ts';
import { printableName } from '../../base/printable.ts';
import type { Diff } from '../../core/diff.ts';
import type { DiffWanted, Repository } from '../../host/git/repository.ts';
import { nothing } from '../../host/git/revisions.ts';

/** What somebody wants reviewed, as it is said on a command line. */
export interface WantedChange {
  /** `a..b`, `a...b`, or one commit: what that commit changed. */
  range?: string | undefined;
  staged?: boolean | undefined;
  worktree?: boolean | undefined;
  /** What HEAD adds to where it left this. */
  base?: string | undefined;
}

/** A change to review, its diff where it is made already. */
export interface ChosenChange {
  wanted: DiffWanted;
  diff?: Diff;
  /** Instead of what the diff calls itself. */
  title?: string;
}

const ofRange = async (repository: Repository, range: string, signal: AbortSignal): Promise<ChosenChange> => {
  const [, from = '', dots, to = ''] = /^(.*?)(\.{2,3})(.*)$/.exec(range) ?? [];
  if (dots !== undefined) return { wanted: { from: from || 'HEAD', to: to || 'HEAD', symmetric: dots === '...' } };
  const hash = await repository.resolve(range, signal);
  const [commit] = await repository.log({ range: hash, limit: 1 }, signal);
  const [parent] = commit?.parents ?? [];
  // Where the history was cut off, a commit seems to have made everything.
  if (parent === undefined && (await repository.state(signal)).isShallow)
    throw usageError(
      `${printableName(range)} is the first commit there is here: the clone is shallow, what it changed cannot be told.`,
      'git fetch --unshallow fetches the rest. Or name two commits: <older>..<newer>',
    );
  return { wanted: { from: parent ?? nothing, to: hash }, title: `commit ${range}` };
};

/**
 * What to review. Without a word about it: what is staged; else what differs in the work tree; else what the branch adds
 * to the one it is compared with. Undefined when none of these is anything.
 * @throws CopilotError exit 2
 */
export const chooseChange = async (
  repository: Repository,
  { range, staged, worktree, base }: WantedChange,
  signal: AbortSignal,
): Promise<ChosenChange | undefined> => {
  const named = [range !== undefined, staged, worktree, base !== undefined].filter((one) => one === true);
  if (named.length > 1)
    throw usageError('A range, --staged, --worktree and --base are about different changes.', 'Name one of them.');
  if (range !== undefined) return ofRange(repository, range, signal);
  if (base !== undefined) return { wanted: { from: base, to: 'HEAD', symmetric: true } };
  if (staged) return { wanted: { staged: true } };
  if (worktree) return { wanted: { worktree: true } };
  for (const wanted of [{ staged: true }, { worktree: true }] as const) {
    const diff = await repository.diff(wanted, {}, signal);
    if (diff.files.length > 0) return { wanted, diff };
  }
  const { head } = await repository.state(signal);
  const against = head === undefined ? undefined : await repository.defaultBase(signal);
  return against === undefined ? undefined : { wanted: { from: against, to: 'HEAD', symmetric: true } };
};
