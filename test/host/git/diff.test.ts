import { chmodSync, lutimesSync, mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Diff } from '../../../src/core/diff.ts';
import { nothing } from '../../../src/host/git/revisions.ts';
import { tempRepository } from './temp-repository.ts';

let repo: ReturnType<typeof tempRepository>;
beforeEach(() => (repo = tempRepository()));
afterEach(() => repo.close());

/** Each file in a line: what happened, where, what it is, how many lines. */
const summary = ({ files }: Diff): string[] =>
  files.map(
    ({ status, path, oldPath, content, added, deleted }) =>
      `${status} ${oldPath === undefined ? '' : `${oldPath} → `}${path} (${content}) +${added} -${deleted}`,
  );
const many = (count: number): string => Array.from({ length: count }, (_, at) => `line ${at}\n`).join('');

describe('the staged diff', () => {
  it('is what the next commit would change, whatever the work tree says', async () => {
    repo.write('a.txt', 'one\ntwo\n');
    repo.write('gone.txt', 'x\n');
    repo.commit('start');
    repo.write('a.txt', 'one\nTWO\n');
    repo.write('new file.txt', 'n');
    repo.git('rm', '--quiet', 'gone.txt');
    repo.git('add', '--all');
    repo.write('a.txt', 'later\n');
    repo.write('untracked.txt', 'u\n');
    const diff = await (await repo.open()).diff({ staged: true });
    expect(diff.title).toBe('staged');
    expect(summary(diff)).toEqual([
      'modified a.txt (text) +1 -1',
      'deleted gone.txt (text) +0 -1',
      'added new file.txt (text) +1 -0',
    ]);
    expect(diff.files[0]?.hunks[0]?.lines.map(({ text }) => text)).toEqual(['one', 'two', 'TWO']);
    expect(diff.files[2]?.hunks[0]?.lines).toEqual([{ kind: 'added', text: 'n', newLine: 1, noNewline: true }]);
  });

  it('is everything before the first commit, and nothing when nothing is staged', async () => {
    const opened = await repo.open();
    expect(await opened.diff({ staged: true })).toEqual({ files: [], title: 'staged' });
    repo.write('a.txt', 'a\n');
    repo.git('add', '--all');
    expect(summary(await opened.diff({ staged: true }))).toEqual(['added a.txt (text) +1 -0']);
    expect(summary(await opened.diff({ staged: true, amend: true }))).toEqual(['added a.txt (text) +1 -0']);
    repo.write('b.txt', 'b\n');
    expect(summary(await opened.diff({ worktree: true }))).toEqual([
      'added a.txt (text) +1 -0',
      'added b.txt (text) +1 -0',
    ]);
    expect((await opened.patch({ staged: true }, { maxBytes: 1000 })).text).toContain('+a\n');
  });

  it('with amend goes back before the last commit, also when that was the first one', async () => {
    repo.write('a.txt', 'a\n');
    repo.commit('first');
    repo.write('b.txt', 'b\n');
    const opened = await repo.open();
    expect(summary(await opened.diff({ staged: true, amend: true }))).toEqual(['added a.txt (text) +1 -0']);
    repo.commit('second');
    repo.write('c.txt', 'c\n');
    repo.git('add', '--all');
    expect(summary(await opened.diff({ staged: true, amend: true }))).toEqual([
      'added b.txt (text) +1 -0',
      'added c.txt (text) +1 -0',
    ]);
  });

  it('leaves out what is only meant to be added', async () => {
    repo.commit('start');
    repo.write('later.txt', 'x\n');
    repo.git('add', '--intent-to-add', 'later.txt');
    const opened = await repo.open();
    expect(summary(await opened.diff({ staged: true }))).toEqual([]);
    expect(summary(await opened.diff({ worktree: true }))).toEqual(['added later.txt (text) +1 -0']);
  });

  it('knows renames, modes, links, type changes, binary files, pointers of LFS and submodules', async () => {
    const sub = tempRepository();
    try {
      sub.commit('sub one');
      repo.write('moved.txt', many(20));
      repo.write('run.sh', 'true\n');
      repo.write('becomes-link', 'text\n');
      repo.write('image.png', Buffer.from([0, 1, 2]));
      repo.write('big.bin', `version https://git-lfs.github.com/spec/v1\noid sha256:${'a'.repeat(64)}\nsize 10\n`);
      repo.write('was-lfs', `version https://git-lfs.github.com/spec/v1\noid sha256:${'c'.repeat(64)}\nsize 10\n`);
      repo.git('submodule', '--quiet', 'add', sub.root, 'sub');
      repo.commit('start');
      mkdirSync(join(repo.root, 'folder'));
      renameSync(join(repo.root, 'moved.txt'), join(repo.root, 'folder/moved.txt'));
      repo.write('folder/moved.txt', many(21));
      chmodSync(join(repo.root, 'run.sh'), 0o755);
      rmSync(join(repo.root, 'becomes-link'));
      symlinkSync('target', join(repo.root, 'becomes-link'));
      symlinkSync('elsewhere', join(repo.root, 'link'));
      repo.write('image.png', Buffer.from([0, 1, 3]));
      repo.write('big.bin', `version https://git-lfs.github.com/spec/v1\noid sha256:${'b'.repeat(64)}\nsize 11\n`);
      repo.write('was-lfs', 'now text\n');
      const next = sub.commit('sub two');
      repo.gitIn(join(repo.root, 'sub'), 'fetch', '--quiet');
      repo.gitIn(join(repo.root, 'sub'), 'checkout', '--quiet', next);
      repo.git('add', '--all');
      const opened = await repo.open();
      const expected = [
        'retyped becomes-link (symlink) +1 -1',
        'modified big.bin (lfs) +2 -2',
        'renamed moved.txt → folder/moved.txt (text) +1 -0',
        'modified image.png (binary) +0 -0',
        'added link (symlink) +1 -0',
        'modified run.sh (text) +0 -0',
        'modified sub (submodule) +1 -1',
        'modified was-lfs (text) +1 -3',
      ];
      const diff = await opened.diff({ staged: true });
      expect(summary(diff)).toEqual(expected);
      expect(diff.files.find(({ path }) => path === 'run.sh')).toMatchObject({
        oldMode: '100644',
        newMode: '100755',
        hunks: [],
      });
      expect(diff.files.find(({ path }) => path === 'sub')).toMatchObject({ newMode: '160000', newId: next });
      expect(summary(await opened.diff({ worktree: true }))).toEqual(expected);
      const ids = diff.files.flatMap(({ oldId, newId }) => [oldId, newId].filter((id) => id !== undefined));
      const texts = await opened.contents([...ids, 'f'.repeat(40), 'not an id']);
      expect(texts.get(diff.files.find(({ path }) => path === 'was-lfs')?.newId ?? '')).toBe('now text\n');
      expect(texts.has(next)).toBe(false);
    } finally {
      sub.close();
    }
  });

  it('names unmerged paths during a merge', async () => {
    repo.write('f', 'base\n');
    repo.write('kept', 'base\n');
    repo.commit('base');
    repo.git('switch', '--quiet', '-c', 'side');
    repo.write('f', 'side\n');
    repo.write('g', 'g\n');
    repo.git('rm', '--quiet', 'kept');
    repo.commit('side');
    repo.git('switch', '--quiet', 'main');
    repo.write('f', 'main\n');
    repo.write('kept', 'main\n');
    repo.commit('main');
    expect(() => repo.git('merge', 'side')).toThrow();
    const opened = await repo.open();
    expect(summary(await opened.diff({ staged: true }))).toEqual([
      'unmerged f (text) +0 -0',
      'added g (text) +1 -0',
      'unmerged kept (text) +0 -0',
    ]);
    const diff = await opened.diff({ worktree: true });
    expect(summary(diff)).toEqual(['unmerged f (text) +4 -0', 'added g (text) +1 -0', 'unmerged kept (text) +0 -0']);
    expect(diff.files[0]?.hunks[0]?.lines.map(({ text }) => text)).toContain('=======');
  });

  it('tells names apart whatever is in them, and can be asked for one of them', async () => {
    const names = [
      'with space',
      'line\nbreak',
      'tab\there',
      'quote"s',
      'back\\slash',
      'ünï – 名',
      '*',
      ':(top)x',
      ' b/x',
      'a b/a',
      '-rf',
    ];
    for (const name of names) repo.write(name, 'x\n');
    repo.commit('start');
    for (const name of names) repo.write(name, `${name}\n`);
    repo.git('add', '--all');
    const opened = await repo.open();
    const diff = await opened.diff({ staged: true });
    expect(diff.files.map(({ path }) => path).sort()).toEqual([...names].sort());
    for (const { path, hunks, added } of diff.files) {
      expect(
        hunks[0]?.lines
          .filter(({ kind }) => kind === 'added')
          .map(({ text }) => text)
          .join('\n'),
      ).toBe(path);
      expect(added).toBe(path.split('\n').length);
    }
    expect(summary(await opened.diff({ staged: true }, { paths: ['*'] }))).toEqual(['modified * (text) +1 -1']);
  });

  it('shows a name that is not UTF-8 with replacement characters, and its text by its id', async () => {
    repo.commit('start');
    // No call of node names such a file.
    execFileSync('sh', ['-c', "printf 'caf\\351\\n' > \"$(printf 'caf\\351')\""], { cwd: repo.root });
    repo.git('add', '--all');
    const opened = await repo.open();
    const { files } = await opened.diff({ staged: true });
    expect(files).toMatchObject([{ path: 'caf\uFFFD', hunks: [{ lines: [{ text: 'caf\uFFFD' }] }] }]);
    expect((await opened.contents([files[0]?.newId ?? ''])).get(files[0]?.newId ?? '')).toBe('caf\uFFFD\n');
  });

  it('keeps CRLF', async () => {
    repo.write('a.txt', 'a\r\nb\r\n');
    repo.commit('start');
    repo.write('a.txt', 'a\r\nB\r\n');
    repo.git('add', '--all');
    const { files } = await (await repo.open()).diff({ staged: true });
    expect(files[0]?.hunks[0]?.lines.map(({ text }) => text)).toEqual(['a\r', 'b\r', 'B\r']);
  });

  it('marks what nobody wrote by hand', async () => {
    repo.commit('start');
    repo.write('package-lock.json', '{}\n');
    repo.write('src/api.ts', '// @generated by a tool\nexport {};\n');
    repo.write('src/own.ts', 'export {};\n');
    repo.git('add', '--all');
    const { files } = await (await repo.open()).diff({ staged: true });
    expect(files.map(({ path, made }) => [path, made])).toEqual([
      ['package-lock.json', 'lockfile'],
      ['src/api.ts', 'generated'],
      ['src/own.ts', undefined],
    ]);
  });

  it('gives as much context as is asked for', async () => {
    repo.write('a.txt', many(40));
    repo.commit('start');
    repo.write('a.txt', many(40).replace('line 20\n', 'LINE 20\n'));
    repo.git('add', '--all');
    const opened = await repo.open();
    for (const [context, lines] of [
      [undefined, 8],
      [0, 2],
      [5, 12],
    ] as const) {
      const { files } = await opened.diff({ staged: true }, context === undefined ? {} : { context });
      expect(files[0]?.hunks[0]?.lines).toHaveLength(lines);
    }
  });

  it('counts a diff of 100,000 lines, and keeps only the files that can be read', async () => {
    repo.commit('start');
    repo.write('huge.sql', many(100_000));
    repo.write('long.txt', 'x'.repeat(3_000_000));
    repo.write('small.txt', 's\n');
    const opened = await repo.open();
    const expected = [
      ['huge.sql', 100_000, 0, 'too large'],
      ['small.txt', 1, 1, undefined],
    ];
    const told = ({ files }: Diff) =>
      files
        .filter(({ path }) => path !== 'long.txt')
        .map(({ path, added, hunks, omitted }) => [path, added, hunks.length, omitted]);
    expect(told(await opened.diff({ worktree: true }))).toEqual(expected);
    repo.git('add', '--all');
    const diff = await opened.diff({ staged: true });
    expect(told(diff)).toEqual(expected);
    expect(diff.files.find(({ path }) => path === 'long.txt')).toMatchObject({ omitted: 'too large', hunks: [] });
  });
});

