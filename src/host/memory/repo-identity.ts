import { execFile } from 'node:child_process';
import { realpathSync } from 'node:fs';
import type { Env } from '../paths.ts';
import { quietGit, quietGitArgs } from '../quiet-git.ts';

/** Which repository a folder belongs to, so that a moved or re-cloned one is known again. */
export interface RepoIdentity {
  /** `github.com/owner/name`; else `commit:<hash of its first commit>`; else `path:<real path>`. */
  repo: string;
  /** Undefined when none is checked out, and outside of git. */
  branch: string | undefined;
  /** Real path of the work tree's top; the folder itself outside of git. */
  top: string;
}

/** Git is asked for an identity, not for work: a history too long to be walked in this time goes by its path. */
const waitMs = 5000;

const git = (root: string, env: Env, ...args: string[]): Promise<string | undefined> =>
  new Promise((resolve) => {
    const quiet = { ...env, ...quietGit, GIT_NO_REPLACE_OBJECTS: '1' };
    const options = { cwd: root, timeout: waitMs, maxBuffer: 1 << 20, env: quiet };
    execFile('git', [...quietGitArgs, ...args], options, (error, stdout) => {
      resolve(error ? undefined : stdout.trimEnd());
    });
  });

const usualPorts: Readonly<Record<string, string>> = { 'ssh:': '22', 'https:': '443', 'http:': '80', 'git:': '9418' };

/**
 * `host/path` of a remote's URL, the same however it is reached: no scheme, credentials, usual port, `.git` or case of
 * the host. Undefined for a path on this machine: that says nothing about which repository it is.
 */
export const normalisedRemote = (remote: string): string | undefined => {
  const text = remote.trim();
  const scp = /^(?:[^@/:\s]+@)?(\[[^\]\s]+\]|[^@/:\s]{2,}):(?!\/\/)(.+)$/.exec(text);
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
  let host: string;
  let path: string;
  if (hasScheme) {
    if (!URL.canParse(text)) return undefined;
    const url = new URL(text);
    if (url.protocol === 'file:' || url.hostname === '') return undefined;
    const scheme = url.protocol.replace(/^git\+/, '');
    const port = url.port === '' || url.port === usualPorts[scheme] ? '' : `:${url.port}`;
    host = `${url.hostname}${port}`;
    path = url.pathname;
  } else if (scp) {
    host = scp[1] ?? '';
    path = scp[2] ?? '';
  } else return undefined;
  const plain = path
    .replace(/[?#].*$/, '')
    .replace(/^[/~]+|\/+$/g, '')
    .replace(/\/{2,}/g, '/')
    .replace(/\.git$/, '');
  return plain === '' ? undefined : `${host.toLowerCase()}/${plain}`;
};

/** Which repository a folder belongs to. Never fails: without git it goes by its path. */
export const repoIdentity = async (root: string, env: Env): Promise<RepoIdentity> => {
  const [remote, branch, place] = await Promise.all([
    git(root, env, 'remote', 'get-url', 'origin'),
    git(root, env, 'symbolic-ref', '--quiet', '--short', 'HEAD'),
    git(root, env, 'rev-parse', '--is-shallow-repository', '--show-toplevel'),
  ]);
  const real = realpathSync(root);
  if (place === undefined) return { repo: `path:${real}`, branch: undefined, top: real };
  const at = place.indexOf('\n');
  const [isShallow, told] = [place.slice(0, at) === 'true', place.slice(at + 1)];
  const top = at < 0 || told === '' ? real : realpathSync(told);
  const known = remote === undefined ? undefined : normalisedRemote(remote);
  if (known !== undefined) return { repo: known, branch, top };
  // The oldest of all branches' first commits, so that it is the same on each of them.
  const roots = isShallow
    ? undefined
    : await git(root, env, 'rev-list', '--max-parents=0', '--date-order', 'HEAD', '--branches');
  const first = roots?.split('\n').at(-1);
  return { repo: first ? `commit:${first}` : `path:${top}`, branch, top };
};

/** The whole id of a commit; undefined when the repository has none of that beginning. */
export const wholeCommit = async (top: string, env: Env, commit: string): Promise<string | undefined> =>
  /^[0-9a-f]{7,64}$/.test(commit)
    ? git(top, env, 'rev-parse', '--verify', '--quiet', '--end-of-options', `${commit}^{commit}`)
    : undefined;
