import type { HierarchicalNSW } from 'hnswlib-node';

/** What is used of hnswlib-node. */
export interface HnswLibrary {
  HierarchicalNSW: typeof HierarchicalNSW;
}

/** Loads the package. @throws Error when it was not built for this machine. */
export const loadHnswLibrary = async (): Promise<HnswLibrary> => (await import('hnswlib-node')).default;

/** Links per node, and how widely a place for a new one is looked for: a search of 100,000 × 384 finds 99 % with it. */
const links = 16;
const efConstruction = 100;

/**
 * A graph of hnswlib under our own ids. A vector that is replaced gets a new label and its old one is marked as
 * deleted: changing a node in place takes several times as long, and the graph gets worse by it.
 */
export interface HnswGraph {
  live(): number;
  deleted(): number;
  /** Labels given so far, of live and deleted ones. */
  labels(): number;
  idAt(label: number): number | undefined;
  has(id: number): boolean;
  add(id: number, vector: ArrayLike<number>): void;
  remove(id: number): void;
  pointOf(id: number): number[] | undefined;
  search(vector: number[], limit: number, ef: number, among?: ReadonlySet<number>): Found[];
  write(path: string): Promise<unknown>;
  /** The id of each label, as far as it lives. */
  table(): Uint8Array;
}

/** An id and how far it is: 1 − cosine. */
export interface Found {
  id: number;
  distance: number;
}

// Ids take 32 bits, so one more value needs a list of its own.
const tableOf = (ids: readonly (number | undefined)[]): Uint8Array => {
  const values = new Float64Array(ids.length);
  for (const [label, id] of ids.entries()) values[label] = id ?? -1;
  return new Uint8Array(values.buffer);
};

const graphOf = (graph: HierarchicalNSW, ids: (number | undefined)[]): HnswGraph => {
  const labelOf = new Map<number, number>();
  for (const [label, id] of ids.entries()) if (id !== undefined) labelOf.set(id, label);
  const remove = (id: number): void => {
    const label = labelOf.get(id);
    if (label === undefined) return;
    graph.markDelete(label);
    labelOf.delete(id);
    ids[label] = undefined;
  };
  return {
    live: () => labelOf.size,
    deleted: () => ids.length - labelOf.size,
    labels: () => ids.length,
    idAt: (label) => ids[label],
    has: (id) => labelOf.has(id),
    add: (id, vector) => {
      remove(id);
      const label = ids.length;
      // It throws when it is full.
      if (label >= graph.getMaxElements()) graph.resizeIndex(Math.ceil(label * 1.5) + 64);
      graph.addPoint(Array.from(vector), label);
      ids.push(id);
      labelOf.set(id, label);
    },
    remove,
    pointOf: (id) => {
      const label = labelOf.get(id);
      return label === undefined ? undefined : graph.getPoint(label);
    },
    search: (vector, limit, ef, among) => {
      const most = Math.min(limit, labelOf.size);
      if (most === 0) return [];
      graph.setEf(Math.max(ef, most));
      // A filter that throws ends the process; neither of these two look-ups can.
      const filter = (label: number): boolean => {
        const id = ids[label];
        return id !== undefined && among?.has(id) === true;
      };
      const { neighbors, distances } = among
        ? graph.searchKnn(vector, most, safely(filter))
        : graph.searchKnn(vector, most);
      return neighbors.flatMap((label, index) => {
        const id = ids[label];
        return id === undefined ? [] : [{ id, distance: distances[index] ?? 1 }];
      });
    },
    write: (path) => graph.writeIndex(path),
    table: () => tableOf(ids),
  };
};

const safely =
  (filter: (label: number) => boolean) =>
  (label: number): boolean => {
    try {
      return filter(label);
    } catch {
      return false;
    }
  };

/** An empty graph with room for so many. */
export const hnswGraph = (library: HnswLibrary, dimensions: number, capacity: number): HnswGraph => {
  const graph = new library.HierarchicalNSW('cosine', dimensions);
  graph.initIndex(Math.max(64, capacity), links, efConstruction);
  return graphOf(graph, []);
};

/** Reads a graph and its table of ids. @throws Error when the file cannot be one. */
export const readHnswGraph = async (
  library: HnswLibrary,
  dimensions: number,
  path: string,
  table: Uint8Array,
): Promise<HnswGraph> => {
  const graph = new library.HierarchicalNSW('cosine', dimensions);
  await graph.readIndex(path);
  const values = new Float64Array(new Uint8Array(table).buffer);
  if (values.length !== graph.getCurrentCount()) throw new Error('its ids are not those of its vectors');
  return graphOf(
    graph,
    Array.from(values, (value) => (value < 0 ? undefined : value)),
  );
};