describe('the diff of the work tree', () => {
  it('has untracked files, but no ignored ones, links’ targets, pipes, or other repositories', async () => {
    repo.write('.gitignore', 'ignored/\n');
    repo.commit('start');
    repo.write('ignored/x', 'x\n');
    repo.write('new/a.sh', 'a\nb\n');
    chmodSync(join(repo.root, 'new/a.sh'), 0o755);
    repo.write('new/data', Buffer.from([1, 0, 2]));
    repo.write('new/empty', '');
    writeFileSync(join(repo.folder, 'secret'), 'secret\n');
    symlinkSync('../secret', join(repo.root, 'link'));
    execFileSync('mkfifo', [join(repo.root, 'pipe')]);
    mkdirSync(join(repo.root, 'nested'));
    repo.gitIn(join(repo.root, 'nested'), 'init', '--quiet');
    repo.write('nested/n', 'n\n');
    const opened = await repo.open();
    const diff = await opened.diff({ worktree: true });
    expect(summary(diff)).toEqual([
      'added link (symlink) +1 -0',
      'added new/a.sh (text) +2 -0',
      'added new/data (binary) +0 -0',
      'added new/empty (text) +0 -0',
    ]);
    expect(diff.files[0]?.hunks[0]?.lines[0]?.text).toBe('../secret');
    expect(diff.files[1]).toMatchObject({ newMode: '100755' });
    expect(summary(await opened.diff({ worktree: true }, { paths: ['new/a.sh'] }))).toEqual([
      'added new/a.sh (text) +2 -0',
    ]);
  });

  it('has the same lines for an untracked file as git has once it is staged', async () => {
    repo.commit('start');
    for (const [name, text] of [
      ['a', 'a\n'],
      ['b', 'a\n\nb'],
      ['c', '\n'],
      ['d', 'x\r\ny\r\n'],
      ['e', ''],
    ] as const)
      repo.write(name, text);
    const opened = await repo.open();
    const untracked = await opened.diff({ worktree: true });
    repo.git('add', '--all');
    const staged = await opened.diff({ staged: true });
    expect(untracked.files.map(({ hunks }) => hunks)).toEqual(staged.files.map(({ hunks }) => hunks));
  });

  it('neither counts a file that was only touched, nor writes the index', async () => {
    repo.write('a.txt', 'a\n');
    repo.write('b.txt', 'b\n');
    symlinkSync('a.txt', join(repo.root, 'link'));
    repo.commit('start');
    utimesSync(join(repo.root, 'a.txt'), 1000, 1000);
    lutimesSync(join(repo.root, 'link'), 1000, 1000);
    repo.write('b.txt', 'B\n');
    const before = repo.indexState();
    const opened = await repo.open();
    expect(summary(await opened.diff({ worktree: true }))).toEqual(['modified b.txt (text) +1 -1']);
    expect(summary(await opened.diff({ staged: true }))).toEqual([]);
    await opened.state();
    expect(repo.indexState()).toBe(before);
  });

  it('takes files that a sparse checkout leaves out for what they are', async () => {
    repo.write('in/a', 'a\n');
    repo.write('out/b', 'b\n');
    repo.commit('start');
    repo.git('sparse-checkout', 'set', 'in');
    repo.write('in/a', 'A\n');
    const opened = await repo.open();
    expect(summary(await opened.diff({ worktree: true }))).toEqual(['modified in/a (text) +1 -1']);
    expect(summary(await opened.diff({ staged: true }))).toEqual([]);
  });
});

