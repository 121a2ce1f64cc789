import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { openSnapshots, type Snapshots } from '../../src/host/snapshots.ts';

const base = realpathSync(mkdtempSync(join(tmpdir(), 'snapshots-')));
const opened: Snapshots[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

let folders = 0;
const fresh = (): string => {
  const path = join(base, `f${(folders += 1)}`);
  mkdirSync(path);
  return path;
};
const git = (cwd: string, ...args: string[]): string =>
  execFileSync('git', ['-c', 'user.email=a@b.c', '-c', 'user.name=n', '-c', 'commit.gpgsign=false', ...args], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
const put = (root: string, files: Record<string, string>): void => {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
};
const project = (files: Record<string, string>): string => {
  const root = fresh();
  put(root, files);
  return root;
};
const repository = (files: Record<string, string>): string => {
  const root = project(files);
  git(root, 'init', '-q');
  git(root, 'add', '-A');
  git(root, 'commit', '-qm', 'first');
  return root;
};
const open = (root: string, dataDir = join(base, `data${folders}`)): Snapshots => {
  const one = openSnapshots({ root, dataDir });
  opened.push(one);
  return one;
};
const digestOf = (root: string): Promise<string> => open(root, fresh()).digest();
/** Everything in a folder with content, modification time aside. */
const everything = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return entry.isFile() ? `${path} ${readFileSync(path, 'base64')}` : path;
    })
    .sort();

