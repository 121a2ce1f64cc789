import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDatabase, type Database } from '../../../src/host/log/database.ts';
import { vectorTables } from '../../../src/host/vectors/vector-tables.ts';
import {
  dropVectorSpace,
  openVectors,
  vectorSpaces,
  type Vectors,
  type VectorsOptions,
} from '../../../src/host/vectors/vectors.ts';
import { exactNearest, seededVectors, vectorOf } from '../../support/vectors.ts';

const dimensions = 24;

const place = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'vectors-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};
const open = (
  folder: string,
  options: Partial<VectorsOptions> = {},
): { database: Database; vectors: Vectors; close: () => Promise<void> } => {
  const databasePath = join(folder, 'rows.db');
  const database = openDatabase(databasePath, 5000, [vectorTables]);
  const vectors = openVectors(database, {
    ...{ databasePath, folder: join(folder, 'cache'), space: 'test', dimensions, worker: false },
    ...options,
  });
  let closed = false;
  const close = async (): Promise<void> => {
    if (closed) return;
    closed = true;
    await vectors.close();
    database.close();
  };
  onTestFinished(close);
  return { database, vectors, close };
};
const fill = (database: Database, vectors: Vectors, count: number, first = 0): void =>
  database.transaction(() => {
    for (let id = first; id < first + count; id++) vectors.put(id, vectorOf(id, dimensions));
  })();
const idsOf = async (vectors: Vectors, query: ArrayLike<number>, limit: number, among?: Set<number>) =>
  (await vectors.nearest(query, { limit, ...(among && { among }) })).map(({ id }) => id);
const savedFiles = (folder: string): string[] =>
  existsSync(join(folder, 'cache'))
    ? readdirSync(join(folder, 'cache')).map((name) => join(folder, 'cache', name))
    : [];

const kinds = ['auto', 'hnsw', 'sqlite-vec', 'scan'] as const;

describe.each(kinds.flatMap((kind) => (['float32', 'int8'] as const).map((storage) => ({ kind, storage }))))(
  'vectors of kind $kind kept as $storage',
  (options) => {
    const all = seededVectors(300, dimensions, 3).map((vector, id) => ({ id, vector }));
    const queries = seededVectors(20, dimensions, 4);

    it('are found, replaced and taken away, before and after their index is ready', async () => {
      const { database, vectors } = open(place(), options);
      expect([vectors.count(), await vectors.nearest(queries[0] ?? [], { limit: 3 })]).toEqual([0, []]);
      database.transaction(() => {
        for (const { id, vector } of all) vectors.put(id, Array.from(vector));
      })();
      for (const settle of [false, true]) {
        if (settle) await vectors.settled();
        let common = 0;
        for (const query of queries) {
          const expected = new Set(exactNearest(query, all, 10).map(({ id }) => id));
          common += (await idsOf(vectors, query, 10)).filter((id) => expected.has(id)).length;
        }
        // A byte per number is not exact.
        expect(common).toBeGreaterThanOrEqual(options.storage === 'int8' ? 190 : 200);
      }
      expect(vectors.state()).toMatchObject({ kind: options.kind === 'auto' ? 'scan' : options.kind, vectors: 300 });
      vectors.put(7, all[8]?.vector ?? []);
      vectors.remove(8);
      vectors.remove(8);
      vectors.remove(5000);
      expect(vectors.count()).toBe(299);
      expect(await idsOf(vectors, all[8]?.vector ?? [], 1)).toEqual([7]);
      expect([vectors.get(8), vectors.get(7)?.length]).toEqual([undefined, dimensions]);
      vectors.put(8, all[9]?.vector ?? []);
      expect(new Set(await idsOf(vectors, all[9]?.vector ?? [], 2))).toEqual(new Set([8, 9]));
      expect(vectors.notices()).toEqual([]);
    });

    it('are counted only among those asked for', async () => {
      const { database, vectors } = open(place(), options);
      fill(database, vectors, 300);
      await vectors.settled();
      expect(await idsOf(vectors, vectorOf(5, dimensions), 2, new Set([5, 6]))).toEqual([5, 6]);
      expect(await idsOf(vectors, vectorOf(5, dimensions), 2, new Set())).toEqual([]);
    });
  },
);

