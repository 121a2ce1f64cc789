import type { Diff } from '../../core/diff.ts';
import { composeDraft, type CommitDraft, type Wishes } from '../../engine/commit/compose.ts';
import { learnConventions, type Conventions } from '../../engine/commit/conventions.ts';
import type { Repository } from '../../host/git/repository.ts';
import type { Consultant } from '../consult.ts';
import { readDefinitions } from './read-definitions.ts';

export type { CommitDraft } from '../../engine/commit/compose.ts';

/** Commits a repository's habits are learned from. */
export const historyDepth = 200;

/** What a message is made of. */
export interface DraftOptions {
  repository: Repository;
  diff: Diff;
  branch?: string | undefined;
  /** The last commit is written anew: its own message teaches nothing. */
  amend?: boolean;
  signal?: AbortSignal | undefined;
  /** Asked when given; the rules' own message is what is left when it cannot answer. */
  consultant?: Pick<Consultant, 'ask'> | undefined;
  wishes?: Wishes;
  /** Hears what the human should know, one line each. */
  say?: (notice: string) => void;
}

/** How this repository writes its messages. Nothing is known before its first commit. */
export const readConventions = async (
  repository: Repository,
  signal?: AbortSignal,
  { withoutLast = false } = {},
): Promise<Conventions> => {
  const log = await repository.log({ limit: historyDepth + 1, noMerges: true, files: true }, signal);
  return learnConventions(withoutLast ? log.slice(1) : log);
};

/**
 * A commit message for a change: by rules, and with a model where one is given. It is valid under commitlint's
 * config-conventional in either case.
 * @throws CopilotError of git, the signal's reason
 */
export const draftMessage = async ({
  repository,
  diff,
  branch,
  amend = false,
  signal,
  consultant,
  wishes = {},
  say = () => undefined,
}: DraftOptions): Promise<CommitDraft> => {
  const [conventions, symbols] = await Promise.all([
    readConventions(repository, signal, { withoutLast: amend }),
    readDefinitions(repository, diff.files, signal),
  ]);
  const rules = composeDraft(diff, symbols, { conventions, branch, wishes });
  for (const token of conventions.trailers)
    if (/^signed-off-by$/i.test(token)) say('nearly every commit here is signed off; --signoff does that for this one');
  if (!consultant) return rules;
  const { improve } = await import('./improve.ts');
  return improve(rules, { diff, symbols, conventions, consultant, wishes, say, signal });
};
