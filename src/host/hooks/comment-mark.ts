import type { Repository } from '../git/repository.ts';

/** What begins a comment in the repository's commit messages; with `auto` git chooses, and says it in no place. */
export const commentMark = async (repository: Repository, signal: AbortSignal): Promise<string> => {
  const set = await repository.config('core.commentChar', signal);
  return set === undefined || set === '' || set === 'auto' ? '#' : set;
};
