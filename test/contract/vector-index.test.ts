import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import type { VectorIndex } from '../../src/core/vector-index.ts';
import { firstMaker } from '../../src/host/vectors/index-kinds.ts';
import { loadScanIndex, scanIndex } from '../../src/host/vectors/scan-index.ts';
import { exactNearest, seededVectors } from '../support/vectors.ts';

interface Subject {
  make(dimensions: number): VectorIndex;
  load(path: string, dimensions: number): Promise<{ index: VectorIndex; note: string } | undefined>;
}

const none = (): void => undefined;
const subjects: [string, Subject][] = [
  ['hnsw', await firstMaker(['hnsw'], {}, none)],
  ['sqlite-vec', await firstMaker(['sqlite-vec'], {}, none)],
  ['scan', { make: (dimensions) => scanIndex(dimensions), load: loadScanIndex }],
];
const folder = mkdtempSync(join(tmpdir(), 'vector-index-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newPath = (): string => join(folder, `${++files}.index`);

const dimensions = 24;
const vectors = seededVectors(400, dimensions, 7);
const at = (index: number): Float32Array => vectors[index] ?? new Float32Array(dimensions);
const changes = vectors.map((vector, id) => ({ id, vector }));

describe.each(subjects)('%s', (kind, subject) => {
  const make = (length: number): VectorIndex => subject.make(length);
  const load = (path: string, length: number) => subject.load(path, length);
  const filled = async (count = 300): Promise<VectorIndex> => {
    const index = make(dimensions);
    onTestFinished(() => index.close());
    await index.apply(changes.slice(0, count));
    return index;
  };
  const idsOf = async (index: VectorIndex, query: Float32Array, limit: number, among?: Set<number>) =>
    (await index.nearest(query, { limit, ...(among && { among }) })).map(({ id }) => id);

  it('says what it is', async () => {
    const index = await filled();
    expect([index.kind, index.dimensions, index.size()]).toEqual([kind, dimensions, 300]);
  });

  it('finds the nearest by cosine, best first', async () => {
    const index = await filled();
    for (const query of vectors.slice(300, 320)) {
      const found = await index.nearest(query, { limit: 10 });
      const expected = exactNearest(query, changes.slice(0, 300), 10);
      expect(found.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
      for (const [rank, { similarity }] of found.entries())
        expect(similarity).toBeCloseTo(expected[rank]?.similarity ?? NaN, 5);
    }
  });

  it('takes the length of vectors for nothing', async () => {
    const index = await filled(0);
    await index.apply([{ id: 5, vector: at(0).map((value) => value * 1e30) }]);
    const [found] = await index.nearest(
      at(0).map((value) => value * 1e-30),
      { limit: 1 },
    );
    expect(found?.id).toBe(5);
    expect(found?.similarity).toBeCloseTo(1, 5);
  });

  it('gives no more than the limit, all when the limit is larger than the index, and none for a limit of 0', async () => {
    const index = await filled(200);
    expect(await index.nearest(at(0), { limit: 7 })).toHaveLength(7);
    expect(new Set(await idsOf(index, at(0), 1000)).size).toBe(200);
    expect(await index.nearest(at(0), { limit: 0 })).toEqual([]);
  });

  it('finds nothing while it is empty', async () => {
    const index = await filled(0);
    expect(await index.nearest(at(0), { limit: 3 })).toEqual([]);
    expect(index.size()).toBe(0);
  });

  it('replaces, deletes, and lets the last change of an id count', async () => {
    const index = await filled();
    await index.apply([
      { id: 3, vector: at(350) },
      { id: 4, vector: null },
      { id: 5, vector: null },
      { id: 5, vector: at(351) },
      { id: 9999, vector: null },
    ]);
    expect(index.size()).toBe(299);
    expect(await idsOf(index, at(350), 1)).toEqual([3]);
    expect(await idsOf(index, at(351), 1)).toEqual([5]);
    expect(await idsOf(index, at(4), 300)).not.toContain(4);
    await index.apply([{ id: 4, vector: at(4) }]);
    expect(await idsOf(index, at(4), 1)).toEqual([4]);
  });

  it('counts only those asked for', async () => {
    const index = await filled();
    for (const among of [new Set([1, 7, 250]), new Set(changes.map(({ id }) => id).filter((id) => id % 2 === 0))]) {
      const expected = exactNearest(
        at(320),
        changes.slice(0, 300).filter(({ id }) => among.has(id)),
        5,
      );
      expect(await idsOf(index, at(320), 5, among)).toEqual(expected.map(({ id }) => id));
    }
    expect(await index.nearest(at(320), { limit: 5, among: new Set() })).toEqual([]);
    expect(await index.nearest(at(320), { limit: 5, among: new Set([123456]) })).toEqual([]);
  });

  it('keeps ids up to the largest', async () => {
    const index = await filled(10);
    await index.apply([{ id: 2 ** 32 - 1, vector: at(30) }]);
    expect(await idsOf(index, at(30), 1)).toEqual([2 ** 32 - 1]);
    const path = newPath();
    await index.save(path, '');
    const again = await load(path, dimensions);
    onTestFinished(() => again?.index.close());
    expect(again && (await idsOf(again.index, at(30), 1))).toEqual([2 ** 32 - 1]);
  });

  it.each([
    ['NaN', { id: 1, vector: new Float32Array(dimensions).fill(NaN) }],
    ['Infinity', { id: 1, vector: new Float32Array(dimensions).fill(Infinity) }],
    ['a short vector', { id: 1, vector: new Float32Array(dimensions - 1).fill(1) }],
    ['a long vector', { id: 1, vector: new Float32Array(dimensions + 1).fill(1) }],
    ['a negative id', { id: -1, vector: at(0) }],
    ['an id of 2³²', { id: 2 ** 32, vector: at(0) }],
    ['an id that is no integer', { id: 0.5, vector: at(0) }],
    ['an id out of range to delete', { id: 2 ** 40, vector: null }],
  ])('refuses %s and applies nothing of the call', async (_name, bad) => {
    const index = await filled(5);
    await expect(index.apply([{ id: 100, vector: at(100) }, { id: 0, vector: null }, bad])).rejects.toThrow(RangeError);
    expect(index.size()).toBe(5);
    expect(await idsOf(index, at(0), 1)).toEqual([0]);
    expect(await idsOf(index, at(100), 10)).not.toContain(100);
  });

  it('refuses a question that is no vector of its length', async () => {
    const index = await filled(5);
    const bad = [new Float32Array(dimensions).fill(NaN), new Float32Array(3).fill(1)];
    for (const query of bad) await expect(index.nearest(query, { limit: 1 })).rejects.toThrow(RangeError);
  });

  it('never finds a zero vector, and nothing near to one', async () => {
    const index = await filled(5);
    await index.apply([
      { id: 2, vector: new Float32Array(dimensions) },
      { id: 77, vector: new Float32Array(dimensions) },
    ]);
    expect((await idsOf(index, at(2), 10)).toSorted()).toEqual([0, 1, 3, 4]);
    expect(await index.nearest(new Float32Array(dimensions), { limit: 3 })).toEqual([]);
  });

  it('comes back from its file with what was noted, and goes on from there', async () => {
    const index = await filled();
    await index.apply([{ id: 3, vector: null }]);
    const path = newPath();
    await index.save(path, 'up to 42');
    expect(statSync(path).mode & 0o77).toBe(0);
    const loaded = await load(path, dimensions);
    if (!loaded) throw new Error('nothing was saved');
    onTestFinished(() => loaded.index.close());
    expect([loaded.note, loaded.index.size()]).toEqual(['up to 42', 299]);
    for (const query of vectors.slice(300, 310))
      expect(await loaded.index.nearest(query, { limit: 10 })).toEqual(await index.nearest(query, { limit: 10 }));
    await loaded.index.apply([
      { id: 3, vector: at(3) },
      { id: 500, vector: at(399) },
    ]);
    expect(await idsOf(loaded.index, at(3), 1)).toEqual([3]);
    expect(await idsOf(loaded.index, at(399), 1)).toEqual([500]);
    await loaded.index.save(path, 'later');
    const last = await load(path, dimensions);
    onTestFinished(() => last?.index.close());
    expect([last?.note, last?.index.size()]).toEqual(['later', 301]);
    // What was saved before is gone.
    expect(readdirSync(folder).filter((name) => name.startsWith(`${files}.index`)).length).toBeLessThanOrEqual(2);
  });

  it('saves an empty index', async () => {
    const path = newPath();
    await (await filled(0)).save(path, '');
    const loaded = await load(path, dimensions);
    expect(loaded?.index.size()).toBe(0);
    await loaded?.index.apply(changes.slice(0, 5));
    expect(loaded && (await idsOf(loaded.index, at(2), 1))).toEqual([2]);
    await loaded?.index.close();
  });

  it('finds no file where there is none, and refuses one of another length or kind', async () => {
    expect(await load(newPath(), dimensions)).toBeUndefined();
    const path = newPath();
    await (await filled(20)).save(path, '');
    await expect(load(path, dimensions + 1)).rejects.toThrow();
    for (const [other, subject] of subjects)
      if (other !== kind) await expect(subject.load(path, dimensions)).rejects.toThrow();
  });

  it('refuses a file that was cut off or in which one bit is another', async () => {
    const index = await filled();
    const path = newPath();
    await index.save(path, 'note');
    const all = readdirSync(folder)
      .filter((name) => name.startsWith(`${files}.index`))
      .map((name) => join(folder, name));
    for (const file of all) {
      const whole = readFileSync(file);
      for (const share of [0, 0.1, 0.5, 0.999]) {
        truncateSync(file, Math.floor(whole.length * share));
        await expect(load(path, dimensions), `${file} cut to ${share}`).rejects.toThrow();
        writeFileSync(file, whole);
      }
      for (let probe = 0; probe < 40; probe++) {
        const damaged = Buffer.from(whole);
        const place = Math.floor((probe / 40) * whole.length);
        damaged.writeUInt8((damaged[place] ?? 0) ^ (1 << (probe % 8)), place);
        writeFileSync(file, damaged);
        await expect(load(path, dimensions), `${file} at ${place}`).rejects.toThrow();
      }
      writeFileSync(file, whole);
    }
    expect((await load(path, dimensions))?.note).toBe('note');
  });

  it('keeps what was saved when saving fails', async () => {
    const index = await filled(20);
    const path = newPath();
    await index.save(path, 'first');
    await expect(index.save(join(path, 'below-a-file'), 'second')).rejects.toThrow();
    expect((await load(path, dimensions))?.note).toBe('first');
    // And the index still works.
    await index.apply([{ id: 50, vector: at(50) }]);
    expect(await idsOf(index, at(50), 1)).toEqual([50]);
  });

  it('can be closed twice', async () => {
    const index = await filled(20);
    await index.close();
    await index.close();
  });
});
