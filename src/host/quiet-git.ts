/**
 * For questions to repositories nobody vouches for: no program that their configuration names runs. Git fetches what a
 * partial clone lacks by itself, with the repository's own `core.sshCommand`, `uploadpack` or `ext::` address; the first
 * variable forbids that to new versions of git, the second one to all (git 2.45's release notes and git(1), read
 * 2026-11-27). Nothing is locked, asked for, or said in another language either.
 */
export const quietGit = {
  GIT_NO_LAZY_FETCH: '1',
  GIT_ALLOW_PROTOCOL: 'none',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_TERMINAL_PROMPT: '0',
  LC_ALL: 'C',
} as const;

/** Arguments that go before git's own: the one program that an index is read with. */
export const quietGitArgs: readonly string[] = ['-c', 'core.fsmonitor=false'];

/** The environment for such a question; a hook's GIT_DIR and the like are about another one. */
export const quietGitEnv = (env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(env).filter(([name]) => !/^GIT_(?!CONFIG|CEILING)/.test(name))),
  ...quietGit,
});