describe('digest', () => {
  it('is the same for the same content, wherever and whenever it is taken', async () => {
    const files = { 'a.txt': 'one\n', 'sub/b.txt': 'two\r\n' };
    const digests = await Promise.all([project(files), repository(files), repository(files)].map(digestOf));
    expect(new Set(digests).size).toBe(1);
    const root = repository(files);
    const one = open(root);
    const first = await one.digest();
    expect(first).toBe(digests[0]);
    utimesSync(join(root, 'a.txt'), 1, 1);
    expect(await one.digest()).toBe(first);
    put(root, { 'a.txt': 'other\n' });
    expect(await one.digest()).not.toBe(first);
    put(root, { 'a.txt': 'one\n' });
    expect(await one.digest()).toBe(first);
  });

  it('sees a change of the same size within the same clock tick', async () => {
    const root = project({ 'a.txt': 'aaa' });
    const one = open(root);
    const seen = new Set([await one.digest()]);
    for (const content of ['bbb', 'ccc', 'ddd', 'eee']) {
      put(root, { 'a.txt': content });
      seen.add(await one.digest());
    }
    expect(seen.size).toBe(5);
  });

  it('does not depend on conversions git would make', async () => {
    const files = { 'a.txt': 'one\r\ntwo\r\n', 'id.txt': '$Id$\n', 'enc.txt': 'x\n' };
    const plain = await digestOf(
      project({ ...files, '.gitattributes': '*.txt text eol=crlf ident\nenc.txt working-tree-encoding=UTF-16\n' }),
    );
    const root = fresh();
    git(root, 'init', '-q');
    git(root, 'config', 'core.autocrlf', 'true');
    put(root, { ...files, '.gitattributes': '*.txt text eol=crlf ident\nenc.txt working-tree-encoding=UTF-16\n' });
    expect(await digestOf(root)).toBe(plain);
    const one = open(root);
    const from = await one.digest();
    put(root, { 'a.txt': 'one\ntwo\n' });
    expect(await one.changes(from, await one.digest())).toEqual([{ kind: 'modified', path: 'a.txt' }]);
  });

  it('counts modes and links', async () => {
    const root = project({ run: '#!/bin/sh\n' });
    const one = open(root);
    const plain = await one.digest();
    chmodSync(join(root, 'run'), 0o755);
    const executable = await one.digest();
    expect(executable).not.toBe(plain);
    symlinkSync('run', join(root, 'link'));
    const linked = await one.digest();
    unlinkSync(join(root, 'link'));
    symlinkSync('elsewhere', join(root, 'link'));
    expect(await one.changes(linked, await one.digest())).toEqual([{ kind: 'modified', path: 'link' }]);
  });

  it('takes calls at the same time one after the other', async () => {
    const one = open(project({ a: 'a' }));
    const digests = await Promise.all([one.digest(), one.digest(), one.digest()]);
    expect(new Set(digests).size).toBe(1);
  });

  it('works in an empty folder', async () => {
    expect(await digestOf(fresh())).toBe('4b825dc642cb6eb9a060e54bf8d69288fbee4904');
  });

  it('leaves the repository of the user untouched', async () => {
    const root = repository({ 'a.txt': 'one\n', 'b.txt': 'two\n' });
    put(root, { 'a.txt': 'changed\n', 'new.txt': 'new\n' });
    git(root, 'add', 'new.txt');
    put(join(root, '.git', 'hooks'), { 'post-index-change': '#!/bin/sh\ntouch hook-ran\n' });
    chmodSync(join(root, '.git', 'hooks', 'post-index-change'), 0o755);
    const before = everything(root);
    const one = open(root);
    const from = await one.digest();
    put(root, { 'c.txt': 'three\n' });
    await one.diff(from, await one.digest());
    unlinkSync(join(root, 'c.txt'));
    expect(everything(root)).toEqual(before);
  });

  it('works without a commit, in the middle of a rebase and with a locked index', async () => {
    const root = fresh();
    git(root, 'init', '-q', '-b', 'main');
    put(root, { a: 'base\n' });
    const unborn = await digestOf(root);
    git(root, 'add', '-A');
    git(root, 'commit', '-qm', 'base');
    git(root, 'checkout', '-qb', 'side');
    put(root, { a: 'side\n' });
    git(root, 'commit', '-qam', 'side');
    git(root, 'checkout', '-q', 'main');
    put(root, { a: 'main\n' });
    git(root, 'commit', '-qam', 'main');
    expect(() => git(root, 'rebase', '-q', 'side')).toThrow();
    writeFileSync(join(root, '.git', 'index.lock'), '');
    expect(readFileSync(join(root, 'a'), 'utf8')).toContain('<<<<<<<');
    const conflicted = await digestOf(root);
    put(root, { a: 'base\n' });
    expect(await digestOf(root)).toBe(unborn);
    expect(conflicted).not.toBe(unborn);
  });

  it('is not led astray by the variables git sets in a hook', async () => {
    const other = repository({ other: 'x' });
    const root = repository({ a: 'a' });
    process.env.GIT_DIR = join(other, '.git');
    process.env.GIT_INDEX_FILE = join(other, '.git', 'index');
    process.env.GIT_WORK_TREE = other;
    try {
      expect(await digestOf(root)).toBe(await digestOf(project({ a: 'a' })));
    } finally {
      delete process.env.GIT_DIR;
      delete process.env.GIT_INDEX_FILE;
      delete process.env.GIT_WORK_TREE;
    }
  });
});

