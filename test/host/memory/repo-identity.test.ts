import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { normalisedRemote, repoIdentity, wholeCommit } from '../../../src/host/memory/repo-identity.ts';
import { gitIn } from '../../support/memory-setup.ts';

describe('the URL of a remote', () => {
  it.each([
    ['https://user:token@GitHub.com:443/Owner/Name.git/', 'github.com/Owner/Name'],
    ['ssh://git@github.com:22/Owner/Name', 'github.com/Owner/Name'],
    ['git@GITHUB.com:Owner/Name.git', 'github.com/Owner/Name'],
    ['github.com:Owner/Name', 'github.com/Owner/Name'],
    ['git+ssh://git@github.com/Owner//Name', 'github.com/Owner/Name'],
    ['git://github.com/Owner/Name.git?x=1#y', 'github.com/Owner/Name'],
    ['https://git.example.org:8443/a/b/c.git', 'git.example.org:8443/a/b/c'],
    ['ssh://example.org/~/name.git', 'example.org/name'],
    ['git@[::1]:a/b.git', '[::1]/a/b'],
  ])('is the same however it is written: %s', (remote, identity) => {
    expect(normalisedRemote(remote)).toBe(identity);
  });

  it.each([
    '/srv/git/name.git',
    '../name',
    'file:///srv/git/name',
    'C:\\name',
    'https://',
    'https://host/',
    '',
    'http://[',
  ])('says nothing when it is a path or none: %s', (remote) => {
    expect(normalisedRemote(remote)).toBeUndefined();
  });
});

describe('the identity of a repository', () => {
  let base: string;
  beforeEach(() => {
    base = realpathSync(mkdtempSync(join(tmpdir(), 'identity-')));
  });
  afterEach(() => {
    rmSync(base, { recursive: true, force: true });
  });
  const repository = (name: string): string => {
    const root = join(base, name);
    mkdirSync(join(root, 'src'), { recursive: true });
    gitIn(root, 'init', '-q');
    gitIn(root, 'commit', '-q', '--allow-empty', '-m', `first of ${name}`);
    return root;
  };

  it('is its first commit where no remote names it, wherever it lies', async () => {
    const root = repository('a');
    const first = gitIn(root, 'rev-parse', 'HEAD');
    gitIn(root, 'commit', '-q', '--allow-empty', '-m', 'second');
    expect(await repoIdentity(join(root, 'src'), process.env)).toEqual({
      repo: `commit:${first}`,
      branch: 'main',
      top: root,
    });
    renameSync(root, join(base, 'moved'));
    gitIn(base, 'clone', '-q', join(base, 'moved'), join(base, 'cloned'));
    for (const name of ['moved', 'cloned'])
      expect(await repoIdentity(join(base, name), process.env)).toMatchObject({ repo: `commit:${first}` });
  });

  it('is the same on a branch with a history of its own, and with changes stashed', async () => {
    const root = repository('a');
    const { repo } = await repoIdentity(root, process.env);
    gitIn(root, 'checkout', '-q', '--orphan', 'pages');
    gitIn(root, 'commit', '-q', '--allow-empty', '-m', 'pages', '--date', '2001-01-01T00:00:00');
    writeFileSync(join(root, 'x'), 'x');
    gitIn(root, 'stash', '-q', '-u');
    expect((await repoIdentity(root, process.env)).repo).toBe(repo);
  });

  it('is its path outside of git, before the first commit and in a shallow clone without a remote', async () => {
    const plain = join(base, 'plain');
    mkdirSync(plain);
    expect(await repoIdentity(plain, process.env)).toEqual({ repo: `path:${plain}`, branch: undefined, top: plain });
    gitIn(plain, 'init', '-q');
    expect(await repoIdentity(plain, process.env)).toMatchObject({ repo: `path:${plain}`, branch: 'main' });
    const root = repository('a');
    gitIn(root, 'commit', '-q', '--allow-empty', '-m', 'second');
    const shallow = join(base, 'shallow');
    gitIn(base, 'clone', '-q', '--depth', '1', `file://${root}`, shallow);
    expect(await repoIdentity(shallow, process.env)).toMatchObject({ repo: `path:${shallow}` });
  });

  it('has no branch when none is checked out', async () => {
    const root = repository('a');
    gitIn(root, 'checkout', '-q', '--detach');
    expect((await repoIdentity(root, process.env)).branch).toBeUndefined();
  });

  it('runs no program that the configuration of the folder names', async () => {
    const root = repository('a');
    const mark = join(base, 'ran');
    gitIn(root, 'config', 'core.fsmonitor', `touch ${mark}`);
    gitIn(root, 'config', 'core.pager', `touch ${mark}`);
    gitIn(root, 'config', 'core.sshCommand', `touch ${mark}`);
    gitIn(root, 'remote', 'add', 'origin', 'ssh://git@example.org/a/b');
    expect((await repoIdentity(root, process.env)).repo).toBe('example.org/a/b');
    await expect(import('node:fs').then(({ existsSync }) => existsSync(mark))).resolves.toBe(false);
  });

  it('completes the id of a commit and knows none that is not there', async () => {
    const root = repository('a');
    const head = gitIn(root, 'rev-parse', 'HEAD');
    expect(await wholeCommit(root, process.env, head.slice(0, 8))).toBe(head);
    for (const wrong of ['0123456789', 'HEAD', '--all', ''])
      expect(await wholeCommit(root, process.env, wrong)).toBeUndefined();
  });
});
