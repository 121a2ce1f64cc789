import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { openCodeStore, type CodeStore } from '../../../src/host/code-index/store.ts';
import { rawDatabase } from '../../support/raw-database.ts';

const base = mkdtempSync(join(tmpdir(), 'code-store-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));
const opened: CodeStore[] = [];
afterEach(() => opened.splice(0).forEach((store) => store.close()));
let count = 0;
const fresh = (): string => join(base, `${(count += 1)}`, 'code.db');
const open = (path: string, waitMs = 5000): CodeStore => {
  const store = openCodeStore({ path, root: '/repository', waitMs });
  opened.push(store);
  return store;
};
const filesOf = (store: CodeStore): unknown[] => store.database().prepare('SELECT path FROM files ORDER BY path').all();
const addFile = (store: CodeStore, path: string): void =>
  void store
    .database()
    .prepare("INSERT INTO files (path, hash, size, mtime_ms, kind, lines) VALUES (?, x'00', 1, 1, 'code', 1)")
    .run(path);
const filled = (path: string, files = 1): void => {
  const store = openCodeStore({ path, root: '/repository' });
  for (let file = 0; file < files; file += 1) addFile(store, `file-${file}-${'x'.repeat(200)}`);
  mkdirSync(store.vectorFolder, { recursive: true });
  writeFileSync(join(store.vectorFolder, 'space.hnsw'), 'vectors');
  store.close();
};

describe('the index of a repository', () => {
  it('keeps what was written, and remembers the repository', () => {
    const path = fresh();
    filled(path);
    const store = open(path);
    expect(filesOf(store)).toHaveLength(1);
    expect(store.fact('root')).toBe('/repository');
    expect(store.notices()).toEqual([]);
  });

  it.each([
    [
      'is no database',
      (path: string) => writeFileSync(path, 'not a database, but long enough to have a header '.repeat(99)),
    ],
    ['has no content', (path: string) => truncateSync(path, 0)],
    ['ends in its header', (path: string) => truncateSync(path, 50)],
    ['has no tables', (path: string) => rawDatabase(path).exec('DROP TABLE facts').close()],
    ['was made by a newer version', (path: string) => rawDatabase(path).exec('PRAGMA user_version = 999').close()],
    [
      'was made with other tables',
      (path: string) => rawDatabase(path).exec("UPDATE facts SET value = '0 other' WHERE key = 'made by'").close(),
    ],
  ])('is made anew with its vectors when it %s, and says so once', (what, damage) => {
    const path = fresh();
    filled(path);
    damage(path);
    const store = open(path);
    expect(filesOf(store)).toEqual([]);
    addFile(store, 'a.ts');
    expect(filesOf(open(path))).toEqual([{ path: 'a.ts' }]);
    // Nothing at all is where every index begins.
    if (what === 'has no content') return;
    expect(existsSync(join(dirname(path), 'vectors', 'space.hnsw'))).toBe(false);
    expect(store.notices()).toEqual([expect.stringContaining('made anew')]);
    expect(store.notices()).toEqual([]);
  });

  it('is made anew when damage is met in use, and the work is done again', async () => {
    const path = fresh();
    filled(path, 500);
    const raw = rawDatabase(path);
    // Opening it does not read the pages of the files.
    const page = raw.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'files'").pluck().get() as number;
    raw.close();
    const bytes = readFileSync(path);
    bytes.fill(0xff, 4096 * (page - 1), 4096 * page);
    writeFileSync(path, bytes);
    const store = open(path);
    const before = store.database();
    let rounds = 0;
    const found = await store.mending(() => {
      rounds += 1;
      addFile(store, 'new.ts');
      store.database().prepare('SELECT sum(length(path)) FROM files').all();
      return filesOf(store);
    });
    expect(rounds).toBe(2);
    expect(found).toEqual([{ path: 'new.ts' }]);
    expect(store.database()).not.toBe(before);
    expect(store.notices()).toEqual(['The index of code was damaged; it is made anew.']);
  });

  it.each([
    ['a table is made by other words', 'unrecognized option: "tokefize"'],
    ['a text became bytes', 'JSON cannot hold BLOB values'],
    ['a column is gone', 'no such column: hash'],
  ])('is made anew when %s', async (_what, message) => {
    const path = fresh();
    filled(path);
    const store = open(path);
    let rounds = 0;
    await store.mending(() => {
      if ((rounds += 1) === 1) throw Object.assign(new Error(message), { code: 'SQLITE_ERROR' });
    });
    expect(filesOf(store)).toEqual([]);
    expect(store.notices()).toEqual(['The index of code was damaged; it is made anew.']);
  });

  it('does not take a wrong question for damage', async () => {
    const path = fresh();
    filled(path);
    const store = open(path);
    await expect(
      store.mending(() => store.database().prepare("SELECT * FROM file_words WHERE file_words MATCH '(('").all()),
    ).rejects.toThrow('syntax error');
    expect(filesOf(store)).toHaveLength(1);
  });

  it('goes on in the new file when another process made it anew', async () => {
    const path = fresh();
    filled(path);
    const [one, other] = [open(path), open(path)];
    for (const ending of ['', '-wal', '-shm']) rmSync(path + ending, { force: true });
    await one.mending(() => addFile(one, 'one.ts'));
    await other.mending(() => addFile(other, 'other.ts'));
    expect(filesOf(one)).toEqual([{ path: 'one.ts' }, { path: 'other.ts' }]);
  });

  it('leaves alone what another process made anew in the meantime', async () => {
    const path = fresh();
    filled(path);
    const store = open(path);
    let rounds = 0;
    await store.mending(() => {
      if ((rounds += 1) === 2) return;
      for (const ending of ['', '-wal', '-shm']) renameSync(path + ending, `${path + ending}.old`);
      addFile(open(path), 'by-another.ts');
      throw Object.assign(new Error('database disk image is malformed'), { code: 'SQLITE_CORRUPT' });
    });
    expect(filesOf(store)).toEqual([{ path: 'by-another.ts' }]);
  });

  it('waits for a lock, and says what to do when it is held for long', async () => {
    const path = fresh();
    filled(path);
    const store = open(path, 50);
    const holder = rawDatabase(path);
    holder.exec('BEGIN IMMEDIATE');
    await expect(store.mending(() => addFile(store, 'a.ts'))).rejects.toMatchObject({
      code: 'E_INDEX',
      exitCode: 3,
      hint: expect.stringContaining('Another program') as string,
    });
    holder.exec('ROLLBACK');
    holder.close();
    await store.mending(() => addFile(store, 'a.ts'));
    expect(filesOf(store)).toHaveLength(2);
  });

  it('leaves a full disk as it was, and says so', async () => {
    const path = fresh();
    filled(path);
    const store = open(path);
    const { page_count: pages } = store.database().prepare('PRAGMA page_count').get() as { page_count: number };
    store.database().prepare(`PRAGMA max_page_count = ${pages}`).get();
    const write = store.database().transaction(() => {
      for (let file = 0; file < 1000; file += 1) addFile(store, `${file}-${'x'.repeat(500)}`);
    });
    await expect(store.mending(() => write())).rejects.toMatchObject({
      code: 'E_INDEX',
      hint: expect.stringContaining('disk is full') as string,
    });
    expect(filesOf(store)).toHaveLength(1);
  });

  it('says when its place cannot be used', () => {
    const path = fresh();
    mkdirSync(path, { recursive: true });
    expect(() => open(path)).toThrow(expect.objectContaining({ code: 'E_INDEX', exitCode: 3 }));
    expect(existsSync(path)).toBe(true);
  });

  it('does not wait for somebody who was killed while making it anew', () => {
    const path = fresh();
    filled(path);
    writeFileSync(path, 'damaged '.repeat(1000));
    writeFileSync(`${path}.lock`, '');
    utimesSync(`${path}.lock`, 1, 1);
    const store = open(path);
    expect(filesOf(store)).toEqual([]);
    expect(existsSync(`${path}.lock`)).toBe(false);
  });
});
