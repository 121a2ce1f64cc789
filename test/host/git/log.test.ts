import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tempRepository } from './temp-repository.ts';

let repo: ReturnType<typeof tempRepository>;
beforeEach(() => (repo = tempRepository()));
afterEach(() => repo.close());

describe('the log', () => {
  it('tells commits, newest first, whatever is in their messages', async () => {
    repo.write('a', 'a\n');
    const first = repo.commit('start');
    const message =
      'feat: ü\n\nA body\n\ncommit 1234\n:100644 100644 a b M\n1\t1\tx\n\x01\x1e\n\nSigned-off-by: Ada <ada@example.invalid>';
    repo.write('b', 'b\n');
    const second = repo.commit(message);
    repo.git('tag', 'v1');
    repo.git('tag', '-a', 'v1.1', '-m', 'annotated');
    const opened = await repo.open();
    expect(await opened.log()).toEqual([
      {
        ...{ hash: second, parents: [first], author: 'Ada', email: 'ada@example.invalid' },
        ...{
          at: Date.parse('2026-01-02T03:04:05Z'),
          subject: 'feat: ü',
          body: message.slice(message.indexOf('\n') + 2),
        },
        refs: ['main', 'v1.1', 'v1'].sort((a, b) => (a === 'main' ? -1 : a < b ? 1 : -1)),
      },
      {
        ...{ hash: first, parents: [], author: 'Ada', email: 'ada@example.invalid' },
        ...{ at: Date.parse('2026-01-02T03:04:05Z'), subject: 'start', body: '', refs: [] },
      },
    ]);
  });

  it('tells with each commit what it did to which files', async () => {
    repo.write('line\nbreak', 'x\n'.repeat(10));
    repo.write('image', Buffer.from([0, 1]));
    repo.write('empty', '');
    repo.commit('start');
    repo.git('mv', 'line\nbreak', 'tab\tname');
    repo.write('tab\tname', 'x\n'.repeat(11));
    repo.write('image', Buffer.from([0, 2]));
    repo.git('rm', '--quiet', 'empty');
    repo.commit('change');
    repo.commit('nothing');
    const opened = await repo.open();
    const log = await opened.log({ files: true });
    expect(log.map(({ subject, files }) => [subject, files])).toEqual([
      ['nothing', []],
      [
        'change',
        [
          { path: 'empty', status: 'D', added: 0, deleted: 0 },
          { path: 'image', status: 'M', added: 0, deleted: 0 },
          { path: 'tab\tname', oldPath: 'line\nbreak', status: 'R', added: 1, deleted: 0 },
        ],
      ],
      [
        'start',
        [
          { path: 'empty', status: 'A', added: 0, deleted: 0 },
          { path: 'image', status: 'A', added: 0, deleted: 0 },
          { path: 'line\nbreak', status: 'A', added: 10, deleted: 0 },
        ],
      ],
    ]);
    expect((await opened.log({ paths: ['image'] })).map(({ subject }) => subject)).toEqual(['change', 'start']);
    expect((await opened.log({ limit: 1 })).map(({ subject }) => subject)).toEqual(['nothing']);
    expect(await opened.log({ limit: 0 })).toEqual([]);
  });

  it('does not take the name of a renamed file for anything else', async () => {
    const names = ['1\t1\tx', `:100644 100644 ${'a'.repeat(7)} ${'b'.repeat(7)} M`, 'c'.repeat(40), 'plain'];
    repo.write(names[0]!, 'x\n'.repeat(9));
    repo.commit('start');
    for (const [at, name] of names.slice(1).entries()) {
      repo.git('mv', names[at]!, name);
      repo.commit(`to ${at}`);
    }
    const log = await (await repo.open()).log({ files: true });
    expect(log.map(({ files }) => files?.map(({ path, oldPath, status }) => [status, oldPath, path]))).toEqual([
      [['R', names[2], names[3]]],
      [['R', names[1], names[2]]],
      [['R', names[0], names[1]]],
      [['A', undefined, names[0]]],
    ]);
  });

  it('can leave out merges, follow first parents, and take a range', async () => {
    repo.commit('base');
    repo.git('switch', '--quiet', '-c', 'side');
    repo.write('s', 's\n');
    repo.commit('side');
    repo.git('switch', '--quiet', 'main');
    repo.write('m', 'm\n');
    repo.commit('main');
    repo.git('merge', '--quiet', '--no-ff', '-m', 'merge', 'side');
    const opened = await repo.open();
    const subjects = async (options: Parameters<typeof opened.log>[0]) =>
      (await opened.log(options)).map(({ subject }) => subject);
    expect((await subjects({})).sort()).toEqual(['base', 'main', 'merge', 'side']);
    expect(await subjects({ noMerges: true })).not.toContain('merge');
    expect(await subjects({ firstParent: true })).toEqual(['merge', 'main', 'base']);
    expect(await subjects({ range: 'main..side' })).toEqual([]);
    expect(await subjects({ range: 'main~1..' })).toEqual(['merge', 'side']);
    const [merge] = await opened.log({ firstParent: true, files: true });
    expect(merge?.files?.map(({ path }) => path)).toEqual(['s']);
    expect((await opened.log({ files: true }))[0]?.files).toEqual([]);
  });

  it('is empty before the first commit, and names a range that does not exist', async () => {
    expect(await (await repo.open()).log()).toEqual([]);
    expect(await (await repo.open()).log({ files: true, limit: 5 })).toEqual([]);
    await expect((await repo.open()).log({ range: 'v1..HEAD' })).rejects.toMatchObject({ code: 'E_REVISION' });
    repo.commit('one');
    const opened = await repo.open();
    await expect(opened.log({ range: 'v1..HEAD' })).rejects.toThrow('There is no revision v1.');
    await expect(opened.log({ range: '--output=x' })).rejects.toMatchObject({ code: 'E_REVISION', exitCode: 2 });
  });

  it('reads messages in the encoding they were written in', async () => {
    repo.git('config', 'i18n.commitEncoding', 'ISO-8859-1');
    execFileSync('git', ['commit', '--quiet', '--allow-empty', '--file=-'], {
      cwd: repo.root,
      env: repo.env,
      input: Buffer.from('caf\xe9\n', 'latin1'),
    });
    expect((await (await repo.open()).log())[0]?.subject).toBe('café');
  });

  it('does not say that the oldest commit of a shallow clone made every file', async () => {
    repo.write('a', 'a\n');
    repo.commit('one');
    repo.write('b', 'b\n');
    repo.commit('two');
    const clone = join(repo.folder, 'clone');
    repo.git('clone', '--quiet', '--depth=1', `file://${repo.root}`, clone);
    expect(await (await repo.open(clone)).log({ files: true })).toMatchObject([{ subject: 'two', files: [] }]);
  });

  it('tells 3000 commits in the order git has them', async () => {
    const commits = Array.from(
      { length: 3000 },
      (_, at) =>
        `commit refs/heads/many\ncommitter Ada <a@b> ${1_000_000_000 + at} +0000\ndata ${`n ${at}`.length}\nn ${at}\n`,
    );
    execFileSync('git', ['fast-import', '--quiet'], { cwd: repo.root, env: repo.env, input: commits.join('') });
    const log = await (await repo.open()).log({ range: 'many', files: true });
    expect(log.map(({ subject }) => subject)).toEqual(Array.from({ length: 3000 }, (_, at) => `n ${2999 - at}`));
  });
});