describe('what git ignores', () => {
  it('does not count, by .gitignore, info/exclude and core.excludesFile', async () => {
    const root = repository({ '.gitignore': 'by-file/\n', a: 'a' });
    writeFileSync(join(root, '.git', 'info', 'exclude'), '/by-exclude\n');
    put(root, { '../excludes': '*.tmp\n' });
    git(root, 'config', 'core.excludesFile', join(root, '..', 'excludes'));
    const one = open(root);
    const from = await one.digest();
    put(root, { 'by-file/x': '1', 'by-exclude': '1', 'x.tmp': '1' });
    expect(await one.digest()).toBe(from);
    expect(await one.ignored(['by-file', 'x.tmp'])).toEqual(['by-file', 'x.tmp']);
  });

  it('counts when the repository tracks it all the same', async () => {
    const root = repository({ a: 'a', 'build/out.js': '1' });
    put(root, { '.gitignore': 'build/\n' });
    const one = open(root);
    const from = await one.digest();
    put(root, { 'build/out.js': '2', 'build/other.js': '1' });
    const to = await one.digest();
    expect(await one.changes(from, to)).toEqual([{ kind: 'modified', path: 'build/out.js' }]);
    rmSync(join(root, 'build'), { recursive: true });
    expect(await one.changes(from, await one.digest())).toEqual([{ kind: 'deleted', path: 'build/out.js' }]);
    put(root, { 'build/out.js': '2' });
    expect(await one.digest()).toBe(to);
  });

  it('is forgotten when a rule comes to ignore it, as if it had never been seen', async () => {
    const root = project({ a: 'a', 'dist/x': 'x' });
    const one = open(root);
    await one.digest();
    put(root, { '.gitignore': 'dist\n' });
    expect(await one.digest()).toBe(await digestOf(root));
    rmSync(join(root, '.gitignore'));
    expect(await one.digest()).toBe(await digestOf(root));
  });

  it('is forgotten too when the rule changed between two processes', async () => {
    const root = repository({ a: 'a' });
    put(root, { 'notes.txt': 'n' });
    const dataDir = fresh();
    const first = open(root, dataDir);
    await first.digest();
    await first.close();
    writeFileSync(join(root, '.git', 'info', 'exclude'), 'notes.txt\n');
    expect(await open(root, dataDir).digest()).toBe(await digestOf(project({ a: 'a' })));
  });
});

describe('a root below the top of its repository', () => {
  it('counts only its own files and obeys the rules of the folders above', async () => {
    const top = repository({ '.gitignore': 'node_modules/\n/packages/a/gen\n', 'packages/a/x.ts': 'x', other: 'o' });
    const root = join(top, 'packages', 'a');
    put(root, { 'node_modules/m/index.js': '1', gen: 'g' });
    const one = open(root);
    const from = await one.digest();
    expect(from).toBe(await digestOf(project({ 'x.ts': 'x' })));
    put(top, { other: 'changed' });
    expect(await one.digest()).toBe(from);
    put(root, { 'y.ts': 'y\n' });
    const to = await one.digest();
    expect(await one.changes(from, to)).toEqual([{ kind: 'added', path: 'y.ts' }]);
    expect(await one.diff(from, to)).toContain('+++ b/y.ts');
    expect(await one.ignored(['node_modules'])).toEqual(['node_modules']);
    rmSync(join(root, 'x.ts'));
    rmSync(join(root, 'y.ts'));
    expect(await one.digest()).toBe('4b825dc642cb6eb9a060e54bf8d69288fbee4904');
  });

  it('stands alone when the repository ignores it', async () => {
    const top = repository({ '.gitignore': '/work\n', a: 'a' });
    put(top, { 'work/x': 'x' });
    expect(await digestOf(join(top, 'work'))).toBe(await digestOf(project({ x: 'x' })));
  });
});

