import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { IndexProgress, IndexReport } from '../../../src/core/code-index.ts';
import { openCodeStore, type CodeStore } from '../../../src/host/code-index/store.ts';
import { updateIndex, type UpdateOptions } from '../../../src/host/code-index/update.ts';
import { openVectors } from '../../../src/host/vectors/vectors.ts';
import { rawDatabase } from '../../support/raw-database.ts';

const base = realpathSync(mkdtempSync(join(tmpdir(), 'code-update-')));
afterAll(() => rmSync(base, { recursive: true, force: true }));
const opened: CodeStore[] = [];
afterEach(() => opened.splice(0).forEach((store) => store.close()));
const never = new AbortController().signal;
/** Until the clock of the file system has moved on, a date says nothing. */
const later = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 100));

const git = (cwd: string, ...args: string[]): string =>
  execFileSync('git', ['-c', 'user.email=a@b.c', '-c', 'user.name=n', '-c', 'commit.gpgsign=false', ...args], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
/** Files are as old as those of a repository that was not cloned a moment ago. */
const put = (root: string, files: Record<string, string>, at = 1_000_000_000): void => {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
    utimesSync(join(root, path), at, at);
  }
};
let count = 0;
const project = (files: Record<string, string>): { root: string; database: string } => {
  const root = join(base, `p${(count += 1)}`);
  put(root, files);
  git(root, 'init', '-q');
  return { root, database: join(base, `d${count}`, 'code.db') };
};
const open = ({ root, database }: { root: string; database: string }, waitMs = 5000): CodeStore => {
  const store = openCodeStore({ path: database, root, waitMs });
  opened.push(store);
  return store;
};
const update = (store: CodeStore, options: Partial<UpdateOptions> = {}): Promise<IndexReport> =>
  updateIndex(store, { signal: never, workers: 0, ...options });
/** What is known of the files, without dates. */
const known = (store: CodeStore): unknown =>
  store.database().prepare('SELECT path, lower(hex(hash)) AS hash, skipped FROM files ORDER BY path').all();
const pathsOf = (store: CodeStore): string[] =>
  store.database().prepare<[], [string]>('SELECT path FROM files ORDER BY path').raw().all().flat();
const chunkIds = (store: CodeStore): number[] =>
  store.database().prepare<[], [number]>('SELECT id FROM chunks ORDER BY id').raw().all().flat();
const found = (store: CodeStore, word: string): number =>
  store.database().prepare('SELECT rowid FROM file_words WHERE file_words MATCH ?').all(word).length;
const many = (files: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: files }, (_, at) => [`src/f${at}.ts`, `export const value${at} = ${at};\n`]));

