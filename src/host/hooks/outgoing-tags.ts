import type { Env } from '../paths.ts';
import { quietGitEnv } from '../quiet-git.ts';
import { gitAt } from '../git/run-git.ts';
import type { Repository } from '../git/repository.ts';
import { knownThere, type Outgoing } from './outgoing-base.ts';

/** More tags than this are pushed when somebody pushes all there are. */
const most = 200;

/** Those tags, each by its commit, which bring commits to a remote that neither it has nor the branches bring. */
export const outgoingTags = async <Ref extends Outgoing>(
  repository: Repository,
  env: Env,
  { tags, branches, remote }: { tags: readonly Ref[]; branches: readonly Outgoing[]; remote: string },
  signal: AbortSignal,
): Promise<Ref[]> => {
  if (tags.length === 0) return [];
  const git = gitAt('git', repository.root, quietGitEnv({ ...env }));
  const lines = async (args: readonly string[], input?: string): Promise<string[]> => {
    const { stdout } = await git(args, { signal, ...(input === undefined ? {} : { input }) });
    return stdout.toString().split('\n').slice(0, -1);
  };
  // Of what is no commit, such as a tagged file, it says so.
  const peeled = await lines(
    ['cat-file', '--batch-check=%(objectname)'],
    tags.map(({ localId }) => `${localId}^{commit}\n`).join(''),
  );
  const byCommit = new Map<string, Ref>();
  for (const [at, tag] of tags.entries()) {
    const commit = peeled[at] ?? '';
    if (/^[0-9a-f]{40,64}$/.test(commit)) byCommit.set(commit, { ...tag, localId: commit });
  }
  const known = [...branches.map(({ localId }) => `^${localId}`), ...knownThere(remote)];
  const fresh = new Set(await lines(['rev-list', ...byCommit.keys(), ...known]));
  const bringing = [...byCommit.keys()].filter((commit) => fresh.has(commit));
  if (bringing.length < 2) return bringing.flatMap((commit) => byCommit.get(commit) ?? []);
  const newest = await lines(['merge-base', '--independent', ...bringing.slice(-most)]);
  return newest.flatMap((commit) => byCommit.get(commit) ?? []);
};