describe('odd things in a workspace', () => {
  it('counts the files of nested repositories like any others, with and without commits', async () => {
    const root = repository({ a: 'a' });
    put(root, {
      'nested/x': '1',
      'deep/unborn/y': '1',
      'deep/unborn/.gitignore': 'z',
      'deep/unborn/z': '1',
      'empty/.git/x': '',
    });
    git(join(root, 'nested'), 'init', '-q');
    git(join(root, 'nested'), 'add', '-A');
    git(join(root, 'nested'), 'commit', '-qm', 'n');
    git(join(root, 'deep', 'unborn'), 'init', '-q');
    git(join(root, 'empty'), 'init', '-q');
    const one = open(root);
    const from = await one.digest();
    put(root, { 'nested/x': '2', 'deep/unborn/y': '2', 'deep/unborn/z': '2' });
    expect(await one.changes(from, await one.digest())).toEqual([
      { kind: 'modified', path: 'deep/unborn/y' },
      { kind: 'modified', path: 'nested/x' },
    ]);
  });

  it('keeps any name a file can have', async () => {
    const names = ['ä ö/日本.txt', 'new\nline', '-dash', 'quote"\\', 'git~1', ' space ', '#hash', 'tab\t'];
    const root = project({ a: 'a' });
    const one = open(root);
    const from = await one.digest();
    put(root, Object.fromEntries(names.map((name) => [name, 'x'])));
    const changes = await one.changes(from, await one.digest());
    expect(changes.map((change) => change.path).sort()).toEqual([...names].sort());
  });

  it('passes over pipes, also where a file was, and takes the file back when it returns', async () => {
    const root = project({ a: 'a', b: 'b' });
    const one = open(root);
    const from = await one.digest();
    rmSync(join(root, 'a'));
    execFileSync('mkfifo', [join(root, 'a'), join(root, 'other')]);
    expect(await one.changes(from, await one.digest())).toEqual([{ kind: 'deleted', path: 'a' }]);
    rmSync(join(root, 'a'));
    put(root, { a: 'a' });
    expect(await one.digest()).toBe(from);
  });

  it('sees a file become a folder and back', async () => {
    const root = project({ a: 'a' });
    const one = open(root);
    const from = await one.digest();
    renameSync(join(root, 'a'), join(root, 'b'));
    put(root, { 'a/inner': 'i' });
    expect(await one.changes(from, await one.digest())).toEqual([
      { kind: 'deleted', path: 'a' },
      { kind: 'added', path: 'a/inner' },
      { kind: 'added', path: 'b' },
    ]);
  });

  it('does not count its own data when that lies in the root', async () => {
    const root = project({ a: 'a' });
    const one = open(root, join(root, 'data dir'));
    const from = await one.digest();
    put(root, { 'data dir/x': 'x' });
    expect(await one.digest()).toBe(from);
  });
});

describe('changes, diff and checkout', () => {
  it('tell what was added, modified and deleted', async () => {
    const root = project({ keep: 'k', change: 'one\n', 'gone/x': 'x\n' });
    const one = open(root);
    const from = await one.digest();
    put(root, { change: 'two\n', 'new/y': 'y\n' });
    rmSync(join(root, 'gone'), { recursive: true });
    const to = await one.digest();
    expect(await one.changes(from, to)).toEqual([
      { kind: 'modified', path: 'change' },
      { kind: 'deleted', path: 'gone/x' },
      { kind: 'added', path: 'new/y' },
    ]);
    expect(await one.changes(from, from)).toEqual([]);
    const diff = await one.diff(from, to);
    expect(diff).toContain('-one\n+two\n');
    expect(diff).toContain('deleted file mode 100644');
  });

  it('write a state back byte for byte, links and modes too', async () => {
    const root = repository({ 'crlf.txt': 'a\r\nb\r\n', '.gitattributes': '* text=auto\n', 'sub/run': 'x' });
    chmodSync(join(root, 'sub', 'run'), 0o755);
    symlinkSync('sub/run', join(root, 'link'));
    const one = open(root);
    const digest = await one.digest();
    rmSync(join(root, 'sub'), { recursive: true });
    const copy = join(fresh(), 'copy');
    await one.checkout(digest, copy);
    expect(readFileSync(join(copy, 'crlf.txt'), 'utf8')).toBe('a\r\nb\r\n');
    expect(readlinkSync(join(copy, 'link'))).toBe('sub/run');
    expect(statSync(join(copy, 'sub', 'run')).mode & 0o111).toBe(0o111);
    expect(await digestOf(copy)).toBe(digest);
  });

  it('refuse what is no id of a state', async () => {
    const one = open(project({ a: 'a' }));
    const digest = await one.digest();
    await expect(one.changes('--output=/tmp/x', digest)).rejects.toMatchObject({ code: 'E_SNAPSHOT', exitCode: 7 });
    await expect(one.diff(digest, 'f'.repeat(40))).rejects.toMatchObject({ code: 'E_SNAPSHOT' });
  });
});

