import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Place } from './place.ts';

/** Where a repository stands. */
export interface RepositoryState {
  /** Hash; left out before the first commit. */
  head?: string;
  /** Left out when HEAD is detached, as it is during a rebase. */
  branch?: string;
  operation?: 'merge' | 'rebase' | 'cherry-pick' | 'revert' | 'bisect' | 'am';
  isShallow: boolean;
  isBare: boolean;
}

/** What is in progress, by the files git keeps of it; what stops within something else comes after it. */
const operationOf = (gitDir: string): RepositoryState['operation'] => {
  const has = (name: string): boolean => existsSync(join(gitDir, name));
  if (has('rebase-merge')) return 'rebase';
  if (has('rebase-apply')) return has('rebase-apply/applying') ? 'am' : 'rebase';
  if (has('MERGE_HEAD')) return 'merge';
  if (has('CHERRY_PICK_HEAD')) return 'cherry-pick';
  if (has('REVERT_HEAD')) return 'revert';
  // Between two of several, neither of those is there.
  if (has('sequencer/todo'))
    return /^\s*revert/.test(readFileSync(join(gitDir, 'sequencer/todo'), 'utf8')) ? 'revert' : 'cherry-pick';
  return has('BISECT_LOG') ? 'bisect' : undefined;
};

const branchOf = (ref: string): { branch?: string } =>
  ref.startsWith('refs/heads/') ? { branch: ref.slice('refs/heads/'.length) } : {};

/** Where HEAD is, and what is in progress. */
export const readState = async ({ git, gitDir, isShallow }: Place, signal?: AbortSignal): Promise<RepositoryState> => {
  const operation = operationOf(gitDir);
  const rest = { ...(operation === undefined ? {} : { operation }), isShallow, isBare: false };
  const { code, stdout } = await git(['rev-parse', 'HEAD', '--symbolic-full-name', 'HEAD', '--'], { signal });
  if (code === 0) {
    const [head = '', ref = ''] = stdout.toString().split('\n');
    return { head, ...branchOf(ref), ...rest };
  }
  const unborn = await git(['symbolic-ref', '--quiet', 'HEAD'], { signal });
  return { ...branchOf(unborn.stdout.toString().trim()), ...rest };
};
