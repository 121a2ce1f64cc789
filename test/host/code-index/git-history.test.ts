import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { updateHistory } from '../../../src/host/code-index/git-history.ts';
import { codeIndexSteps } from '../../../src/host/code-index/schema.ts';
import { openDatabase, type Database } from '../../../src/host/log/database.ts';

const folder = mkdtempSync(join(tmpdir(), 'git-history-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
const repository = (name = `repo-${String(count++)}`) => {
  const root = join(folder, name);
  mkdirSync(root, { recursive: true });
  let minute = 0;
  const git = (...args: string[]): string => {
    const date = `2026-01-01T00:${String(minute++).padStart(2, '0')}:00Z`;
    const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com', '-c', 'commit.gpgSign=false'];
    return execFileSync('git', [...identity, ...args], {
      ...{ cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
      env: { ...process.env, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date },
    });
  };
  git('init', '--quiet', '--initial-branch=main');
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  const commit = (message: string, files: Record<string, string>): string => {
    for (const [path, text] of Object.entries(files)) write(path, text);
    git('add', '--all');
    git('commit', '--quiet', '--allow-empty', '--message', message);
    return git('rev-parse', 'HEAD').trim();
  };
  return { root, git, write, commit };
};

const open = (): Database => openDatabase(':memory:', 1000, codeIndexSteps);
const never = new AbortController().signal;
const update = (root: string, database: Database) => updateHistory(root, database, never);
const subjects = (database: Database): string[] =>
  database
    .prepare<[], { subject: string }>('SELECT subject FROM commits ORDER BY at')
    .all()
    .map(({ subject }) => subject);
const pathsOf = (database: Database, subject: string): string[] =>
  database
    .prepare<[string], { path: string }>(
      'SELECT path FROM commit_files JOIN commits ON commits.id = commit_id WHERE subject = ? ORDER BY path',
    )
    .all(subject)
    .map(({ path }) => path);

const long = (word: string): string => Array.from({ length: 20 }, (_, line) => `${word} ${String(line)}\n`).join('');

describe('git history', () => {
  it('knows commits with their files, and reads only new ones the next time', async () => {
    const { root, commit } = repository();
    commit('First one', { 'a.ts': 'a', 'src/b.ts': 'b' });
    const database = open();
    expect(await update(root, database)).toEqual({ commits: 1, notices: [] });
    expect(pathsOf(database, 'First one')).toEqual(['a.ts', 'src/b.ts']);
    // What is known is not read again: a mark stays.
    database.prepare("UPDATE commits SET subject = 'marked'").run();
    commit('Second one', { 'a.ts': 'aa' });
    expect(await update(root, database)).toEqual({ commits: 2, notices: [] });
    expect(subjects(database)).toEqual(['marked', 'Second one']);
    expect(pathsOf(database, 'Second one')).toEqual(['a.ts']);
  });

  it('finds commits by words of their messages, also by parts of identifiers', async () => {
    const { root, commit } = repository();
    commit('Retry what parseArgs refused\n\nBecause of the socket.\n\nSigned-off-by: Somebody', { 'a.ts': 'a' });
    const database = open();
    await update(root, database);
    const hits = (word: string): number =>
      database.prepare('SELECT rowid FROM commit_words WHERE commit_words MATCH ?').all(word).length;
    expect([hits('retrying'), hits('args'), hits('parseargs'), hits('socket'), hits('somebody')]).toEqual([
      1, 1, 1, 1, 0,
    ]);
  });

  it('counts what was done to a file under its old names, in one go or commit by commit', async () => {
    const { root, git, commit } = repository();
    const [whole, steps] = [open(), open()];
    commit('Add', { 'old.ts': long('content') });
    await update(root, steps);
    mkdirSync(join(root, 'src'));
    renameSync(join(root, 'old.ts'), join(root, 'src/new.ts'));
    git('add', '--all');
    git('commit', '--quiet', '--message', 'Move');
    await update(root, steps);
    commit('Something else', { 'old.ts': long('another thing') });
    await update(root, steps);
    await update(root, whole);
    for (const database of [whole, steps]) {
      expect(pathsOf(database, 'Add')).toEqual(['src/new.ts']);
      expect(pathsOf(database, 'Something else')).toEqual(['old.ts']);
    }
  });

  it('forgets commits that a rewritten history does not have', async () => {
    const { root, git, commit } = repository();
    const database = open();
    commit('Stays', { 'a.ts': 'a' });
    commit('Was amended', { 'a.ts': 'aa' });
    await update(root, database);
    git('commit', '--quiet', '--amend', '--message', 'Is better');
    expect((await update(root, database)).commits).toBe(2);
    expect(subjects(database)).toEqual(['Stays', 'Is better']);
    expect(database.prepare("SELECT rowid FROM commit_words WHERE commit_words MATCH 'amended'").all()).toEqual([]);
  });

  it('leaves out merges, and the files of commits that touch very many', async () => {
    const { root, git, commit } = repository();
    commit('Start', { 'a.ts': 'a' });
    git('checkout', '--quiet', '-b', 'side');
    commit('On the side', { 'b.ts': 'b' });
    git('checkout', '--quiet', 'main');
    commit('Many', Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`many/${String(n)}.ts`, String(n)])));
    git('merge', '--quiet', '--no-edit', 'side');
    const database = open();
    expect((await update(root, database)).commits).toBe(3);
    expect(pathsOf(database, 'Many')).toEqual([]);
    expect(pathsOf(database, 'On the side')).toEqual(['b.ts']);
  });

  it('says that a shallow clone is one, does not believe its first commit, and reads on when the rest is there', async () => {
    const { root, commit } = repository();
    commit('Old', { 'a.ts': 'a', 'b.ts': 'b' });
    commit('Cut off here', { 'a.ts': 'aa' });
    const clone = join(folder, 'shallow');
    execFileSync('git', ['clone', '--quiet', '--depth', '1', `file://${root}`, clone], { stdio: 'ignore' });
    const database = open();
    const { commits, notices } = await update(clone, database);
    expect(commits).toBe(1);
    expect(notices.join()).toContain('shallow');
    expect(pathsOf(database, 'Cut off here')).toEqual([]);
    execFileSync('git', ['fetch', '--quiet', '--unshallow'], { cwd: clone, stdio: 'ignore' });
    expect(await update(clone, database)).toEqual({ commits: 2, notices: [] });
    expect(pathsOf(database, 'Cut off here')).toEqual(['a.ts']);
  });

  it('knows only what concerns a folder of a larger repository, by paths relative to it', async () => {
    const { root, commit } = repository();
    commit('Inside and outside', { 'packages/one/a.ts': 'a', 'other/b.ts': 'b' });
    commit('Outside', { 'other/b.ts': 'bb' });
    const database = open();
    expect((await update(join(root, 'packages/one'), database)).commits).toBe(1);
    expect(pathsOf(database, 'Inside and outside')).toEqual(['a.ts']);
  });

  it('takes messages and names as they are, whatever they hold', async () => {
    const { root, git, write } = repository();
    write('commit:0123456789012345678901234567890123456789', 'a');
    write('M', 'b');
    write('ünï \n"x".ts', 'c');
    git('add', '--all');
    const message = join(folder, 'message');
    writeFileSync(
      message,
      Buffer.concat([Buffer.from('Odd \u001b[31m "x" OR NEAR(\n\nM\n'), Buffer.from([0xff, 0xfe, 0x41])]),
    );
    git('commit', '--quiet', '--cleanup=verbatim', '--file', message);
    const database = open();
    expect((await update(root, database)).commits).toBe(1);
    const [subject = ''] = subjects(database);
    expect(subject).toContain('Odd');
    expect(pathsOf(database, subject)).toEqual([
      'M',
      'commit:0123456789012345678901234567890123456789',
      'ünï \n"x".ts',
    ]);
  });

  it('is at home where there is no repository, none any more, and no commit yet', async () => {
    const { root, git, commit } = repository();
    const database = open();
    expect(await update(root, database)).toEqual({ commits: 0, notices: [] });
    commit('First', { 'a.ts': 'a' });
    expect((await update(root, database)).commits).toBe(1);
    git('checkout', '--quiet', '--orphan', 'empty');
    expect((await update(root, database)).commits).toBe(0);
    const plain = join(folder, 'plain');
    mkdirSync(plain);
    git('checkout', '--quiet', '--force', 'main');
    expect((await update(root, database)).commits).toBe(1);
    rmSync(join(root, '.git'), { recursive: true });
    expect(await update(root, database)).toEqual({ commits: 0, notices: ['no git history here'] });
  });

  it('goes on after it was ended, and lands with another process at once', async () => {
    const { root, commit } = repository();
    for (let n = 0; n < 5; n++) commit(`Change ${String(n)}`, { 'a.ts': String(n) });
    const path = join(folder, 'shared.db');
    const [one, other] = [openDatabase(path, 5000, codeIndexSteps), openDatabase(path, 5000, codeIndexSteps)];
    const stop = new AbortController();
    const ended = updateHistory(root, one, stop.signal);
    stop.abort();
    await expect(ended).rejects.toThrow();
    const both = await Promise.all([update(root, one), update(root, other)]);
    expect(both.map(({ commits }) => commits)).toEqual([5, 5]);
    expect(one.prepare('SELECT * FROM commit_files').all()).toHaveLength(5);
    one.close();
    other.close();
  });
});
