import type { Env } from '../paths.ts';
import { quietGitEnv } from '../quiet-git.ts';
import { nothing } from '../git/revisions.ts';
import { gitAt, gitFailure } from '../git/run-git.ts';
import type { Repository } from '../git/repository.ts';

/** What is known of a ref that is pushed. */
export interface Outgoing {
  localId: string;
  remoteId?: string;
}

/** What a remote is known to have, as arguments of `git rev-list`. @param remote its name, or an address */
export const knownThere = (remote: string): string[] => [
  '--not',
  /^[\w.-]+$/.test(remote) ? `--remotes=${remote}` : '--remotes',
];

/**
 * The commit from which on a push sends something new: what the remote has of the ref, for one that is new there the
 * newest of what it has of others, and `nothing` when it has none. The pushed commit itself when the remote has
 * everything.
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
  if (remoteId !== undefined) {
    // Somebody else may have pushed what was never fetched; then git refuses the push, or it is forced.
    const { code, stdout } = await git(['merge-base', remoteId, localId], { signal });
    if (code === 0) return stdout.toString().split('\n', 1)[0] ?? '';
  }
  const { code, stdout, stderr } = await git(['rev-list', '--boundary', localId, ...knownThere(remote)], { signal });
  // Not to know what goes out is not the same as that nothing does.
  if (code !== 0) throw gitFailure('tell what is pushed', stderr);
  const all = stdout.toString().split('\n').slice(0, -1);
  if (all.length === 0) return localId;
  return all.find((line) => line.startsWith('-'))?.slice(1) ?? nothing;
};
