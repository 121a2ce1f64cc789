import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../../../src/host/log/database.ts';
import { loadHnswLibrary } from '../../../src/host/vectors/hnsw-graph.ts';
import { loadHnswIndex } from '../../../src/host/vectors/hnsw-index.ts';
import { vectorTables } from '../../../src/host/vectors/vector-tables.ts';
import { openVectors, type Vectors, type VectorsOptions } from '../../../src/host/vectors/vectors.ts';
import { builtProgram } from '../../support/built-program.ts';
import { exactNearest, seededVectors, vectorOf } from '../../support/vectors.ts';

const dimensions = 32;
const count = 6000;
const all = seededVectors(count, dimensions, 1).map((vector, id) => ({ id, vector }));

let worker: Awaited<ReturnType<typeof builtProgram>>;
let program: Awaited<ReturnType<typeof builtProgram>>;
beforeAll(async () => {
  [worker, program] = await Promise.all([
    builtProgram('bin/vector-worker.ts'),
    builtProgram('test/support/vector-process.ts'),
  ]);
});
afterAll(() => {
  worker.remove();
  program.remove();
});

const place = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'vectors-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};
const open = (folder: string, options: Partial<VectorsOptions> = {}) => {
  const databasePath = join(folder, 'rows.db');
  const database = openDatabase(databasePath, 5000, [vectorTables]);
  const vectors = openVectors(database, {
    ...{ databasePath, folder: join(folder, 'cache'), space: 'test', dimensions, kind: 'hnsw', worker: worker.path },
    ...options,
  });
  const fill = (): void =>
    database.transaction(() => {
      for (const { id, vector } of all) vectors.put(id, vector);
    })();
  const close = async (): Promise<void> => {
    await vectors.close();
    database.close();
  };
  return { database, vectors, fill, close };
};
const recall = async (vectors: Vectors): Promise<number> => {
  let found = 0;
  const queries = seededVectors(20, dimensions, 2);
  for (const query of queries) {
    const expected = new Set(exactNearest(query, all, 10).map(({ id }) => id));
    for (const { id } of await vectors.nearest(query, { limit: 10 })) if (expected.has(id)) found += 1;
  }
  return found / 200;
};
const run = (...args: string[]): Promise<{ code: number | null; lines: string[]; stderr: string }> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [program.path, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('close', (code) => resolve({ code, lines: stdout.split('\n').filter(Boolean), stderr }));
  });

describe('an index in a thread of its own', () => {
  it('is not waited for: searches are exact until it is ready, and then it answers', async () => {
    const { vectors, fill, close } = open(place());
    fill();
    expect(await recall(vectors)).toBe(1);
    expect(vectors.state()).toMatchObject({ kind: 'scan', vectors: count });
    await vectors.settled();
    expect(vectors.state()).toEqual({ kind: 'hnsw', vectors: count, indexed: count });
    // Without any order in 32 dimensions, which is harder than what texts are turned into.
    expect(await recall(vectors)).toBeGreaterThan(0.9);
    vectors.put(count, vectorOf(77, dimensions));
    vectors.remove(5);
    expect((await vectors.nearest(vectorOf(77, dimensions), { limit: 1 })).map(({ id }) => id)).toEqual([count]);
    const even = new Set(all.map(({ id }) => id).filter((id) => id % 2 === 0));
    const found = await vectors.nearest(all[5]?.vector ?? [], { limit: 20, among: even });
    expect([found.length, found.every(({ id }) => even.has(id))]).toEqual([20, true]);
    expect(vectors.state().kind).toBe('hnsw');
    expect(vectors.notices()).toEqual([]);
    await close();
  });

  it('is saved when it is closed and read by the next', async () => {
    const folder = place();
    const { vectors, fill, close } = open(folder);
    fill();
    await vectors.settled();
    await close();
    const file = readdirSync(join(folder, 'cache')).find((name) => name.endsWith('.hnsw')) ?? '';
    const read = await loadHnswIndex(await loadHnswLibrary(), join(folder, 'cache', file), dimensions);
    // How widely to search was measured, which an index that is not does with 100.
    expect(read?.index.ef()).not.toBe(100);
    await read?.index.close();
    const again = open(folder);
    await again.vectors.nearest(all[0]?.vector ?? [], { limit: 1 });
    const startedAt = performance.now();
    await again.vectors.settled();
    // Making it takes seconds.
    expect(performance.now() - startedAt).toBeLessThan(1500);
    expect(again.vectors.state()).toEqual({ kind: 'hnsw', vectors: count, indexed: count });
    await again.close();
  });

  it('goes on from what was made before it was closed half-way', async () => {
    const folder = place();
    const first = open(folder);
    first.fill();
    await first.vectors.nearest(all[0]?.vector ?? [], { limit: 1 });
    while (first.vectors.state().indexed === count || first.vectors.state().indexed < 1200)
      await new Promise((resolve) => setTimeout(resolve, 5));
    await first.close();
    const again = open(folder);
    await again.vectors.nearest(all[0]?.vector ?? [], { limit: 1 });
    while (again.vectors.state().indexed === count && again.vectors.state().kind === 'scan')
      await new Promise((resolve) => setTimeout(resolve, 1));
    expect(again.vectors.state().indexed).toBeGreaterThan(1000);
    await again.vectors.settled();
    expect(again.vectors.state()).toEqual({ kind: 'hnsw', vectors: count, indexed: count });
    expect(await recall(again.vectors)).toBeGreaterThan(0.9);
    await again.close();
  });

  it('that cannot be started leaves its work to this one', async () => {
    const folder = place();
    const broken = join(folder, 'broken.js');
    writeFileSync(broken, 'throw new Error("no");');
    for (const path of [broken, join(folder, 'nothing.js')]) {
      const { vectors, fill, close } = open(folder, { worker: path, space: path });
      fill();
      expect(await recall(vectors)).toBe(1);
      await vectors.settled();
      expect(vectors.state()).toEqual({ kind: 'hnsw', vectors: count, indexed: count });
      expect(vectors.notices()).toEqual([]);
      await close();
    }
  });

  it('keeps no process alive, neither while it is made nor after', async () => {
    const folder = place();
    const { fill, close } = open(folder, { kind: 'scan' });
    fill();
    await close();
    for (const thread of [worker.path, '']) {
      const startedAt = performance.now();
      const begun = await run('begin', folder, thread);
      expect(begun, begun.stderr).toMatchObject({ code: 0, lines: [expect.stringMatching(/^\d+ scan$/)] });
      const left = await run('leave', folder, thread);
      expect(left.code, left.stderr).toBe(0);
      expect(JSON.parse(left.lines[0] ?? '')).toEqual({ kind: 'hnsw', vectors: count, indexed: count });
      expect(performance.now() - startedAt).toBeLessThan(15_000);
    }
  });
});

describe('two processes', () => {
  it('write into one store at once: both land, and each sees all', async () => {
    const folder = place();
    const { vectors, close } = open(folder);
    const results = await Promise.all([
      run('add', folder, worker.path, '0', '400'),
      run('add', folder, '', '1000', '400'),
    ]);
    for (const { code, lines, stderr } of results) expect([code, lines.length], stderr).toEqual([0, 400]);
    expect(vectors.count()).toBe(800);
    await vectors.settled();
    for (const id of [0, 1, 200, 399, 1000, 1200, 1399])
      expect((await vectors.nearest(vectorOf(id, dimensions), { limit: 1 }))[0]?.id).toBe(id);
    await close();
  });
});
