import { execFile } from 'node:child_process';

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

const filterKeys = String.raw`^filter\..*\.(clean|process|required)$`;

/**
 * The same environment, with the filters switched off that a repository's own configuration names: where git compares
 * files with its index, as `git status` does, it runs them. Those of the user (Git LFS) stay.
 */
export const withoutFilters = (
  root: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Record<string, string | undefined>> =>
  new Promise((resolve) => {
    const quiet = { ...env, ...quietGit };
    const args = ['config', '--show-scope', '--null', '--name-only', '--includes', '--get-regexp', filterKeys];
    execFile('git', args, { cwd: root, timeout: 2000, env: quiet }, (error, stdout) => {
      // Nothing fits: git says so with 1. Of what it cannot say, nothing is known to be off.
      const fields = error ? [] : stdout.split('\0');
      const keys = new Set<string>();
      for (let at = 0; at + 1 < fields.length; at += 2)
        if (fields[at] === 'local' || fields[at] === 'worktree') keys.add(fields[at + 1] ?? '');
      const added: Record<string, string> = {};
      let count = Number(env.GIT_CONFIG_COUNT) || 0;
      for (const key of keys) {
        added[`GIT_CONFIG_KEY_${count}`] = key;
        added[`GIT_CONFIG_VALUE_${count}`] = key.endsWith('.required') ? 'false' : '';
        count += 1;
      }
      resolve({ ...quiet, ...added, ...(keys.size > 0 ? { GIT_CONFIG_COUNT: String(count) } : {}) });
    });
  });
