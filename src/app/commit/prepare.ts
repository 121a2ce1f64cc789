import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CopilotError, exitCodes } from '../../base/errors.ts';
import { printableName } from '../../base/printable.ts';
import type { Diff } from '../../core/diff.ts';
import type { Plugin } from '../../core/plugin.ts';
import type { CommitDraft, Wishes } from '../../engine/commit/compose.ts';
import { withoutComments } from '../../engine/commit/lint-message.ts';
import { openRepository, type Repository, type RepositoryState } from '../../host/git/repository.ts';
import type { Env } from '../../host/paths.ts';
import { openConsultant, type Consumed } from '../consult.ts';
import { draftMessage } from './draft.ts';
import { findSecrets, type StagedSecret } from './find-secrets.ts';
import { stageAll } from './stage-all.ts';
import { unsuppressed } from './unsuppressed.ts';

/** What is to be committed, and how its message is found. */
export interface PrepareOptions {
  env: Env;
  cwd: string;
  plugins: readonly Plugin[];
  all: boolean;
  amend: boolean;
  useModel: boolean;
  /** Asked for by the human. */
  model?: string | undefined;
  wishes: Wishes;
  /** Hears what the human should know, one line each. */
  say: (notice: string) => void;
}

/** A commit that could be made. Nothing has changed yet. */
export interface Prepared {
  repository: Repository;
  diff: Diff;
  /** Left out where git's own message is kept, as for a merge. */
  draft?: CommitDraft;
  /** Git's own message. */
  kept?: string;
  /** What is committed, as the hash of its tree. */
  tree?: string;
  model?: string;
  consumed?: Consumed;
}

const refuse = (code: string, message: string, hint: string): CopilotError =>
  new CopilotError(message, { code, exitCode: exitCodes.usage, hint });

const mostShown = 20;

const secretError = (secrets: readonly StagedSecret[]): CopilotError => {
  const lines = secrets
    .slice(0, mostShown)
    .map(
      ({ path, line, rule, redacted }) => `  ${printableName(path)}${line > 0 ? `:${line}` : ''}  ${rule}  ${redacted}`,
    );
  const more = secrets.length > mostShown ? [`  … and ${secrets.length - mostShown} more`] : [];
  const [first] = secrets;
  return new CopilotError(
    [
      `${secrets.length === 1 ? 'A secret is' : `${secrets.length} secrets are`} about to be committed; nothing was sent or committed.`,
      ...lines,
      ...more,
    ].join('\n'),
    {
      code: 'E_SECRET_STAGED',
      exitCode: exitCodes.permission,
      hint: `Take it out: git restore --staged ${first && /^[\w./-]+$/.test(first.path) ? first.path : '<file>'}. If it is no secret, git commit commits it as ever.`,
    },
  );
};

/** What a state of the repository does not allow. @throws CopilotError exit 2 */
const checkState = async (
  repository: Repository,
  { head, operation }: RepositoryState,
  amend: boolean,
): Promise<void> => {
  if (operation === 'am')
    throw refuse(
      'E_IN_PROGRESS',
      'Patches are being applied (git am).',
      'Go on with git am --continue, or stop with git am --abort.',
    );
  if (!amend) return;
  if (head === undefined) throw refuse('E_NO_COMMIT', 'There is no commit to amend yet.', 'Leave --amend out.');
  if (operation === 'merge' || operation === 'cherry-pick')
    throw refuse(
      'E_IN_PROGRESS',
      `A ${operation} is under way: there is nothing to amend.`,
      'Conclude it first: llm-copilot commit, without --amend.',
    );
  const [last] = await repository.log({ limit: 1 });
  if (last && last.parents.length > 1)
    throw refuse(
      'E_MERGE_COMMIT',
      'The last commit is a merge; its message is git’s own.',
      'git commit --amend edits it.',
    );
};

/** The message git wrote for a merge, cherry-pick or revert that only has to be concluded. */
const ownMessage = ({ gitDir }: Repository, { operation }: RepositoryState): string | undefined => {
  const path = join(gitDir, 'MERGE_MSG');
  if (operation === undefined || operation === 'bisect' || !existsSync(path)) return undefined;
  const text = withoutComments(readFileSync(path, 'utf8')).trim();
  return text === '' ? undefined : `${text}\n`;
};