describe('the diff of two revisions', () => {
  it('from nothing on is all that is there', async () => {
    repo.write('a.txt', 'a\n');
    const first = repo.commit('first');
    repo.write('b.txt', 'b\n');
    repo.commit('second');
    const opened = await repo.open();
    expect(summary(await opened.diff({ from: nothing, to: first }))).toEqual(['added a.txt (text) +1 -0']);
    expect(summary(await opened.diff({ from: nothing, to: 'HEAD', symmetric: true }))).toHaveLength(2);
  });

  it('compares them as they are, or from their merge base on', async () => {
    repo.write('a', 'a\n');
    repo.commit('base');
    repo.git('switch', '--quiet', '-c', 'side');
    repo.write('side', 's\n');
    repo.commit('side');
    repo.git('switch', '--quiet', 'main');
    repo.write('main', 'm\n');
    repo.commit('main');
    const opened = await repo.open();
    const two = await opened.diff({ from: 'main', to: 'side' });
    expect([two.title, ...summary(two)]).toEqual([
      'main..side',
      'deleted main (text) +0 -1',
      'added side (text) +1 -0',
    ]);
    const three = await opened.diff({ from: 'main', to: 'side', symmetric: true });
    expect([three.title, ...summary(three)]).toEqual(['main...side', 'added side (text) +1 -0']);
    expect(summary(await opened.diff({ from: 'side', to: 'side' }))).toEqual([]);
  });

  it('names the end that does not exist', async () => {
    repo.commit('base');
    const opened = await repo.open();
    await expect(opened.diff({ from: 'gone', to: 'HEAD' })).rejects.toThrow('There is no revision gone.');
    await expect(opened.diff({ from: 'HEAD', to: 'gone', symmetric: true })).rejects.toMatchObject({
      code: 'E_REVISION',
    });
  });

  it('works where objects have SHA-256 names', async () => {
    const other = tempRepository();
    try {
      rmSync(join(other.root, '.git'), { recursive: true });
      other.git('init', '--quiet', '--object-format=sha256');
      other.write('a', 'a\n');
      other.git('add', '--all');
      const opened = await other.open();
      const { files } = await opened.diff({ staged: true });
      expect(files).toMatchObject([{ path: 'a', newId: expect.stringMatching(/^[0-9a-f]{64}$/) }]);
      expect([...(await opened.contents([files[0]?.newId ?? ''])).values()]).toEqual(['a\n']);
    } finally {
      other.close();
    }
  });
});

