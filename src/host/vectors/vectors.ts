import type { Neighbour, NearestOptions, VectorIndex } from '../../core/vector-index.ts';
import type { Database } from '../log/database.ts';
import { bestNeighbours } from './best-neighbours.ts';
import type { Loaders, NativeKind } from './index-kinds.ts';
import { indexPath } from './index-path.ts';
import { keptIndex } from './kept-index.ts';
import { scanView } from './scan-view.ts';
import { fromBytes, isZero, normalised, toBytes, type VectorStorage } from './vector-data.ts';
import { spaceRow, storedVector, type SpaceRow } from './vector-rows.ts';
import { checkDimensions, vectorWriter } from './write-vector.ts';

/** Vectors of one space of a database: rows, and an index that follows them whoever writes them. */
export interface Vectors {
  readonly space: string;
  /**
   * Writes the row, in the transaction that is open. Any finite vector of the space's length; it is normalised.
   * @throws RangeError for anything else, or an id that is not an integer from 0 to 2³²−1.
   */
  put(id: number, vector: ArrayLike<number>): void;
  /** Takes the vector away, in the transaction that is open. */
  remove(id: number): void;
  /** The vector as it is stored, of length 1. */
  get(id: number): Float32Array | undefined;
  /** Rows with a vector. */
  count(): number;
  /** Best first; sees every committed row, whoever wrote it. @throws RangeError like `put` */
  nearest(vector: ArrayLike<number>, options: NearestOptions): Promise<Neighbour[]>;
  /** What answers now, how many vectors there are, and how many of them its index holds. */
  state(): { kind: VectorIndex['kind']; vectors: number; indexed: number };
  /** What the user should know, each once. */
  notices(): string[];
  /** Makes the index, if this many vectors get one, and resolves when it holds every row. Searches need not wait for it. */
  settled(): Promise<void>;
  /** Saves the index when that is worth its time, and ends its thread. */
  close(): Promise<void>;
}

/** How vectors are opened. */
export interface VectorsOptions {
  /** So that a thread can open it itself. */
  databasePath: string;
  /** For files of the index; it can be deleted at any time. */
  folder: string;
  /** Who made the vectors. */
  space: string;
  dimensions: number;
  /** How a new space keeps them; one that is there stays as it is. */
  storage?: VectorStorage;
  kind?: 'auto' | VectorIndex['kind'];
  /** Instead of the packages themselves. */
  loaders?: Loaders;
  /** The program of the thread; false: none is started. */
  worker?: string | false;
}

/**
 * Up to here `auto` compares with all: a search of 20,000 × 384 takes 7 ms, needs no thread, no file and no time to
 * build, and the answer is exact (2026-11-27, two cores).
 */
const manyVectors = 20_000;
/** So few are compared one by one, each read for itself. */
const fewVectors = 1000;
/** What is waited for keeps the process alive; an index by itself does not. */
const held = async <T>(work: Promise<T>): Promise<T> => {
  const timer = setInterval(() => undefined, 1 << 30);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
};

const kindsOf = (kind: 'auto' | VectorIndex['kind']): readonly NativeKind[] =>
  kind === 'scan' ? [] : kind === 'sqlite-vec' ? ['sqlite-vec'] : ['hnsw', 'sqlite-vec'];

/** Opens the vectors of a space. @throws RangeError when those that are there have another length. */
export const openVectors = (database: Database, options: VectorsOptions): Vectors => {
  const { databasePath, folder, space, dimensions, kind = 'auto', storage = 'float32' } = options;
  const writeRow = vectorWriter(database, { name: space, dimensions, storage });
  const scan = scanView(database);
  const told = new Set<string>();
  let untold: string[] = [];
  let searches = 0;

  const rowNow = (): SpaceRow | undefined => {
    const row = spaceRow(database, space);
    if (row) checkDimensions(space, row.dimensions, dimensions);
    return row;
  };
  rowNow();
  const notice = (text: string): void => {
    if (told.has(text)) return;
    told.add(text);
    untold.push(text);
  };
  const kept = keptIndex(
    {
      ...{ database, databasePath, space, dimensions, notice, kinds: kindsOf(kind) },
      ...{ path: indexPath(folder, databasePath, space), loaders: options.loaders, worker: options.worker },
    },
    folder,
  );
  const wantsIndex = (row: SpaceRow): boolean =>
    kind !== 'scan' && kept.usable() && (kind !== 'auto' || row.live > manyVectors);

  const amongFew = (query: Float32Array, among: ReadonlySet<number>, limit: number, row: SpaceRow): Neighbour[] => {
    const best = bestNeighbours(limit);
    for (const id of among) {
      const bytes = storedVector(database, row.id, id);
      if (!bytes) continue;
      const vector = fromBytes(bytes, dimensions, row.storage);
      let sum = 0;
      for (let index = 0; index < dimensions; index++) sum += (query[index] ?? 0) * (vector[index] ?? 0);
      if (!isZero(vector)) best.offer(id, Math.max(-1, Math.min(1, sum)));
    }
    return best.sorted();
  };

  return {
    space,
    put: (id, vector) => {
      const unit = normalised(vector, dimensions);
      writeRow(id, (stored) => toBytes(unit, stored));
    },
    remove: (id) => writeRow(id, null),
    get: (id) => {
      const row = rowNow();
      const bytes = row && storedVector(database, row.id, id);
      return row && bytes && fromBytes(bytes, dimensions, row.storage);
    },
    count: () => rowNow()?.live ?? 0,
    nearest: async (vector, nearestOptions) => {
      const query = normalised(vector, dimensions);
      // Whoever asks within a transaction gets the answer after it: an index must not learn what may be rolled back.
      await Promise.resolve();
      const row = rowNow();
      const { limit, among } = nearestOptions;
      if (!row || row.live === 0 || !(limit > 0) || isZero(query)) return [];
      if (among && among.size <= fewVectors) return amongFew(query, among, limit, row);
      if (wantsIndex(row)) {
        // A process that asks once has its answer before an index is read.
        if (kind !== 'auto' || searches > 0) kept.start(row);
        searches += 1;
        try {
          const found = await held(Promise.resolve(kept.ready(row)?.nearest(query, nearestOptions, row.rev)));
          if (found) {
            scan.drop();
            kept.saveSoon();
            return found;
          }
        } catch (error) {
          kept.giveUp(error);
        }
      }
      return scan.nearest(query, nearestOptions, row);
    },
    state: () => {
      const vectors = rowNow()?.live ?? 0;
      const index = kept.state();
      const answers = index && !index.building ? index.kind : 'scan';
      return { kind: answers, vectors, indexed: index?.size ?? vectors };
    },
    notices: () => {
      const now = untold;
      untold = [];
      return now;
    },
    settled: async () => {
      for (let round = 0, row = rowNow(); row && wantsIndex(row) && round < 10; round++, row = rowNow()) {
        await held(kept.caughtUp(row));
        const index = kept.state();
        if (index?.space === row.id && !index.building && index.rev >= row.rev) return;
      }
    },
    close: async () => {
      await held(kept.close());
      scan.drop();
    },
  };
};

export { dropVectorSpace, vectorSpaces } from './vector-spaces.ts';
