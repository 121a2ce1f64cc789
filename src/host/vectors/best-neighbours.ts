import type { Neighbour } from '../../core/vector-index.ts';

/** Best first; those equally near by id, so that the order is always the same. */
export const byNearness = (a: Neighbour, b: Neighbour): number => b.similarity - a.similarity || a.id - b.id;

/** Keeps the best `limit` of all that are offered, in a heap whose root is the worst of them. */
export const bestNeighbours = (
  limit: number,
): { offer(id: number, similarity: number): void; worst(): number; sorted(): Neighbour[] } => {
  const heap: Neighbour[] = [];
  const at = (index: number): Neighbour => heap[index] ?? { id: 0, similarity: Infinity };
  const sink = (): void => {
    for (let index = 0; ;) {
      let worst = index;
      for (const child of [2 * index + 1, 2 * index + 2])
        if (child < heap.length && byNearness(at(child), at(worst)) > 0) worst = child;
      if (worst === index) return;
      [heap[index], heap[worst]] = [at(worst), at(index)];
      index = worst;
    }
  };
  const rise = (): void => {
    for (let index = heap.length - 1; index > 0;) {
      const parent = (index - 1) >> 1;
      if (byNearness(at(index), at(parent)) <= 0) return;
      [heap[index], heap[parent]] = [at(parent), at(index)];
      index = parent;
    }
  };
  return {
    offer: (id, similarity) => {
      const one = { id, similarity };
      if (heap.length < limit) {
        heap.push(one);
        rise();
      } else if (limit > 0 && byNearness(one, at(0)) < 0) {
        heap[0] = one;
        sink();
      }
    },
    worst: () => (heap.length < limit ? -Infinity : at(0).similarity),
    sorted: () => heap.sort(byNearness),
  };
};
