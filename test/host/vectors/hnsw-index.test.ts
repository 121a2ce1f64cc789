import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { loadHnswLibrary } from '../../../src/host/vectors/hnsw-graph.ts';
import { hnswIndex } from '../../../src/host/vectors/hnsw-index.ts';
import { exactNearest, seededVectors } from '../../support/vectors.ts';

const dimensions = 16;
const library = await loadHnswLibrary();

it('gives back the room of vectors that went, while it is searched and changed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hnsw-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const sizeOf = async (): Promise<number> => {
    await index.save(join(folder, 'index'), '');
    return Math.max(...readdirSync(folder).map((name) => statSync(join(folder, name)).size));
  };
  const all = seededVectors(3000, dimensions, 5).map((vector, id) => ({ id, vector }));
  const index = hnswIndex(library, dimensions);
  onTestFinished(() => index.close());
  await index.apply(all);
  const before = await sizeOf();
  // Replaced vectors leave their old ones behind, too.
  await index.apply(all.slice(0, 500).map(({ id }) => ({ id, vector: all[id + 1000]?.vector ?? null })));
  await index.apply(all.slice(1000).map(({ id }) => ({ id, vector: null })));
  const making = index.tidy();
  const late = { id: 9000, vector: all[2500]?.vector ?? new Float32Array(dimensions) };
  await index.apply([late, { id: 999, vector: null }, { id: 501, vector: all[2600]?.vector ?? null }]);
  expect((await index.nearest(late.vector, { limit: 1 }))[0]?.id).toBe(9000);
  await making;
  expect(index.size()).toBe(1000);
  expect(index.deleted()).toBeLessThan(50);
  expect(await sizeOf()).toBeLessThan(before / 2);
  const now = [
    ...all.slice(0, 500).map(({ id }) => ({ id, vector: all[id + 1000]?.vector ?? late.vector })),
    ...all.slice(500, 999).map((one) => (one.id === 501 ? { id: 501, vector: all[2600]?.vector ?? late.vector } : one)),
    late,
  ];
  let found = 0;
  for (const query of seededVectors(20, dimensions, 6)) {
    const expected = new Set(exactNearest(query, now, 10).map(({ id }) => id));
    for (const { id } of await index.nearest(query, { limit: 10 })) if (expected.has(id)) found += 1;
  }
  expect(found).toBeGreaterThan(190);
});

it('looks as widely as its vectors need', async () => {
  const easy = hnswIndex(library, dimensions);
  const hard = hnswIndex(library, 48);
  onTestFinished(() => Promise.all([easy.close(), hard.close()]).then(() => undefined));
  const line = Array.from({ length: 6000 }, (_, id) => ({
    id,
    vector: Float32Array.from({ length: dimensions }, (_value, at) => Math.cos((id / 6000) * (at + 1))),
  }));
  await easy.apply(line);
  const all = seededVectors(6000, 48, 8).map((vector, id) => ({ id, vector }));
  await hard.apply(all);
  await Promise.all([easy.tidy(), hard.tidy()]);
  expect(easy.ef()).toBeLessThan(hard.ef());
  let found = 0;
  for (const query of seededVectors(20, 48, 10)) {
    const expected = new Set(exactNearest(query, all, 10).map(({ id }) => id));
    for (const { id } of await hard.nearest(query, { limit: 10 })) if (expected.has(id)) found += 1;
  }
  expect(found).toBeGreaterThan(185);
});

it('answers a filter that holds few of many', async () => {
  const index = hnswIndex(library, dimensions);
  onTestFinished(() => index.close());
  const all = seededVectors(3000, dimensions, 9).map((vector, id) => ({ id, vector }));
  await index.apply(all);
  for (const share of [3, 10, 100]) {
    const among = new Set(all.map(({ id }) => id).filter((id) => id % share === 0));
    const [query = new Float32Array(dimensions)] = seededVectors(1, dimensions, share);
    const expected = exactNearest(
      query,
      all.filter(({ id }) => among.has(id)),
      10,
    ).map(({ id }) => id);
    const found = (await index.nearest(query, { limit: 10, among })).map(({ id }) => id);
    expect(found.filter((id) => expected.includes(id)).length).toBeGreaterThanOrEqual(9);
  }
});