describe('a patch', () => {
  it('is what git would apply, and is cut at the end of a line', async () => {
    repo.write('a', many(10));
    repo.commit('start');
    repo.write('a', `${many(10)}more\n`);
    repo.git('add', '--all');
    const opened = await repo.open();
    const { text, cut } = await opened.patch({ staged: true }, { maxBytes: 10_000 });
    expect(cut).toBe(false);
    repo.git('reset', '--quiet', '--hard');
    expect(await opened.patchProblem(text, 'index')).toBeUndefined();
    expect(await opened.patchProblem(text, 'worktree')).toBeUndefined();
    repo.write('a', 'other\n');
    expect(await opened.patchProblem(text, 'index')).toBeUndefined();
    expect(await opened.patchProblem(text, 'worktree')).toMatch(/patch failed: a:8|does not apply/);
    expect(await opened.patchProblem('no patch\n', 'worktree')).toMatch(/No valid patches|unrecognized/i);
    expect(repo.read('a')).toBe('other\n');
    repo.git('checkout', '--quiet', 'a');
    repo.write('a', many(5000));
    repo.git('add', '--all');
    const short = await opened.patch({ staged: true }, { maxBytes: 1000 });
    expect(short.cut).toBe(true);
    expect(Buffer.byteLength(short.text)).toBeLessThanOrEqual(1000);
    expect(short.text.endsWith('\n')).toBe(true);
  });
});

describe('contents', () => {
  it('are read by id, those that are too large or no files left out', async () => {
    repo.write('a', 'ä\n\nwith 0123 missing\n');
    repo.write('empty', '');
    repo.write('big', 'x'.repeat(5000));
    repo.commit('start');
    const opened = await repo.open();
    const id = (path: string): string => repo.git('rev-parse', `HEAD:${path}`).trim();
    const ids = [id('a'), id('big'), id('empty'), repo.git('rev-parse', 'HEAD').trim(), '0'.repeat(40), id('a')];
    expect(await opened.contents(ids, 1000)).toEqual(
      new Map([
        [id('a'), 'ä\n\nwith 0123 missing\n'],
        [id('empty'), ''],
      ]),
    );
    expect((await opened.contents(ids)).get(id('big'))).toHaveLength(5000);
    expect(await opened.contents([])).toEqual(new Map());
  });
});
