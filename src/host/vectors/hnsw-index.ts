import { setImmediate as breath, setTimeout as sleep } from 'node:timers/promises';
import type { Neighbour, NearestOptions, VectorIndex } from '../../core/vector-index.ts';
import { byNearness } from './best-neighbours.ts';
import { calibrateEf } from './calibrate-ef.ts';
import { hnswGraph, readHnswGraph, type HnswGraph, type HnswLibrary } from './hnsw-graph.ts';
import { readIndexFile, writeIndexFile } from './index-file.ts';
import { checkId, isZero, normalised } from './vector-data.ts';

/** Work goes on for so long before searches that wait get their turn. */
const sliceMs = 10;
/** Takes no more than seconds to be made anew, so it is done without being asked. */
const smallGraph = 5000;
/** Before it is measured; enough for what is small. */
const firstEf = 100;

/** An index of hnswlib: near to exact, and fast where there are many. */
export interface HnswIndex extends VectorIndex {
  /** Vectors that went and still take room and time. */
  deleted(): number;
  /** Makes the graph anew when more than a third of it is deleted, and measures how widely to search when it grew. */
  tidy(): Promise<void>;
  /** How widely a search looks, as measured to find at least 98 of 100. */
  ef(): number;
}

/** What nobody waits for must not keep the process from ending. (An immediate without a reference wakes nobody up.) */
const pause = (): Promise<void> => sleep(1, undefined, { ref: false });

const indexOf = (
  library: HnswLibrary,
  dimensions: number,
  loaded?: { graph: HnswGraph; ef: number; measuredAt: number },
): HnswIndex => {
  let graph = loaded?.graph ?? hnswGraph(library, dimensions, 1024);
  let ef = loaded?.ef ?? firstEf;
  let measuredAt = loaded?.measuredAt ?? 0;
  /** The graph that will take the place of this one; what is taken from one is taken from both. */
  let next: HnswGraph | undefined;
  let tidying: Promise<void> | undefined;
  let open = true;
  let writing: Promise<unknown> = Promise.resolve();
  let applying: Promise<void> = Promise.resolve();

  const compact = async (): Promise<void> => {
    const from = graph;
    const to = hnswGraph(library, dimensions, Math.ceil(from.live() * 1.2));
    next = to;
    let since = performance.now();
    // What is added meanwhile gets a label behind all others, so that this loop comes to it.
    for (let label = 0; label < from.labels(); label++) {
      const id = from.idAt(label);
      const point = id === undefined ? undefined : from.pointOf(id);
      if (id !== undefined && point) to.add(id, point);
      if (performance.now() - since < sliceMs) continue;
      await pause();
      if (!open) return;
      since = performance.now();
    }
    graph = to;
    next = undefined;
  };
  const measure = async (): Promise<void> => {
    const at = graph.live();
    const found = await calibrateEf(graph, pause, () => open);
    if (found !== undefined) [ef, measuredAt] = [found, at];
  };
  const tidy = (): Promise<void> => {
    const work = async (): Promise<void> => {
      if (graph.deleted() > 100 && graph.deleted() > graph.live() / 2) await compact();
      if (open && graph.live() >= smallGraph && graph.live() >= 1.5 * measuredAt) await measure();
    };
    tidying ??= work().finally(() => {
      next = undefined;
      tidying = undefined;
    });
    return tidying;
  };
  const applyAll = async (list: readonly { id: number; unit: Float32Array | null }[]): Promise<void> => {
    // The library writes its file on another thread: nothing may change under it.
    await writing;
    let since = performance.now();
    for (const { id, unit } of list) {
      if (!open) return;
      next?.remove(id);
      if (unit && !isZero(unit)) graph.add(id, unit);
      else graph.remove(id);
      if (performance.now() - since < sliceMs) continue;
      await breath();
      await writing;
      since = performance.now();
    }
    if (graph.live() < smallGraph) void tidy().catch(() => undefined);
  };
  const exactly = (query: Float32Array, ids: Iterable<number>): Neighbour[] => {
    const found: Neighbour[] = [];
    for (const id of ids) {
      const point = graph.pointOf(id);
      if (!point) continue;
      let sum = 0;
      for (const [index, value] of point.entries()) sum += value * (query[index] ?? 0);
      found.push({ id, similarity: sum });
    }
    return found;
  };
  const search = (query: Float32Array, { limit, among }: NearestOptions): Neighbour[] => {
    const most = Math.min(limit, graph.live(), among?.size ?? Infinity);
    if (!(most > 0)) return [];
    // To find those few among all, more of the graph would be walked than they are.
    if (among && among.size <= 2 * ef) return exactly(query, among);
    const found = graph
      .search(Array.from(query), most, Math.max(ef, 2 * most), among)
      .map(({ id, distance }) => ({ id, similarity: 1 - distance }));
    if (found.length >= most || graph.live() > 5000) return found;
    // A part of a small graph may be cut off from the rest.
    const all = Array.from({ length: graph.labels() }, (_, label) => graph.idAt(label));
    return exactly(
      query,
      all.filter((id) => id !== undefined && (among?.has(id) ?? true)).map((id) => id ?? 0),
    );
  };

  return {
    kind: 'hnsw',
    dimensions,
    size: () => graph.live(),
    deleted: () => graph.deleted(),
    ef: () => ef,
    tidy,
    apply: async (changes) => {
      const checked = changes.map(({ id, vector }) => {
        checkId(id);
        return { id, unit: vector && normalised(vector, dimensions) };
      });
      const applied = applying.then(() => applyAll(checked));
      applying = applied.catch(() => undefined);
      await applied;
    },
    nearest: async (vector, options) => {
      const query = normalised(vector, dimensions);
      if (isZero(query)) return [];
      return search(query, options)
        .map(({ id, similarity }) => ({ id, similarity: Math.max(-1, Math.min(1, similarity)) }))
        .sort(byNearness)
        .slice(0, options.limit);
    },
    save: (path, note) => {
      const saved = writing.then(() => {
        const from = graph;
        return writeIndexFile(path, {
          kind: 'hnsw',
          dimensions,
          note,
          facts: { ef, measuredAt },
          extra: from.table(),
          writeData: (data) => from.write(data),
        });
      });
      writing = saved.catch(() => undefined);
      return saved;
    },
    close: async () => {
      open = false;
      await writing;
      await applying;
      graph = hnswGraph(library, dimensions, 1);
      next = undefined;
    },
  };
};

/** An empty index. */
export const hnswIndex = (library: HnswLibrary, dimensions: number): HnswIndex => indexOf(library, dimensions);

/** Reads one that was saved; undefined when there is none. @throws Error when it is damaged or of another kind. */
export const loadHnswIndex = async (
  library: HnswLibrary,
  path: string,
  dimensions: number,
): Promise<{ index: HnswIndex; note: string } | undefined> => {
  const file = await readIndexFile(path, 'hnsw', dimensions);
  if (!file) return undefined;
  // The library reads on a thread of its own meanwhile. It is not asked anything before the checksum is right.
  const reading = readHnswGraph(library, dimensions, file.dataPath, file.extra);
  const [graph] = await Promise.all([reading, file.verifyData()]);
  const { ef = firstEf, measuredAt = 0 } = file.facts;
  return { index: indexOf(library, dimensions, { graph, ef, measuredAt }), note: file.note };
};
