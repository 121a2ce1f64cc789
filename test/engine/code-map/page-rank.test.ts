import { describe, expect, it } from 'vitest';
import { pageRank, type Graph } from '../../../src/engine/code-map/page-rank.ts';

/** A graph from `[from, to, weight]`, sorted by from. */
const graphOf = (nodes: number, edges: readonly [number, number, number][]): Graph => {
  const offsets = new Uint32Array(nodes + 1);
  for (const [from] of edges) offsets[from + 1] = offsets[from + 1]! + 1;
  for (let node = 0; node < nodes; node++) offsets[node + 1] = offsets[node + 1]! + offsets[node]!;
  return {
    offsets,
    targets: Uint32Array.from(edges, ([, to]) => to),
    weights: Float64Array.from(edges, ([, , weight]) => weight),
  };
};
const evenly = (nodes: number): Float64Array => new Float64Array(nodes).fill(1);
const sum = (ranks: Float64Array): number => ranks.reduce((all, rank) => all + rank, 0);

describe('PageRank', () => {
  it('gives the ranks that can be worked out by hand', () => {
    // Both of two nodes that name each other have half.
    expect([
      ...pageRank(
        graphOf(2, [
          [0, 1, 1],
          [1, 0, 1],
        ]),
        evenly(2),
      ),
    ]).toEqual([0.5, 0.5]);
    // 0 → 1, and 1 → nowhere: x = .075 + .425 y, y = x × .85 + x, with x + y = 1.
    const [first, second] = pageRank(graphOf(2, [[0, 1, 3]]), evenly(2));
    expect(first).toBeCloseTo(1 / 2.85, 6);
    expect(second).toBeCloseTo(1.85 / 2.85, 6);
  });

  it('follows heavier edges more, and begins where it is told', () => {
    const graph = graphOf(3, [
      [0, 1, 9],
      [0, 2, 1],
    ]);
    const [, heavy = 0, light = 0] = pageRank(graph, evenly(3));
    expect(heavy / light).toBeCloseTo((1 + 0.85 * 0.9) / (1 + 0.85 * 0.1), 6);
    const focused = pageRank(
      graphOf(4, [
        [0, 1, 1],
        [2, 3, 1],
      ]),
      Float64Array.of(1, 0, 0, 0),
    );
    expect(focused[1]).toBeGreaterThan(0.4);
    expect([focused[2], focused[3]]).toEqual([0, 0]);
  });

  it('shares out exactly 1, whatever the graph, and the same each time', () => {
    let seed = 42;
    const random = (below: number): number => (seed = (seed * 1103515245 + 12345) % 2147483648) % below;
    for (let round = 0; round < 50; round++) {
      const nodes = 1 + random(200);
      const edges = Array.from({ length: random(600) }, (): [number, number, number] => [
        ...([random(nodes), random(nodes), random(5)] as const),
      ]).sort(([one], [other]) => one - other);
      const ranks = pageRank(graphOf(nodes, edges), evenly(nodes));
      expect(sum(ranks)).toBeCloseTo(1, 9);
      expect(ranks.every((rank) => rank > 0)).toBe(true);
      expect(pageRank(graphOf(nodes, edges), evenly(nodes))).toEqual(ranks);
    }
    expect(pageRank(graphOf(0, []), evenly(0))).toHaveLength(0);
  });

  it('grows with the number of edges, not of pairs', () => {
    const nodes = 20_000;
    const edges = Array.from({ length: nodes * 10 }, (_, at): [number, number, number] => [
      ...([Math.floor(at / 10), (at * 7919) % nodes, 1] as const),
    ]);
    const startedAt = performance.now();
    expect(sum(pageRank(graphOf(nodes, edges), evenly(nodes)))).toBeCloseTo(1, 9);
    // 400 million pairs would take minutes.
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });
});
