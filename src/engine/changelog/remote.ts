/** Where a repository is to be seen in the web. */
export interface WebHome {
  kind: 'github' | 'gitlab' | 'bitbucket';
  /** `https://github.com/owner/name`: no user, password, query or final slash. */
  url: string;
}

const aliases: Readonly<Record<string, string>> = {
  'ssh.github.com': 'github.com',
  'altssh.gitlab.com': 'gitlab.com',
  'altssh.bitbucket.org': 'bitbucket.org',
};

const kindOf = (host: string): WebHome['kind'] | undefined => {
  if (host === 'bitbucket.org') return 'bitbucket';
  if (/(?:^|[.-])github[.-]/.test(host)) return 'github';
  if (/(?:^|[.-])gitlab[.-]/.test(host)) return 'gitlab';
  // Gitea and Forgejo have GitHub's paths.
  return /^(?:codeberg\.org|gitea\.com)$/.test(host) ? 'github' : undefined;
};

const scp = /^(?:[^\s@/]+@)?([A-Za-z0-9.-]+):(?!\/\/)\/?(.+)$/;
const withScheme = /^(https?|ssh|git|git\+ssh):\/\/(?:[^\s/]*@)?([A-Za-z0-9.-]+)(?::(\d+))?\/+(.+)$/;

/**
 * The web address of a remote, read from its URL (`https://…`, `git@host:owner/name.git`, `ssh://…`). What stands in the URL
 * of users and passwords is left behind. Undefined where the host is not known to have GitHub's, GitLab's or Bitbucket's paths.
 */
export const webHomeOf = (remote: string): WebHome | undefined => {
  const [, scheme = 'ssh', named, port, rest] =
    withScheme.exec(remote) ??
    ((): (string | undefined)[] => {
      const [, host, path] = scp.exec(remote) ?? [];
      return [undefined, undefined, host, undefined, path];
    })();
  if (named === undefined || rest === undefined) return undefined;
  const lower = named.toLowerCase();
  const host = aliases[lower] ?? lower;
  const kind = kindOf(`${host}.`.replace(/\.$/, ''));
  const path = rest
    .replace(/[?#].*$/s, '')
    .replace(/\/+$/, '')
    .replace(/\.git$/, '');
  if (!kind || !/^[\w.~-]+(?:\/[\w.~-]+)+$/.test(path) || /(?:^|\/)\.\.?(?:\/|$)/.test(path)) return undefined;
  const isWeb = scheme === 'https' || scheme === 'http';
  return { kind, url: `${isWeb ? scheme : 'https'}://${host}${isWeb && port !== undefined ? `:${port}` : ''}/${path}` };
};

/** Addresses of things in a repository's home. */
export interface WebLinks {
  commit(hash: string): string;
  issue(number: string): string;
  /** A pull or merge request. */
  pull(number: string): string;
  compare(from: string, to: string): string;
}

/** How the addresses are made there (read in GitHub's, GitLab's and Bitbucket's documentation, 2026-11-28). */
export const webLinks = ({ kind, url }: WebHome): WebLinks => {
  const part = encodeURIComponent;
  if (kind === 'gitlab')
    return {
      commit: (hash) => `${url}/-/commit/${hash}`,
      issue: (number) => `${url}/-/issues/${number}`,
      pull: (number) => `${url}/-/merge_requests/${number}`,
      compare: (from, to) => `${url}/-/compare/${part(from)}...${part(to)}`,
    };
  if (kind === 'bitbucket')
    return {
      commit: (hash) => `${url}/commits/${hash}`,
      issue: (number) => `${url}/issues/${number}`,
      pull: (number) => `${url}/pull-requests/${number}`,
      compare: (from, to) => `${url}/branches/compare/${part(to)}..${part(from)}`,
    };
  return {
    commit: (hash) => `${url}/commit/${hash}`,
    issue: (number) => `${url}/issues/${number}`,
    // GitHub leads from an issue's address to the pull request of that number, and the other way round.
    pull: (number) => `${url}/pull/${number}`,
    compare: (from, to) => `${url}/compare/${part(from)}...${part(to)}`,
  };
};