describe('vectors', () => {
  it('take any finite numbers and refuse others, a wrong length, and ids out of range', async () => {
    const { vectors } = open(place());
    vectors.put(
      0,
      Array.from({ length: dimensions }, () => 1e300),
    );
    vectors.put(
      1,
      Array.from({ length: dimensions }, (_, index) => (index % 2 ? 1e-320 : -1e-320)),
    );
    vectors.put(2, new Float32Array(dimensions));
    expect(vectors.get(0)?.[0]).toBeCloseTo(1 / Math.sqrt(dimensions));
    expect(Math.abs(vectors.get(1)?.[0] ?? 0)).toBeCloseTo(1 / Math.sqrt(dimensions));
    expect((await idsOf(vectors, new Float32Array(dimensions).fill(1), 5)).toSorted()).toEqual([0, 1]);
    const one = new Float32Array(dimensions).fill(1);
    for (const [id, vector] of [
      [3, new Float32Array(dimensions).fill(NaN)],
      [3, Array.from({ length: dimensions }, () => -Infinity)],
      [3, [1, 2]],
      [-1, one],
      [2 ** 32, one],
      [1.5, one],
    ] as [number, ArrayLike<number>][])
      expect(() => vectors.put(id, vector)).toThrow(RangeError);
    await expect(vectors.nearest([1], { limit: 1 })).rejects.toThrow(RangeError);
    expect(vectors.count()).toBe(3);
  });

  it('take four bytes per number, or one and four for all', () => {
    for (const [storage, size] of [
      ['float32', 4 * 384],
      ['int8', 388],
    ] as const) {
      const { database, vectors } = open(place(), { storage, dimensions: 384 });
      vectors.put(1, vectorOf(1, 384));
      expect(database.prepare('SELECT length(data) AS size FROM vectors').get()).toEqual({ size });
      expect(Math.hypot(...(vectors.get(1) ?? []))).toBeCloseTo(1, 5);
    }
  });

  it.each(kinds)('of a transaction that is rolled back are never seen (%s)', async (kind) => {
    const { database, vectors } = open(place(), { kind });
    fill(database, vectors, 20);
    await vectors.settled();
    let within: Promise<unknown> | undefined;
    expect(() =>
      database.transaction(() => {
        vectors.put(100, vectorOf(100, dimensions));
        within = vectors.nearest(vectorOf(100, dimensions), { limit: 1 });
        throw new Error('changed my mind');
      })(),
    ).toThrow('changed my mind');
    await within;
    vectors.put(101, vectorOf(101, dimensions));
    const found = await idsOf(vectors, vectorOf(101, dimensions), 30);
    expect([found[0], found.includes(100), vectors.count()]).toEqual([101, false, 21]);
  });

  it('of different spaces are never mixed, and a space that is dropped is empty', async () => {
    const folder = place();
    const { database, vectors } = open(folder, { kind: 'hnsw' });
    const other = open(folder, { space: 'other', kind: 'hnsw' });
    fill(database, vectors, 30);
    fill(other.database, other.vectors, 3);
    await vectors.settled();
    expect(vectorSpaces(database)).toEqual([
      { name: 'other', dimensions, vectors: 3 },
      { name: 'test', dimensions, vectors: 30 },
    ]);
    expect(await idsOf(other.vectors, vectorOf(20, dimensions), 50)).toHaveLength(3);
    dropVectorSpace(database, 'test');
    expect([vectors.count(), await idsOf(vectors, vectorOf(1, dimensions), 5)]).toEqual([0, []]);
    expect(other.vectors.count()).toBe(3);
    // Made again, with fewer changes than the index has seen of the old one.
    vectors.put(3, vectorOf(9, dimensions));
    expect(await idsOf(vectors, vectorOf(9, dimensions), 5)).toEqual([3]);
    await vectors.settled();
    expect(await idsOf(vectors, vectorOf(9, dimensions), 5)).toEqual([3]);
    // And with more.
    dropVectorSpace(database, 'test');
    fill(database, vectors, 60);
    await vectors.settled();
    expect(vectors.state()).toEqual({ kind: 'hnsw', vectors: 60, indexed: 60 });
    expect(await idsOf(vectors, vectorOf(0, dimensions), 1)).toEqual([0]);
  });

  it('of another length than those that are there are refused when they are opened', () => {
    const folder = place();
    const { vectors } = open(folder);
    vectors.put(1, vectorOf(1, dimensions));
    expect(() => open(folder, { dimensions: 12 })).toThrow(/"test" have 24 numbers, not 12/);
  });

  it('written by another connection are seen at the next search', async () => {
    const folder = place();
    for (const kind of kinds) {
      const space = `of ${kind}`;
      const [one, two] = [open(folder, { kind, space }), open(folder, { kind, space })];
      fill(one.database, one.vectors, 20);
      await one.vectors.settled();
      await two.vectors.settled();
      one.vectors.put(50, vectorOf(50, dimensions));
      two.vectors.put(51, vectorOf(51, dimensions));
      one.vectors.remove(3);
      for (const { vectors } of [one, two]) {
        expect(await idsOf(vectors, vectorOf(50, dimensions), 1)).toEqual([50]);
        expect(await idsOf(vectors, vectorOf(51, dimensions), 1)).toEqual([51]);
        expect(await idsOf(vectors, vectorOf(3, dimensions), 30)).not.toContain(3);
      }
    }
  });

  it.each(kinds)('that went between two searches are not found, though their rows are forgotten (%s)', async (kind) => {
    const folder = place();
    const { database, vectors } = open(folder, { kind: 'scan' });
    fill(database, vectors, 1200);
    const watching = open(folder, { kind });
    await watching.vectors.settled();
    const remove = (first: number, end: number): void =>
      database.transaction(() => {
        for (let id = first; id < end; id++) vectors.remove(id);
      })();
    remove(0, 980);
    await watching.vectors.settled();
    expect(await idsOf(watching.vectors, vectorOf(1100, dimensions), 2000)).toHaveLength(220);
    remove(980, 1010);
    const found = await idsOf(watching.vectors, vectorOf(990, dimensions), 2000);
    expect(found.filter((id) => id < 1010)).toEqual([]);
    expect(found).toHaveLength(190);
  });

  it('that went are forgotten in time, and no index keeps them', async () => {
    const folder = place();
    const { database, vectors, close } = open(folder, { kind: 'hnsw' });
    fill(database, vectors, 3000);
    await vectors.settled();
    const watching = open(folder, { kind: 'scan' });
    await watching.vectors.nearest(vectorOf(1, dimensions), { limit: 1 });
    database.transaction(() => {
      for (let id = 0; id < 2500; id++) vectors.remove(id);
    })();
    const rows = database.prepare<[], { n: number }>('SELECT count(*) AS n FROM vectors').get()?.n ?? 0;
    expect(rows).toBeLessThan(2500);
    for (const each of [vectors, watching.vectors]) {
      const found = await idsOf(each, vectorOf(7, dimensions), 3000);
      expect(found.length).toBe(500);
      expect(found.every((id) => id >= 2500)).toBe(true);
    }
    await close();
    expect(watching.vectors.count()).toBe(500);
  });
});