describe('tags and branches', () => {
  it('tags are told newest first, by the commit they are of', async () => {
    const one = repo.commit('one');
    repo.git('tag', 'light');
    repo.env.GIT_COMMITTER_DATE = '2026-02-02T00:00:00Z';
    const two = repo.commit('two');
    repo.git('tag', '-a', 'annotated', '-m', 'x');
    repo.git('tag', 'of-a-tree', 'HEAD^{tree}');
    repo.git('branch', 'light');
    expect(await (await repo.open()).tags()).toEqual([
      { name: 'annotated', hash: two, at: Date.parse('2026-02-02T00:00:00Z') },
      { name: 'light', hash: one, at: Date.parse('2026-01-02T03:04:05Z') },
    ]);
  });

  it('the default base is what the remote calls its own, then main or master, but never the branch itself', async () => {
    repo.commit('one');
    const opened = await repo.open();
    expect(await opened.defaultBase()).toBeUndefined();
    repo.git('switch', '--quiet', '-c', 'feature');
    expect(await opened.defaultBase()).toBe('main');
    repo.git('update-ref', 'refs/remotes/origin/master', 'HEAD');
    expect(await opened.defaultBase()).toBe('origin/master');
    repo.git('update-ref', 'refs/remotes/origin/trunk', 'HEAD');
    repo.git('symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/trunk');
    expect(await opened.defaultBase()).toBe('origin/trunk');
    repo.git('switch', '--quiet', 'main');
    expect(await opened.defaultBase()).toBe('origin/trunk');
  });

  it('settings are read, and where hooks lie', async () => {
    const opened = await repo.open();
    expect(await opened.config('user.signingKey')).toBeUndefined();
    expect(await opened.config('core.bare')).toBe('false');
    expect(await opened.hooksPath()).toEqual({ path: join(repo.root, '.git/hooks'), configured: false });
    repo.git('config', 'core.hooksPath', '.husky/_');
    expect(await opened.hooksPath()).toEqual({ path: join(repo.root, '.husky/_'), configured: true, scope: 'local' });
    repo.git('config', '--unset', 'core.hooksPath');
    repo.git('config', '--global', 'core.hooksPath', '~/hooks');
    expect(await opened.hooksPath()).toEqual({ path: join(repo.home, 'hooks'), configured: true, scope: 'global' });
  });
});
