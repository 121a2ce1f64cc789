import { setImmediate as breath } from 'node:timers/promises';
import type { Neighbour, NearestOptions } from '../../core/vector-index.ts';
import type { Database } from '../log/database.ts';
import { scanIndex, type ScanIndex } from './scan-index.ts';
import { fromBytes } from './vector-data.ts';
import { changedRows, packedRows, type SpaceRow } from './vector-rows.ts';

/** Read in one go: about 5 ms. */
const pageRows = 8192;

/** Searches by comparing with every row; the rows are kept in memory and followed. */
export interface ScanView {
  nearest(vector: Float32Array, options: NearestOptions, row: SpaceRow): Promise<Neighbour[]>;
  size(): number;
  /** Lets go of the rows; they are read again when they are needed. */
  drop(): void;
}

/** Makes one that has read nothing yet. */
export const scanView = (database: Database): ScanView => {
  let index: ScanIndex | undefined;
  let space = 0;
  let rev = 0;
  let chain: Promise<unknown> = Promise.resolve();

  const load = async (row: SpaceRow): Promise<ScanIndex> => {
    const fresh = scanIndex(row.dimensions, row.storage);
    let afterId = -1;
    for (;;) {
      // Of whatever revision: a row that changes meanwhile has to be found in one of its states.
      const page = packedRows(database, row, Number.MAX_SAFE_INTEGER, afterId, pageRows);
      if (!page) break;
      fresh.load(page);
      afterId = page.ids.at(-1) ?? Infinity;
      if (page.ids.length < pageRows) break;
      await breath();
    }
    return fresh;
  };
  const follow = async (row: SpaceRow): Promise<ScanIndex> => {
    // Reading all anew is faster than row by row where many changed.
    const lag = row.rev - rev;
    if (!index || row.id !== space || rev < row.forgotten || lag < 0 || lag > Math.max(1000, row.live / 4)) {
      index = undefined;
      const fresh = await load(row);
      [index, space, rev] = [fresh, row.id, row.rev];
    }
    // What changed while others were read is younger than `row.rev`, and the next search's.
    for (;;) {
      const changed = changedRows(database, space, rev, row.rev, 1000);
      if (changed.length === 0) break;
      await index.apply(
        changed.map(({ id, data }) => ({ id, vector: data && fromBytes(data, row.dimensions, row.storage) })),
      );
      rev = changed.at(-1)?.rev ?? rev;
    }
    rev = row.rev;
    return index;
  };
  return {
    nearest: (vector, options, row) => {
      const found = chain.then(async () => (await follow(row)).nearest(vector, options));
      chain = found.catch(() => undefined);
      return found;
    },
    size: () => index?.size() ?? 0,
    drop: () => {
      index = undefined;
      rev = 0;
    },
  };
};
