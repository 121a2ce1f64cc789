import type { Diff } from '../../core/diff.ts';
import type { Env } from '../paths.ts';
import { readContents } from './contents.ts';
import { findPlace } from './find-place.ts';
import { patchProblem } from './patch-problem.ts';
import { readDiff, readPatch, type DiffWanted } from './read-diff.ts';
import { readLog, type LoggedCommit, type LogOptions } from './read-log.ts';
import { readDefaultBase, readTags, type Tag } from './read-refs.ts';
import { readHooksPath, readSetting } from './read-settings.ts';
import { readState, type RepositoryState } from './read-state.ts';
import { mergeBase, resolveRevision } from './revisions.ts';
import { stagedTree } from './staged-tree.ts';

export type { DiffWanted } from './read-diff.ts';
export type { LoggedCommit, LogOptions } from './read-log.ts';
export type { RepositoryState } from './read-state.ts';
export type { Tag } from './read-refs.ts';

/**
 * Facts of a repository. Paths are relative to its top, with `/`; nothing here changes index, work tree or objects, and
 * no program runs that the repository's own configuration names.
 */
export interface Repository {
  /** The work tree's top, real path. */
  readonly root: string;
  /** Absolute; that of a work tree made by `git worktree` differs from the common one. */
  readonly gitDir: string;
  readonly commonDir: string;
  state(signal?: AbortSignal): Promise<RepositoryState>;
  /** Full hash of a commit. @throws CopilotError exit 2 `E_REVISION` when there is none */
  resolve(revision: string, signal?: AbortSignal): Promise<string>;
  /** Undefined when they have no commit in common. @throws CopilotError exit 2 `E_REVISION` */
  mergeBase(a: string, b: string, signal?: AbortSignal): Promise<string | undefined>;
  /** Lines of context: 3. Paths are taken literally. @throws CopilotError exit 2 `E_REVISION` */
  diff(wanted: DiffWanted, options?: { context?: number; paths?: string[] }, signal?: AbortSignal): Promise<Diff>;
  /** A diff as git prints it, at most so many bytes, cut at the end of a line; untracked files are not in it. */
  patch(
    wanted: DiffWanted,
    options: { maxBytes: number; context?: number },
    signal?: AbortSignal,
  ): Promise<{ text: string; cut: boolean }>;
  /** Texts by object id (UTF-8, lossy), in one process; without those that are missing, no files, or above 2 MB. */
  contents(ids: readonly string[], maxBytes?: number, signal?: AbortSignal): Promise<Map<string, string>>;
  /** Newest first; empty before the first commit. @throws CopilotError exit 2 `E_REVISION` */
  log(options?: LogOptions, signal?: AbortSignal): Promise<LoggedCommit[]>;
  /** Newest first. */
  tags(signal?: AbortSignal): Promise<Tag[]>;
  /** What a branch is compared with, such as `origin/main`; undefined when there is none but itself. */
  defaultBase(signal?: AbortSignal): Promise<string | undefined>;
  config(key: string, signal?: AbortSignal): Promise<string | undefined>;
  /** Where git looks for hooks, absolute; `configured` by `core.hooksPath` in that scope (`local`, `global`, …). */
  hooksPath(signal?: AbortSignal): Promise<{ path: string; configured: boolean; scope?: string }>;
  /** Hash of the tree that is staged. @throws CopilotError exit 2 during a conflict */
  stagedTree(signal?: AbortSignal): Promise<string>;
  /** Why a patch does not apply; undefined when it does. */
  patchProblem(patch: string, where: 'index' | 'worktree', signal?: AbortSignal): Promise<string | undefined>;
}

/**
 * Opens the repository a folder is in. With `hook`, what git told its hook (its index, its directory) is kept; `cwd` must
 * be where git started the hook.
 * @throws CopilotError exit 2 `E_NO_REPOSITORY` outside of one, in a bare one, or without git.
 */
export const openRepository = async (
  cwd: string,
  env: Env,
  signal?: AbortSignal,
  options: { hook?: boolean } = {},
): Promise<Repository> => {
  const place = await findPlace(cwd, env, options.hook === true, signal);
  return {
    root: place.root,
    gitDir: place.gitDir,
    commonDir: place.commonDir,
    state: (signal) => readState(place, signal),
    resolve: (revision, signal) => resolveRevision(place, revision, signal),
    mergeBase: (a, b, signal) => mergeBase(place, a, b, signal),
    diff: (wanted, options = {}, signal) => readDiff(place, wanted, options, signal),
    patch: (wanted, options, signal) => readPatch(place, wanted, options, signal),
    contents: (ids, maxBytes, signal) => readContents(place, ids, maxBytes, signal),
    log: (options = {}, signal) => readLog(place, options, signal),
    tags: (signal) => readTags(place, signal),
    defaultBase: (signal) => readDefaultBase(place, signal),
    config: (key, signal) => readSetting(place, key, signal),
    hooksPath: (signal) => readHooksPath(place, signal),
    stagedTree: (signal) => stagedTree(place, signal),
    patchProblem: (patch, where, signal) => patchProblem(place, patch, where, signal),
  };
};
