import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRepository } from '../../../src/host/git/repository.ts';
import { tempRepository } from './temp-repository.ts';

let repo: ReturnType<typeof tempRepository>;
beforeEach(() => (repo = tempRepository()));
afterEach(() => repo.close());

describe('opening a repository', () => {
  it('finds its top from a folder within it, and through a link', async () => {
    repo.write('a/b/c.txt', 'c\n');
    symlinkSync(join(repo.root, 'a'), join(repo.folder, 'link'));
    for (const cwd of [join(repo.root, 'a/b'), join(repo.folder, 'link')]) {
      const opened = await repo.open(cwd);
      expect(opened).toMatchObject({
        root: repo.root,
        gitDir: join(repo.root, '.git'),
        commonDir: join(repo.root, '.git'),
      });
    }
  });

  it('tells a work tree of git worktree from the common folder', async () => {
    repo.commit('one');
    const tree = join(repo.folder, 'tree');
    repo.git('worktree', 'add', '--quiet', '-b', 'side', tree);
    const opened = await repo.open(tree);
    expect(opened).toMatchObject({
      root: tree,
      gitDir: join(repo.root, '.git/worktrees/tree'),
      commonDir: join(repo.root, '.git'),
    });
    expect((await opened.state()).branch).toBe('side');
    expect(await opened.hooksPath()).toEqual({ path: join(repo.root, '.git/hooks'), configured: false });
    writeFileSync(join(tree, 'new.txt'), 'n\n');
    repo.gitIn(tree, 'add', 'new.txt');
    expect((await opened.diff({ staged: true })).files).toMatchObject([{ path: 'new.txt', status: 'added' }]);
    expect((await (await repo.open()).diff({ staged: true })).files).toEqual([]);
  });

  it('opens a submodule as a repository of its own', async () => {
    repo.write('s.txt', 's\n');
    repo.commit('one');
    const outer = join(repo.folder, 'outer');
    mkdirSync(outer);
    repo.gitIn(outer, 'init', '--quiet', '--initial-branch=main');
    repo.gitIn(outer, 'submodule', '--quiet', 'add', repo.root, 'sub');
    const opened = await repo.open(join(outer, 'sub'));
    expect(opened).toMatchObject({ root: join(outer, 'sub'), gitDir: join(outer, '.git/modules/sub') });
    expect((await opened.log()).map(({ subject }) => subject)).toEqual(['one']);
  });

  it('works in a folder whose name has a line break', async () => {
    const odd = tempRepository('a\nb');
    try {
      expect(await odd.open()).toMatchObject({ root: odd.root, gitDir: join(odd.root, '.git') });
    } finally {
      odd.close();
    }
  });

  it.each([
    ['outside of one', () => repo.folder, /is in no git repository/],
    ['in a folder that is gone', () => join(repo.folder, 'gone'), /is no folder/],
    ['in git’s own folder', () => join(repo.root, '.git'), /git's own folder/],
    [
      'in a bare one',
      () => {
        repo.git('clone', '--quiet', '--bare', '.', join(repo.folder, 'bare'));
        return join(repo.folder, 'bare');
      },
      /is a bare repository/,
    ],
  ])('fails %s, and says so', async (_where, cwd, message) => {
    const opening = repo.open(cwd());
    await expect(opening).rejects.toThrow(message);
    await expect(opening).rejects.toMatchObject({
      code: 'E_NO_REPOSITORY',
      exitCode: 2,
      hint: expect.stringMatching(/./),
    });
  });

  it('fails without git, and says where to get it', async () => {
    const opening = openRepository(repo.root, { PATH: repo.home });
    await expect(opening).rejects.toMatchObject({
      code: 'E_NO_REPOSITORY',
      message: expect.stringContaining('git is not installed'),
    });
  });

  it('never runs a git that lies in the project', async () => {
    repo.write('git', '#!/bin/sh\ntouch ran\n');
    chmodSync(join(repo.root, 'git'), 0o755);
    await openRepository(repo.root, { ...repo.env, PATH: `.::${repo.env.PATH ?? ''}` });
    expect(() => repo.read('ran')).toThrow('ENOENT');
  });

  it.runIf(process.getuid?.() === 0)(
    'names the command that helps when the folder belongs to somebody else',
    async () => {
      chownSync(join(repo.root, '.git'), 12345, 12345);
      chownSync(repo.root, 12345, 12345);
      await expect(repo.open()).rejects.toMatchObject({
        ...{ code: 'E_NO_REPOSITORY', exitCode: 2 },
        hint: expect.stringContaining(`git config --global --add safe.directory '${repo.root}'`),
      });
    },
  );

  it('does not look at another folder because the configuration names it as the work tree', async () => {
    const other = join(repo.folder, 'other');
    mkdirSync(other);
    repo.git('config', 'core.worktree', other);
    await expect(repo.open()).rejects.toMatchObject({
      code: 'E_NO_REPOSITORY',
      hint: expect.stringContaining('core.worktree'),
    });
    repo.git('config', 'core.worktree', repo.folder);
    await expect(repo.open()).rejects.toMatchObject({ code: 'E_NO_REPOSITORY' });
  });

  it('ends when it is interrupted', async () => {
    const reason = new Error('stop');
    await expect(openRepository(repo.root, repo.env, AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  it('is not led to another repository by variables of a hook', async () => {
    const other = tempRepository();
    try {
      const env = { ...repo.env, GIT_DIR: join(other.root, '.git'), GIT_WORK_TREE: other.root };
      expect((await openRepository(repo.root, env)).root).toBe(repo.root);
    } finally {
      other.close();
    }
  });
});

describe('where a repository stands', () => {
  it('is a branch without a commit before the first one', async () => {
    expect(await (await repo.open()).state()).toEqual({ branch: 'main', isShallow: false, isBare: false });
  });

  it('is a commit on a branch, or on none when HEAD is detached', async () => {
    const head = repo.commit('one');
    repo.git('switch', '--quiet', '-c', 'feature/ü#12');
    const opened = await repo.open();
    expect(await opened.state()).toEqual({ head, branch: 'feature/ü#12', isShallow: false, isBare: false });
    repo.git('switch', '--quiet', '--detach');
    expect(await opened.state()).toEqual({ head, isShallow: false, isBare: false });
  });

  const conflict = (): void => {
    repo.write('f', 'base\n');
    repo.commit('base');
    repo.git('switch', '--quiet', '-c', 'side');
    repo.write('f', 'side\n');
    repo.commit('side');
    repo.git('switch', '--quiet', 'main');
    repo.write('f', 'main\n');
    repo.commit('main');
  };
  const failing =
    (...args: string[]) =>
    (): void => {
      expect(() => repo.git(...args)).toThrow();
    };
  it.each([
    ['merge', failing('merge', 'side')],
    ['rebase', failing('rebase', 'side')],
    ['rebase', failing('rebase', '--apply', 'side')],
    ['cherry-pick', failing('cherry-pick', 'side')],
    ['revert', failing('revert', '--no-edit', 'HEAD~1')],
    [
      'am',
      (): void => {
        repo.write('../p.patch', repo.git('format-patch', '--stdout', '-1', 'side'));
        failing('am', join(repo.folder, 'p.patch'))();
      },
    ],
    ['bisect', (): void => void repo.git('bisect', 'start')],
  ] as const)('names a %s in progress', async (operation, start) => {
    conflict();
    start();
    expect((await (await repo.open()).state()).operation).toBe(operation);
  });

  it('names a cherry-pick of several between two of them', async () => {
    conflict();
    repo.git('switch', '--quiet', 'side');
    repo.write('g', 'g\n');
    repo.commit('g');
    repo.git('switch', '--quiet', 'main');
    failing('cherry-pick', 'side~1', 'side')();
    repo.write('f', 'both\n');
    repo.commit('both');
    expect((await (await repo.open()).state()).operation).toBe('cherry-pick');
  });

  it('is said of a shallow clone', async () => {
    repo.commit('one');
    repo.commit('two');
    const clone = join(repo.folder, 'clone');
    repo.git('clone', '--quiet', '--depth=1', `file://${repo.root}`, clone);
    const opened = await repo.open(clone);
    expect((await opened.state()).isShallow).toBe(true);
    await expect(opened.resolve('HEAD~1')).rejects.toMatchObject({
      ...{ code: 'E_REVISION', exitCode: 2, message: expect.stringContaining('shallow') },
      hint: expect.stringContaining('--unshallow'),
    });
    await expect(opened.diff({ staged: true, amend: true })).rejects.toMatchObject({ code: 'E_REVISION' });
  });
});

describe('a revision', () => {
  it('is resolved to its full hash, tags to the commit they are of', async () => {
    const head = repo.commit('one');
    repo.git('tag', '-a', 'v1', '-m', 'v1');
    const opened = await repo.open();
    expect(await opened.resolve('HEAD')).toBe(head);
    expect(await opened.resolve('v1')).toBe(head);
    expect(await opened.resolve(head.slice(0, 8))).toBe(head);
  });

  it('that does not exist is named, with the nearest one that does', async () => {
    repo.commit('one');
    repo.git('branch', 'release');
    const opened = await repo.open();
    await expect(opened.resolve('relase')).rejects.toMatchObject({
      ...{ code: 'E_REVISION', exitCode: 2, message: 'There is no revision relase.' },
      hint: 'Did you mean release?',
    });
    for (const bad of ['--output=x', '', 'a\nb'])
      await expect(opened.resolve(bad)).rejects.toMatchObject({ code: 'E_REVISION' });
  });

  it('is none before the first commit, which is said', async () => {
    await expect((await repo.open()).resolve('HEAD')).rejects.toThrow('no commits yet');
  });

  it('has a merge base with another one, or none', async () => {
    const base = repo.commit('base');
    repo.git('switch', '--quiet', '-c', 'side');
    repo.commit('side');
    repo.git('switch', '--quiet', '--orphan', 'alone');
    repo.commit('alone');
    const opened = await repo.open();
    expect(await opened.mergeBase('main', 'side')).toBe(base);
    expect(await opened.mergeBase('main', 'alone')).toBeUndefined();
    await expect(opened.mergeBase('main', 'gone')).rejects.toMatchObject({ code: 'E_REVISION' });
    await expect(opened.diff({ from: 'main', to: 'alone', symmetric: true })).rejects.toThrow('no commit in common');
  });
});
