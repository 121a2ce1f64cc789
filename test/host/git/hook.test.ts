import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRepository } from '../../../src/host/git/repository.ts';
import { tempRepository } from './temp-repository.ts';

let repo: ReturnType<typeof tempRepository>;
beforeEach(() => (repo = tempRepository()));
afterEach(() => repo.close());

const paths = async (env: Record<string, string>, cwd: string, hook: boolean): Promise<string[]> => {
  const opened = await openRepository(cwd, env, undefined, { hook });
  return (await opened.diff({ staged: true })).files.map(({ path }) => path);
};

/** Runs a git command whose pre-commit hook keeps git waiting, and looks from there. */
const duringCommit = async (
  cwd: string,
  args: string[],
): Promise<{ env: Record<string, string>; cwd: string; tree: string; finish: () => void }> => {
  const hooks = execFileSync('git', ['rev-parse', '--path-format=absolute', '--git-path', 'hooks'], {
    cwd,
    env: repo.env,
    encoding: 'utf8',
  }).trim();
  mkdirSync(hooks, { recursive: true });
  const [told, go] = [join(repo.folder, 'told'), join(repo.folder, 'go')];
  writeFileSync(
    join(hooks, 'pre-commit'),
    `#!/bin/sh\ngit write-tree > '${repo.folder}/tree'\npwd > '${repo.folder}/pwd'\nenv -0 > '${told}.part'\nmv '${told}.part' '${told}'\nwhile [ -e '${told}' ] && [ ! -e '${go}' ]; do sleep 0.02; done\n`,
  );
  chmodSync(join(hooks, 'pre-commit'), 0o755);
  const { spawn } = await import('node:child_process');
  const child = spawn('git', args, { cwd, env: repo.env, stdio: 'ignore' });
  const ended = new Promise((resolve) => child.on('close', resolve));
  while (!existsSync(told)) await new Promise((resolve) => setTimeout(resolve, 10));
  const env = Object.fromEntries(
    readFileSync(told, 'utf8')
      .split('\0')
      .filter((entry) => entry !== '')
      .map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  );
  return {
    env,
    cwd: readFileSync(join(repo.folder, 'pwd'), 'utf8').trim(),
    tree: readFileSync(join(repo.folder, 'tree'), 'utf8').trim(),
    finish: () => {
      writeFileSync(go, '');
      void ended;
    },
  };
};

describe('within a hook', () => {
  beforeEach(() => {
    repo.write('a', 'a\n');
    repo.write('b', 'b\n');
    repo.write('sub/c', 'c\n');
    repo.commit('start');
    repo.write('a', 'A\n');
    repo.write('b', 'B\n');
    repo.write('sub/c', 'C\n');
  });

  it.each([
    ['git commit', ['commit', '-m', 'x'], '', ['a']],
    ['git commit --all', ['commit', '--all', '-m', 'x'], '', ['a', 'b', 'sub/c']],
    ['git commit of one path', ['commit', '-m', 'x', '--', 'b'], '', ['b']],
    ['git commit in a sub-folder', ['commit', '--all', '-m', 'x'], 'sub', ['a', 'b', 'sub/c']],
  ])('of %s, the staged diff is of what is committed', async (_name, args, folder, expected) => {
    repo.git('add', 'a');
    const hook = await duringCommit(join(repo.root, folder), args);
    try {
      expect(hook.cwd).toBe(repo.root);
      expect(await paths(hook.env, hook.cwd, true)).toEqual(expected);
      const opened = await openRepository(hook.cwd, hook.env, undefined, { hook: true });
      expect(await opened.stagedTree()).toBe(hook.tree);
      expect(opened.root).toBe(repo.root);
    } finally {
      hook.finish();
    }
  });

  it('of a work tree of git worktree, it is of that one', async () => {
    const tree = join(repo.folder, 'tree-of-side');
    repo.git('worktree', 'add', '--quiet', '-b', 'side', tree);
    writeFileSync(join(tree, 'a'), 'side\n');
    const hook = await duringCommit(tree, ['commit', '--all', '-m', 'x']);
    try {
      expect(await paths(hook.env, hook.cwd, true)).toEqual(['a']);
      expect((await openRepository(hook.cwd, hook.env, undefined, { hook: true })).root).toBe(tree);
    } finally {
      hook.finish();
    }
  });

  it('is not looked at through what the hook was told, unless that is asked for', async () => {
    const hook = await duringCommit(repo.root, ['commit', '-m', 'x', '--', 'b']);
    try {
      expect(await paths(hook.env, hook.cwd, false)).toEqual([]);
    } finally {
      hook.finish();
    }
  });
});
