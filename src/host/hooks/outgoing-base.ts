import type { Env } from '../paths.ts';
import { quietGitEnv } from '../quiet-git.ts';
import { gitAt } from '../git/run-git.ts';
import type { Repository } from '../git/repository.ts';

/** What is known of a ref that is pushed. */
export interface Outgoing {
  localId: string;
  remoteId?: string;
}

/**
 * The commit from which on a push sends something new: what the remote has of the ref, for one that is new there the
 * newest of what it has of others, and the first commit of all when it has nothing. The pushed commit itself when the
 * remote has everything.
 * @param remote its name, or an address
 */
export const outgoingBase = async (
  repository: Repository,
  env: Env,
  { localId, remoteId }: Outgoing,
  remote: string,
  signal: AbortSignal,
): Promise<string> => {
  const git = gitAt('git', repository.root, quietGitEnv({ ...env }));
  const lines = async (...args: string[]): Promise<string[] | undefined> => {
    const { code, stdout } = await git(args, { signal });
    return code === 0 ? stdout.toString().split('\n').slice(0, -1) : undefined;
  };
  if (remoteId !== undefined) {
    // Somebody else may have pushed what was never fetched; then git refuses the push, or it is forced.
    const [common] = (await lines('merge-base', remoteId, localId)) ?? [];
    if (common !== undefined) return common;
  }
  const refs = /^[\w.-]+$/.test(remote) ? `--remotes=${remote}` : '--remotes';
  const all = (await lines('rev-list', '--boundary', localId, '--not', refs)) ?? [];
  if (all.length === 0) return localId;
  const boundary = all.find((line) => line.startsWith('-'))?.slice(1);
  return boundary ?? (await lines('rev-list', '--max-parents=0', localId))?.at(-1) ?? localId;
};
