import { parseDiff } from '../../core/parse-diff.ts';
import type { FileDiff } from '../../core/diff.ts';
import type { Repository } from '../git/repository.ts';
import { nothing } from '../git/revisions.ts';
import { gitAt, gitFailure } from '../git/run-git.ts';
import type { Env } from '../paths.ts';
import { quietGitEnv } from '../quiet-git.ts';
import { knownThere, type Outgoing } from './outgoing-base.ts';

/** A commit that a push sends, and what it changes. */
export interface OutgoingCommit {
  hash: string;
  /** Its first parent; `nothing` of a commit without one. */
  parent: string;
  files: FileDiff[];
}

/** So many of the newest commits are read, and so much of what they change (bytes). */
const most = 200;
const mostBytes = 16 << 20;

/** No configuration changes what is printed, and no program of it runs. */
const options = [
  ...['--no-color', '--no-ext-diff', '--no-textconv', '--no-relative', '--src-prefix=a/', '--dst-prefix=b/'],
  ...['--no-show-signature', '--no-notes', '--no-mailmap', '--submodule=short', '-O/dev/null'],
  ...['-p', '-U0', '-M', '-l1000', '--full-index', '--root', '--no-merges', '--topo-order', '--reverse'],
];

/**
 * The commits, merges left out, that a push sends and the remote does not have, the oldest first; `isAll` unless there
 * are too many.
 */
export const outgoingCommits = async (
  repository: Repository,
  env: Env,
  { refs, remote }: { refs: readonly Outgoing[]; remote: string },
  signal: AbortSignal,
): Promise<{ commits: OutgoingCommit[]; isAll: boolean }> => {
  const git = gitAt('git', repository.root, quietGitEnv({ ...env }));
  const chunks: Buffer[] = [];
  let size = 0;
  const onOutput = (chunk: Buffer, stop: () => void): void => {
    chunks.push(chunk);
    size += chunk.length;
    if (size > mostBytes) stop();
  };
  const there = refs.flatMap(({ remoteId }) => remoteId ?? []);
  const args = [
    ...['-c', 'core.quotePath=true', '-c', 'diff.suppressBlankEmpty=false', 'log', ...options],
    ...['--format=tformat:commit %H %P', `--max-count=${most + 1}`, '--ignore-missing'],
    ...[...refs.map(({ localId }) => localId), ...knownThere(remote), ...there, '--'],
  ];
  const { code, stderr } = await git(args, { onOutput, signal });
  if (code !== 0) throw gitFailure('tell what is pushed', stderr);
  // No line of a patch begins so. What is not a line feed ends no line.
  const parts = `\n${Buffer.concat(chunks).toString()}`.split(/\ncommit ([0-9a-f]{40,64}) ([0-9a-f]*)[^\n]*(?=\n)/);
  const commits: OutgoingCommit[] = [];
  for (let at = 1; at + 2 < parts.length; at += 3) {
    const [hash = '', parent = '', patch = ''] = parts.slice(at, at + 3);
    const files = parseDiff(patch.replace(/^\n+/, ''));
    commits.push({ hash, parent: parent === '' ? nothing : parent, files });
  }
  return { commits: commits.slice(-most), isAll: size <= mostBytes && commits.length <= most };
};