describe('an update of the index', () => {
  it('reads what is new, changed and gone, and nothing else', async () => {
    const place = project({
      'a.ts': 'export const alpha = 1;\n',
      'b.ts': 'export const beta = 2;\n',
      'c.ts': 'gamma();\n',
    });
    const store = open(place);
    expect(await update(store)).toMatchObject({ files: 3, added: 3, changed: 0, removed: 0, skipped: {} });
    expect(known(store)).toContainEqual({
      path: 'a.ts',
      hash: git(place.root, 'hash-object', 'a.ts').trim(),
      skipped: null,
    });
    put(place.root, { 'b.ts': 'export const delta = 2;\n' }, 1_000_000_001);
    put(place.root, { 'new/d.ts': 'export const epsilon = 3;\n' });
    rmSync(join(place.root, 'c.ts'));
    await later();
    expect(await update(store)).toMatchObject({ files: 3, added: 1, changed: 1, removed: 1 });
    expect(pathsOf(store)).toEqual(['a.ts', 'b.ts', 'new/d.ts']);
    expect([found(store, 'beta'), found(store, 'delta'), found(store, 'gamma'), found(store, 'epsilon')]).toEqual([
      0, 1, 0, 1,
    ]);
    const stages: IndexProgress[] = [];
    const idle = await update(store, { onProgress: (progress) => stages.push(progress) });
    expect(idle).toMatchObject({ files: 3, added: 0, changed: 0, removed: 0 });
    expect(stages.filter(({ stage }) => stage === 'reading')).toEqual([]);
  });

  it('tells which chunks came and went, within the transaction', async () => {
    const place = project({ 'a.ts': 'export const alpha = 1;\n', 'b.ts': 'export const beta = 2;\n' });
    const store = open(place);
    const first: number[] = [];
    await update(store, { onChunks: ({ added }) => first.push(...added) });
    expect(first.toSorted((a, b) => a - b)).toEqual(chunkIds(store));
    put(place.root, { 'a.ts': 'export const other = 1;\n' }, 1_000_000_001);
    rmSync(join(place.root, 'b.ts'));
    const added: number[] = [];
    const removed: number[] = [];
    await update(store, {
      onChunks: (chunks) => {
        added.push(...chunks.added);
        removed.push(...chunks.removed);
      },
    });
    expect(removed.toSorted((a, b) => a - b)).toEqual(first.toSorted((a, b) => a - b));
    expect(added).toEqual(chunkIds(store));
    put(place.root, { 'a.ts': 'export const third = 1;\n' }, 1_000_000_002);
    const refuse = (): void => {
      throw new Error('no vectors today');
    };
    await expect(update(store, { onChunks: refuse })).rejects.toThrow('no vectors today');
    expect(chunkIds(store)).toEqual(added);
    expect([found(store, 'other'), found(store, 'third')]).toEqual([1, 0]);
  });

  it('takes away the vectors of what went, in every space, and no others', async () => {
    const place = project({ 'a.ts': 'export const alpha = 1;\n', 'b.ts': 'export const beta = 2;\n' });
    const store = open(place);
    const ids: number[] = [];
    await update(store, { onChunks: ({ added }) => ids.push(...added) });
    const spaces = ['local/1', 'other/model'].map((space) =>
      openVectors(store.database(), {
        ...{ databasePath: store.path, folder: store.vectorFolder, space, dimensions: 2, kind: 'scan' },
      }),
    );
    for (const space of spaces) for (const id of ids) space.put(id, [1, id]);
    expect(spaces.map((space) => space.count())).toEqual([2, 2]);
    rmSync(join(place.root, 'a.ts'));
    await update(store);
    expect(spaces.map((space) => space.count())).toEqual([1, 1]);
    expect(spaces.map((space) => space.get(chunkIds(store)[0] ?? -1) !== undefined)).toEqual([true, true]);
    await Promise.all(spaces.map((space) => space.close()));
  });

  it('sees a change of the same length in the moment after it looked', async () => {
    const place = project({ 'a.ts': 'const a = 1;\n' });
    const path = join(place.root, 'a.ts');
    const now = Date.now() / 1000;
    utimesSync(path, now, now);
    const store = open(place);
    await update(store);
    const { atime, mtime } = statSync(path);
    writeFileSync(path, 'const b = 2;\n');
    utimesSync(path, atime, mtime);
    expect(await update(store)).toMatchObject({ changed: 1 });
  });

  it('takes a new date for no change', async () => {
    const place = project(many(5));
    const store = open(place);
    await update(store);
    const before = chunkIds(store);
    for (const path of pathsOf(store)) utimesSync(join(place.root, path), 1_000_000_009, 1_000_000_009);
    await later();
    expect(await update(store)).toMatchObject({ files: 5, added: 0, changed: 0 });
    expect(chunkIds(store)).toEqual(before);
    const stages: string[] = [];
    await update(store, { onProgress: ({ stage }) => stages.push(stage) });
    expect(stages).not.toContain('reading');
  });

  it('sees a change of the same size whose date was set back', async () => {
    const place = project({ 'a.ts': 'alpha();\n' });
    const store = open(place);
    await later();
    await update(store);
    put(place.root, { 'a.ts': 'omega();\n' });
    expect(await update(store)).toMatchObject({ changed: 1 });
    expect([found(store, 'alpha'), found(store, 'omega')]).toEqual([0, 1]);
  });

  it('counts files that are left out, and takes them in when that changes', async () => {
    const place = project({ 'a.ts': 'a();\n', 'b.ts': 'a\0b', '.env': 'KEY=1\n', 'yarn.lock': 'a\n' });
    const store = open(place);
    expect(await update(store)).toMatchObject({ files: 1, added: 1, skipped: { binary: 1, secret: 1, generated: 1 } });
    put(place.root, { 'b.ts': 'b();\n', 'a.ts': 'a\0b' }, 1_000_000_001);
    expect(await update(store)).toMatchObject({ files: 1, added: 1, removed: 1, changed: 0, skipped: { binary: 1 } });
    expect([found(store, 'a'), found(store, 'b')]).toEqual([0, 1]);
  });

  it('tries a file again that it could not read: permissions have no date', async () => {
    const place = project({ 'a.ts': 'a();\n' });
    const store = open(place);
    await update(store);
    const raw = rawDatabase(place.database);
    raw.exec("UPDATE files SET skipped = 'unreadable', hash = zeroblob(20)");
    raw.close();
    expect(await update(store)).toMatchObject({ files: 1, added: 1, skipped: {} });
  });

  it('stops when told to, keeps what it did, and goes on from there', async () => {
    const place = project(many(1000));
    const store = open(place);
    const stop = new AbortController();
    const onProgress = ({ done }: IndexProgress): void => {
      if (done === 450) stop.abort(new Error('stopped by hand'));
    };
    await expect(update(store, { signal: stop.signal, onProgress })).rejects.toThrow('stopped by hand');
    const kept = pathsOf(store).length;
    expect(kept).toBeGreaterThanOrEqual(450);
    expect(kept).toBeLessThan(700);
    expect(await update(store)).toMatchObject({ files: 1000, added: 1000 - kept, changed: 0 });
  });

  it('reads everything again when the same index serves a repository elsewhere', async () => {
    const place = project({ 'a.ts': 'const a = 1;\n', 'b.ts': 'const b = 1;\n' });
    const first = open(place);
    await update(first);
    first.close();
    opened.pop();
    // The same sizes and dates.
    const other = project({ 'a.ts': 'const c = 2;\n', 'b.ts': 'const b = 1;\n' });
    const store = open({ root: other.root, database: place.database });
    expect(await update(store)).toMatchObject({ files: 2, added: 0, changed: 1 });
    const moved = `${other.root}-moved`;
    renameSync(other.root, moved);
    const again = open({ root: moved, database: place.database });
    expect(await update(again)).toMatchObject({ files: 2, added: 0, changed: 0, removed: 0 });
    expect(again.fact('root')).toBe(moved);
  });

  it('is told that the repository went while it was read, not that nothing in it can be read', async () => {
    const place = project(many(300));
    const store = open(place);
    let isMoved = false;
    const moving = update(store, {
      onProgress: ({ stage, done }) => {
        if (stage !== 'reading' || done < 20 || isMoved) return;
        isMoved = true;
        renameSync(place.root, `${place.root}-moved`);
      },
    });
    await expect(moving).rejects.toMatchObject({
      code: 'E_INDEX',
      message: expect.stringContaining('not there any more') as string,
    });
    renameSync(`${place.root}-moved`, place.root);
    expect(await update(store)).toMatchObject({ files: 300, skipped: {} });
  });

  it('keeps what it knows when the repository is not there, and says so', async () => {
    const place = project({ 'a.ts': 'a();\n' });
    const store = open(place);
    await update(store);
    renameSync(place.root, `${place.root}-away`);
    await expect(update(store)).rejects.toMatchObject({ code: 'E_INDEX', exitCode: 3 });
    expect(pathsOf(store)).toEqual(['a.ts']);
  });

  it('learns of new commits', async () => {
    const place = project({ 'a.ts': 'a();\n' });
    git(place.root, 'add', '-A');
    git(place.root, 'commit', '-qm', 'begin with a');
    const store = open(place);
    expect(await update(store)).toMatchObject({ commits: 1, notices: [] });
    git(place.root, 'commit', '--allow-empty', '-qm', 'go on');
    expect(await update(store)).toMatchObject({ commits: 2 });
  });

  it.each(['chunks', 'files'])('makes an index anew that lost its %s, and tells it in its report', async (table) => {
    const place = project(many(300));
    const store = open(place);
    await update(store);
    const raw = rawDatabase(place.database);
    raw.exec(`DROP TABLE ${table}`);
    raw.close();
    const report = await update(store);
    expect(report).toMatchObject({ files: 300, added: 300 });
    expect(report.notices.filter((notice) => notice.includes('made anew'))).toHaveLength(1);
    expect((await update(store)).notices.join()).not.toContain('made anew');
  });

  it('waits for no lock that is held for long, and leaves nothing half-done', async () => {
    const place = project(many(10));
    const store = open(place, 50);
    const holder = rawDatabase(place.database);
    holder.exec('BEGIN IMMEDIATE');
    await expect(update(store)).rejects.toMatchObject({ code: 'E_INDEX' });
    holder.exec('ROLLBACK');
    holder.close();
    expect(await update(store)).toMatchObject({ files: 10, added: 10 });
  });
});