describe('a saved index', () => {
  const saved = async (kind: 'hnsw' | 'sqlite-vec' = 'hnsw'): Promise<string> => {
    const folder = place();
    const { database, vectors, close } = open(folder, { kind });
    fill(database, vectors, 400);
    await vectors.settled();
    await close();
    expect(savedFiles(folder).length).toBeGreaterThan(0);
    return folder;
  };
  /** Opens, waits for the index, and tells what it holds and says. */
  const check = async (folder: string, count: number, kind: 'hnsw' | 'sqlite-vec' = 'hnsw') => {
    const { vectors, close } = open(folder, { kind });
    await vectors.settled();
    expect(vectors.state()).toEqual({ kind, vectors: count, indexed: count });
    for (let id = 400 - count; id < 400; id += 13)
      expect(await idsOf(vectors, vectorOf(id, dimensions), 1)).toEqual([id]);
    const notices = vectors.notices();
    expect(vectors.notices()).toEqual([]);
    await close();
    return notices;
  };

  it.each(['hnsw', 'sqlite-vec'] as const)('is used again, with what changed since (%s)', async (kind) => {
    const folder = await saved(kind);
    const before = savedFiles(folder).map((file) => readFileSync(file).toString('hex'));
    const { vectors, close } = open(folder, { kind: 'scan' });
    vectors.remove(0);
    await close();
    expect(await check(folder, 399, kind)).toEqual([]);
    // One change is not worth a new file: what was there was believed.
    expect(savedFiles(folder).map((file) => readFileSync(file).toString('hex'))).toEqual(before);
  });

  it('that is damaged is made anew, which is said once', async () => {
    const folder = await saved();
    for (const file of savedFiles(folder)) {
      const bytes = readFileSync(file);
      bytes.writeUInt8((bytes[bytes.length >> 1] ?? 0) ^ 1, bytes.length >> 1);
      writeFileSync(file, bytes);
    }
    expect(await check(folder, 400)).toEqual([expect.stringContaining('made anew')]);
    expect(await check(folder, 400)).toEqual([]);
  });

  it('of a database that was made anew is not believed', async () => {
    const folder = await saved();
    for (const name of readdirSync(folder)) if (name.startsWith('rows.db')) rmSync(join(folder, name));
    const { database, vectors, close } = open(folder, { kind: 'scan' });
    fill(database, vectors, 400, 1000);
    expect(vectors.count()).toBe(400);
    await close();
    const again = open(folder, { kind: 'hnsw' });
    await again.vectors.settled();
    expect(await idsOf(again.vectors, vectorOf(5, dimensions), 400)).not.toContain(5);
    expect(again.vectors.notices()).toHaveLength(1);
  });

  it('of a newer state than that of a restored database is not believed', async () => {
    const folder = place();
    const first = open(folder, { kind: 'scan' });
    fill(first.database, first.vectors, 300);
    await first.close();
    copyFileSync(join(folder, 'rows.db'), join(folder, 'backup'));
    const later = open(folder, { kind: 'hnsw' });
    fill(later.database, later.vectors, 100, 2000);
    await later.vectors.settled();
    await later.close();
    copyFileSync(join(folder, 'backup'), join(folder, 'rows.db'));
    const restored = open(folder, { kind: 'hnsw' });
    // As many changes again, of other vectors.
    fill(restored.database, restored.vectors, 100, 300);
    await restored.vectors.settled();
    const found = await idsOf(restored.vectors, vectorOf(310, dimensions), 400);
    expect([found[0], found.length, Math.max(...found)]).toEqual([310, 400, 399]);
    expect(restored.vectors.notices()).toHaveLength(1);
  });

  it('that is older than what was forgotten is made anew', async () => {
    const folder = await saved();
    const { database, vectors, close } = open(folder, { kind: 'scan' });
    database.transaction(() => {
      fill(database, vectors, 12_000, 10_000);
      for (let id = 0; id < 300; id++) vectors.remove(id);
      for (let id = 10_000; id < 22_000; id++) vectors.remove(id);
    })();
    await close();
    expect(await check(folder, 100)).toEqual([]);
  });

  it('of a space that was dropped is deleted with the next that is saved', async () => {
    const folder = await saved();
    const { database, vectors, close } = open(folder, { kind: 'hnsw', space: 'next' });
    const old = savedFiles(folder);
    dropVectorSpace(database, 'test');
    fill(database, vectors, 50);
    await vectors.settled();
    await close();
    expect(savedFiles(folder).filter((file) => old.includes(file))).toEqual([]);
    expect(savedFiles(folder)).toHaveLength(2);
  });
});

describe('without a package', () => {
  const missing = (): Promise<never> => Promise.reject(new Error('not built for this machine'));

  it('hnswlib-node sqlite-vec searches, without that everything is compared; both are said once', async () => {
    for (const [loaders, kind, notices] of [
      [{ hnsw: missing }, 'sqlite-vec', [/hnswlib-node cannot be loaded \(not built for this machine\).*sqlite-vec/]],
      [{ hnsw: missing, 'sqlite-vec': missing }, 'scan', [/hnswlib-node/, /sqlite-vec.*comparing/, /one by one/]],
    ] as const) {
      const { database, vectors } = open(place(), { kind: 'hnsw', loaders });
      fill(database, vectors, 300);
      await vectors.settled();
      expect(await idsOf(vectors, vectorOf(5, dimensions), 1)).toEqual([5]);
      expect(await idsOf(vectors, vectorOf(6, dimensions), 1)).toEqual([6]);
      expect(vectors.state()).toEqual({ kind, vectors: 300, indexed: 300 });
      expect(vectors.notices()).toEqual(notices.map((text) => expect.stringMatching(text) as string));
      expect(vectors.notices()).toEqual([]);
    }
  });
});