/**
 * Gathers what would be committed and finds a message for it. Nothing changes, and nothing leaves the machine when there
 * is a secret in it.
 * @throws CopilotError exit 2 when there is nothing to commit or the repository's state does not allow it, exit 4
 * `E_SECRET_STAGED` for a secret
 */
export const prepareCommit = async (options: PrepareOptions, signal: AbortSignal): Promise<Prepared> => {
  const { env, cwd, all, amend, say, wishes } = options;
  const repository = await openRepository(cwd, env, signal);
  const state = await repository.state(signal);
  await checkState(repository, state, amend);
  const index = await repository.diff({ staged: true, ...(amend ? { amend } : {}) }, {}, signal);
  const unmerged = index.files.filter(({ status }) => status === 'unmerged');
  if (unmerged.length > 0)
    throw refuse(
      'E_UNMERGED',
      `There are conflicts in ${unmerged
        .slice(0, 5)
        .map(({ path }) => printableName(path))
        .join(', ')}${unmerged.length > 5 ? ` and ${unmerged.length - 5} more` : ''}.`,
      'Resolve them, then git add these files.',
    );
  const staged = all ? await stageAll(repository, env, signal) : undefined;
  try {
    const from = staged?.repository ?? repository;
    const tree = await from.stagedTree(signal);
    const diff = staged ? await from.diff({ staged: true, ...(amend ? { amend } : {}) }, {}, signal) : index;
    const kept = amend ? undefined : ownMessage(repository, state);
    if (kept !== undefined) return { repository, diff, kept };
    if (diff.files.length === 0)
      throw refuse(
        'E_NOTHING_STAGED',
        all
          ? 'No tracked file has changed.'
          : amend
            ? 'The last commit is empty, and nothing is staged.'
            : 'Nothing is staged.',
        all
          ? 'New files are added by name: git add <file>.'
          : 'Stage something: git add <file>, or take all changes of tracked files with --all.',
      );
    const { secrets: found, unread } = await findSecrets(from, diff.files, signal);
    const secrets = await unsuppressed(repository.root, diff.files, found);
    if (secrets.length > 0) throw secretError(secrets);
    for (const path of unread) say(`${printableName(path)} is too large to be looked through for secrets`);
    const consultant = options.useModel
      ? await openConsultant(
          {
            env,
            cwd: repository.root,
            plugins: options.plugins,
            title: 'commit message',
            ...(options.model === undefined ? {} : { flags: { model: options.model } }),
          },
          signal,
        )
      : undefined;
    try {
      if (!consultant && options.model !== undefined) say('no model can be asked: the message is made by rules');
      for (const notice of consultant?.notices ?? []) say(notice);
      const draft = await draftMessage({
        repository: from,
        diff,
        branch: state.branch,
        amend,
        signal,
        consultant,
        wishes,
        say,
      });
      return {
        repository,
        diff,
        draft,
        tree,
        ...(consultant ? { model: consultant.model, consumed: consultant.consumed } : {}),
      };
    } finally {
      await consultant?.close();
    }
  } finally {
    staged?.close();
  }
};

/**
 * That what would be committed now is what was looked at: a model may have taken its time, and a person to choose.
 * @throws CopilotError exit 2 `E_CHANGED`
 */
export const checkUnchanged = async (
  { repository, tree }: Prepared,
  { env, all }: Pick<PrepareOptions, 'env' | 'all'>,
  signal: AbortSignal,
): Promise<void> => {
  const staged = all ? await stageAll(repository, env, signal) : undefined;
  try {
    if (tree === undefined || (await (staged?.repository ?? repository).stagedTree(signal)) === tree) return;
  } finally {
    staged?.close();
  }
  throw refuse(
    'E_CHANGED',
    'What is to be committed changed while the message was made; nothing was committed.',
    'Start again: the message and the look for secrets are about what was there before.',
  );
};