describe('the shadow', () => {
  it('is shared by several processes at once and outlives them', async () => {
    const root = repository({ a: 'a', b: 'b' });
    const dataDir = fresh();
    const [one, two] = [open(root, dataDir), open(root, dataDir)];
    const [first, second] = await Promise.all([one.digest(), two.digest()]);
    expect(first).toBe(second);
    put(root, { a: 'c' });
    const [third, fourth] = await Promise.all([one.digest(), two.digest()]);
    expect(third).toBe(fourth);
    await one.close();
    await one.close();
    expect(await two.changes(first, fourth)).toHaveLength(1);
    await two.close();
    expect(await open(root, dataDir).changes(first, fourth)).toHaveLength(1);
    await expect(two.digest()).rejects.toThrow(/closed/);
  });

  it('removes the indexes of processes that died long ago, and only those', async () => {
    const root = project({ a: 'a' });
    const dataDir = fresh();
    const first = open(root, dataDir);
    await first.digest();
    await first.close();
    const shadow = join(dataDir, 'shadow', readdirSync(join(dataDir, 'shadow'))[0]!);
    for (const name of ['index.999999999.1', 'index.999999998.1', 'index.1.1']) writeFileSync(join(shadow, name), '');
    for (const name of ['index.999999999.1', 'index.1.1']) utimesSync(join(shadow, name), 1, 1);
    await open(root, dataDir).digest();
    expect(existsSync(join(shadow, 'index.999999999.1'))).toBe(false);
    expect(existsSync(join(shadow, 'index.999999998.1'))).toBe(true);
    expect(existsSync(join(shadow, 'index.1.1'))).toBe(true);
  });

  it('heals itself when its index is broken or its objects are gone', async () => {
    const root = project({ a: 'a' });
    const dataDir = fresh();
    const first = open(root, dataDir);
    const digest = await first.digest();
    await first.close();
    const shadow = join(dataDir, 'shadow', readdirSync(join(dataDir, 'shadow'))[0]!);
    writeFileSync(join(shadow, 'index'), 'rubbish');
    const second = open(root, dataDir);
    expect(await second.digest()).toBe(digest);
    await second.close();
    rmSync(join(shadow, 'objects'), { recursive: true });
    expect(await open(root, dataDir).digest()).toBe(digest);
  });

  it('refuses to store a folder nobody meant to record, and takes it once the rest is ignored', async () => {
    const root = project({ a: 'a' });
    writeFileSync(join(root, 'disk.img'), '');
    truncateSync(join(root, 'disk.img'), 2 * 1024 ** 3);
    const one = open(root);
    await expect(one.digest()).rejects.toMatchObject({ code: 'E_SNAPSHOT', hint: /gitignore/ });
    await expect(one.digest()).rejects.toThrow(/2048 MB in .* are neither tracked nor ignored/);
    put(root, { '.gitignore': '*.img\n' });
    expect(await one.digest()).toHaveLength(40);
    const crowded = repository({ a: 'a' });
    for (let index = 0; index <= 20_000; index += 1) symlinkSync('a', join(crowded, `l${index}`));
    await expect(digestOf(crowded)).rejects.toThrow(/20001 files/);
  });

  it('reports what is wrong with exit code 7 and a hint', async () => {
    const root = project({ a: 'a' });
    const path = process.env.PATH;
    process.env.PATH = '/nowhere';
    const one = open(root);
    try {
      await expect(one.digest()).rejects.toMatchObject({ code: 'E_SNAPSHOT', exitCode: 7, hint: /Install git/ });
    } finally {
      process.env.PATH = path;
    }
    await expect(one.digest()).resolves.toHaveLength(40);
    const file = project({ 'data/shadow': '' });
    await expect(open(root, join(file, 'data')).digest()).rejects.toMatchObject({ code: 'E_SNAPSHOT', hint: /disk/ });
    await expect(open(join(root, 'nowhere')).digest()).rejects.toMatchObject({ code: 'E_SNAPSHOT' });
    put(root, { '.GIT/x': 'x' });
    await expect(one.digest()).rejects.toThrow(/invalid path/);
  });
});
