// Searching among many vectors: ours against hnswlib-node, sqlite-vec and a plain scan, in one run and on the same data.
// Alone: node .ci/run-ts.js test/bench/vectors.ts [count]
import { mkdtempSync, rmSync, statSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { openDatabase, type Database } from '../../src/host/log/database.ts';
import { loadHnswLibrary } from '../../src/host/vectors/hnsw-graph.ts';
import { loadHnswIndex } from '../../src/host/vectors/hnsw-index.ts';
import { scanIndex } from '../../src/host/vectors/scan-index.ts';
import { loadSqliteVec, sqliteVecIndex } from '../../src/host/vectors/sqlite-vec-index.ts';
import { vectorTables } from '../../src/host/vectors/vector-tables.ts';
import { openVectors, type Vectors, type VectorsOptions } from '../../src/host/vectors/vectors.ts';
import { seededNormal, seededRandom } from '../support/vectors.ts';
import { printFigures, type Figure } from './measure.ts';

const dimensions = 384;
const centres = 1000;
const asked = 10;
const queries = 300;
const batch = 1000;

/** One big block: objects for a million vectors would be most of the memory. */
const clustered = (
  count: number,
): { vector: (index: number) => Float32Array; query: (index: number) => Float32Array } => {
  const random = seededRandom(11);
  const normal = seededNormal(12);
  const centre = Array.from({ length: centres }, () => Float32Array.from({ length: dimensions }, normal));
  const block = new Float32Array((count + queries) * dimensions);
  // Sums of four uniform numbers are near enough to a normal distribution and take a quarter of the time.
  const noise = (): number => (random() + random() + random() + random() - 2) * 1.73 * 0.6;
  for (let index = 0; index < count + queries; index++) {
    const middle = centre[Math.floor(random() * centres)] ?? new Float32Array(dimensions);
    const start = index * dimensions;
    let squares = 0;
    for (let at = 0; at < dimensions; at++) {
      const value = (middle[at] ?? 0) + noise();
      block[start + at] = value;
      squares += value * value;
    }
    for (let at = 0; at < dimensions; at++) block[start + at] = (block[start + at] ?? 0) / Math.sqrt(squares);
  }
  const row = (index: number): Float32Array => block.subarray(index * dimensions, (index + 1) * dimensions);
  return { vector: row, query: (index) => row(count + index) };
};

const quantile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? NaN;

interface Asked {
  times: number[];
  recall: number;
}

/** What is compared; each asks for the ids nearest to a query. */
type Ask = (query: Float32Array) => Promise<number[]> | number[];

/** Asks all in turn, so that what else the machine does hits them alike. */
const askAll = async (
  asks: Record<string, Ask>,
  data: ReturnType<typeof clustered>,
  exact: readonly Set<number>[],
): Promise<Record<string, Asked>> => {
  const results: Record<string, Asked> = {};
  for (const name of Object.keys(asks)) results[name] = { times: [], recall: 0 };
  for (let index = 0; index < queries; index++)
    for (const [name, ask] of index % 2 === 0 ? Object.entries(asks) : Object.entries(asks).reverse()) {
      const result = results[name];
      if (!result) continue;
      const startedAt = performance.now();
      const ids = await ask(data.query(index));
      result.times.push(performance.now() - startedAt);
      result.recall += ids.filter((id) => exact[index]?.has(id)).length / asked / queries;
    }
  return results;
};

const spaceOf = (database: Database, folder: string, options: Partial<VectorsOptions> = {}): Vectors =>
  openVectors(database, {
    ...{
      databasePath: join(folder, 'rows.db'),
      folder: join(folder, 'cache'),
      space: 'bench',
      dimensions,
      kind: 'hnsw',
    },
    ...options,
  });
const databaseIn = (folder: string): Database => openDatabase(join(folder, 'rows.db'), 5000, [vectorTables]);

/** Writes rows in transactions of a thousand. */
const fill = async (database: Database, vectors: Vectors, data: ReturnType<typeof clustered>, count: number) => {
  for (let first = 0; first < count; first += batch) {
    database.transaction(() => {
      for (let id = first; id < Math.min(count, first + batch); id++) vectors.put(id, data.vector(id));
    })();
    await new Promise(setImmediate);
  }
};

/** Figures of so many vectors of 384 numbers around 1,000 centres. */
export const vectorFigures = async (count = 100_000, options: { worker?: string } = {}): Promise<Figure[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'llm-copilot-bench-'));
  const many = count.toLocaleString('en');
  const large = count > 200_000;
  try {
    const data = clustered(count);
    // The same library without rows, at the same settings; half of it before ours and half after, because what else the
    // machine does changes.
    const { HierarchicalNSW } = await loadHnswLibrary();
    const raw = new HierarchicalNSW('cosine', dimensions);
    const rawCount = large ? 0 : count;
    raw.initIndex(Math.max(1, rawCount), 16, 100);
    const addRaw = (first: number, end: number): number => {
      const startedAt = performance.now();
      for (let id = first; id < end; id++) raw.addPoint(Array.from(data.vector(id)), id);
      return performance.now() - startedAt;
    };
    let rawMs = addRaw(0, rawCount >> 1);

    const rssBefore = process.memoryUsage.rss();
    // Ours: rows, and an index made of them in its thread.
    const database = databaseIn(folder);
    const first = spaceOf(database, folder, options);
    const builtAt = performance.now();
    await fill(database, first, data, count);
    const rowsMs = performance.now() - builtAt;
    await first.settled();
    const buildMs = performance.now() - builtAt;
    const rssMb = (process.memoryUsage.rss() - rssBefore) / 1024 ** 2;
    await first.close();

    rawMs += addRaw(rawCount >> 1, rawCount);

    // Opening what was saved, in a fresh space object: until the index answers.
    const opens: number[] = [];
    let vectors = first;
    for (let round = 0; round < 5; round++) {
      const openedAt = performance.now();
      vectors = spaceOf(database, folder, options);
      await vectors.settled();
      await vectors.nearest(data.query(0), { limit: asked });
      opens.push(performance.now() - openedAt);
      if (vectors.state().kind !== 'hnsw') throw new Error(`${vectors.state().kind}: ${vectors.notices().join(' ')}`);
      if (round < 4) await vectors.close();
    }

    const saved = readdirSync(join(folder, 'cache')).find((name) => name.endsWith('.hnsw')) ?? '';
    const loaded = await loadHnswIndex(await loadHnswLibrary(), join(folder, 'cache', saved), dimensions);
    const ef = loaded?.index.ef() ?? NaN;
    await loaded?.index.close();
    const scan = scanIndex(dimensions);
    for (let id = 0; id < count; id += batch)
      await scan.apply(
        Array.from({ length: Math.min(batch, count - id) }, (_, at) => ({ id: id + at, vector: data.vector(id + at) })),
      );
    const exact: Set<number>[] = [];
    for (let index = 0; index < queries; index++)
      exact.push(new Set((await scan.nearest(data.query(index), { limit: asked })).map(({ id }) => id)));
    const recallOf = (ef: number): number => {
      raw.setEf(ef);
      let found = 0;
      for (let index = 0; index < queries; index++)
        for (const id of raw.searchKnn(Array.from(data.query(index)), asked).neighbors)
          if (exact[index]?.has(id)) found += 1;
      return found / asked / queries;
    };
    // Knowing the answers, one can search as narrowly as just suffices; what is told apart from that is our own share.
    const narrowest =
      rawCount === 0 ? 0 : ([10, 16, 24, 32, 48, 64, 96, 128, 192, 256].find((ef) => recallOf(ef) >= 0.95) ?? 384);
    const ours: Ask = async (query) => (await vectors.nearest(query, { limit: asked })).map(({ id }) => id);
    const theirs =
      (wide: number): Ask =>
      (query) => {
        raw.setEf(wide);
        return raw.searchKnn(Array.from(query), asked).neighbors;
      };
    const plain: Ask = async (query) => (await scan.nearest(query, { limit: asked })).map(({ id }) => id);
    const vec = large ? undefined : sqliteVecIndex(await loadSqliteVec(), dimensions);
    if (vec)
      for (let id = 0; id < count; id += batch)
        await vec.apply(
          Array.from({ length: Math.min(batch, count - id) }, (_, at) => ({
            id: id + at,
            vector: data.vector(id + at),
          })),
        );
    // Nothing else in between at first: caches full of other people's vectors would be measured.
    const quick = await askAll({ ours, ...(rawCount > 0 && { raw: theirs(ef) }) }, data, exact);
    const slow = await askAll(
      {
        scan: plain,
        ...(rawCount > 0 && { narrow: theirs(narrowest) }),
        ...(vec && {
          vec: async (query: Float32Array) => (await vec.nearest(query, { limit: asked })).map(({ id }) => id),
        }),
      },
      data,
      exact,
    );
    const own = quick.ours?.times ?? [];
    const bare = quick.raw?.times ?? [];
    const p95 = quantile(own, 0.95);
    const figures: Figure[] = [
      {
        name: `${many} × 384: search, p95`,
        value: p95,
        unit: 'ms',
        target: large ? 100 : 5,
        kind: 'most',
        note: `median ${quantile(own, 0.5).toFixed(2)} ms`,
      },
      {
        name: `${many} × 384: recall@10 against comparing with all`,
        value: quick.ours?.recall ?? NaN,
        unit: '',
        target: 0.95,
        kind: 'least',
      },
      {
        name: `${many} × 384: open the saved index and answer from it`,
        value: quantile(opens, 0.5),
        unit: 'ms',
        ...(!large && { target: 400, kind: 'most' as const }),
      },
      {
        name: `${many} × 384: rows written and index made`,
        value: buildMs / 1000,
        unit: 's',
        note: `rows ${(rowsMs / 1000).toFixed(1)} s`,
      },
      { name: `${many} × 384: memory it took`, value: rssMb, unit: 'MB' },
      {
        name: `${many} × 384: plain scan, p95`,
        value: quantile(slow.scan?.times ?? [], 0.95),
        unit: 'ms',
        note: `ours ${(p95 / quantile(slow.scan?.times ?? [], 0.95)).toFixed(2)} ×`,
      },
    ];
    if (rawCount > 0)
      figures.push(
        {
          name: `${many} × 384: search, p95 over that of raw hnswlib-node`,
          value: p95 / quantile(bare, 0.95),
          unit: '×',
          target: 1.3,
          kind: 'most',
          note: `raw ${quantile(bare, 0.95).toFixed(2)} ms, median ${quantile(bare, 0.5).toFixed(2)} ms, ef ${ef} both`,
        },
        {
          name: `${many} × 384: raw hnswlib-node at the narrowest ef that suffices, p95`,
          value: quantile(slow.narrow?.times ?? [], 0.95),
          unit: 'ms',
          note: `ef ${narrowest}, recall ${(slow.narrow?.recall ?? NaN).toFixed(3)}`,
        },
        {
          name: `${many} × 384: adding, over raw hnswlib-node`,
          value: rawMs / buildMs,
          unit: '×',
          target: 0.8,
          kind: 'least',
          note: `${((1000 * count) / buildMs).toFixed(0)}/s, raw ${((1000 * count) / rawMs).toFixed(0)}/s`,
        },
      );
    if (vec) {
      const times = slow.vec?.times ?? [];
      figures.push({
        name: `${many} × 384: sqlite-vec, p95`,
        value: quantile(times, 0.95),
        unit: 'ms',
        note: `ours ${(p95 / quantile(times, 0.95)).toFixed(3)} ×`,
      });
      await vec.close();
    }
    await scan.close();
    await vectors.close();
    const files = readdirSync(join(folder, 'cache')).map((name) => statSync(join(folder, 'cache', name)).size);
    figures.push({ name: `${many} × 384: file of the index`, value: Math.max(...files) / 1e6, unit: 'MB' });
    database.close();
    if (!large) figures.push(...(await coldFigures(data, Math.min(count, 80_000))));
    return figures;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** What a command does that opens a database of vectors kept in a byte per number, asks once and goes. */
const coldFigures = async (data: ReturnType<typeof clustered>, rows: number): Promise<Figure[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'llm-copilot-bench-'));
  try {
    const filling = databaseIn(folder);
    await fill(filling, spaceOf(filling, folder, { kind: 'auto', storage: 'int8' }), data, rows);
    filling.close();
    new Sqlite(join(folder, 'rows.db')).pragma('wal_checkpoint(TRUNCATE)');
    const times: number[] = [];
    for (let round = 0; round < 9; round++) {
      const openedAt = performance.now();
      const database = databaseIn(folder);
      const vectors = spaceOf(database, folder, { kind: 'auto' });
      await vectors.nearest(data.query(round), { limit: asked });
      times.push(performance.now() - openedAt);
      await vectors.close();
      database.close();
    }
    return [
      {
        name: `${rows.toLocaleString('en')} × 384 in bytes: from open to the first answer, no index`,
        value: quantile(times, 0.5),
        unit: 'ms',
        target: 120,
        kind: 'most',
        note: `best ${Math.min(...times).toFixed(0)} ms`,
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

if (process.argv[1]?.endsWith('test-bench-vectors.js')) {
  const [count, worker] = process.argv.slice(2);
  printFigures(
    await vectorFigures(count === undefined ? undefined : Number(count), worker === undefined ? {} : { worker }),
  );
}
