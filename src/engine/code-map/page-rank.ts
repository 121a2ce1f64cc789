/** A weighted directed graph: the edges of node `n` lie from `offsets[n]` to `offsets[n + 1]`. */
export interface Graph {
  offsets: Uint32Array;
  targets: Uint32Array;
  weights: Float64Array;
}

const damping = 0.85;
const maxIterations = 100;

/**
 * PageRank by power iteration. What a node without edges has is shared out like a fresh start.
 * @param starts where a reader begins, by node: none below 0, one above; need not sum to 1.
 * @param tolerance when ranks change by less in all, they are good enough.
 * @returns ranks that sum to 1; empty for an empty graph.
 */
export const pageRank = (
  { offsets, targets, weights }: Graph,
  starts: Float64Array,
  tolerance = 1e-7,
): Float64Array => {
  const nodes = starts.length;
  const total = starts.reduce((sum, start) => sum + start, 0);
  const fresh = starts.map((start) => start / total);
  const shares = new Float64Array(weights.length);
  const isDangling = new Uint8Array(nodes);
  for (let node = 0; node < nodes; node++) {
    const [from = 0, to = 0] = [offsets[node], offsets[node + 1]];
    let sum = 0;
    for (let edge = from; edge < to; edge++) sum += weights[edge] ?? 0;
    if (sum === 0) isDangling[node] = 1;
    else for (let edge = from; edge < to; edge++) shares[edge] = (weights[edge] ?? 0) / sum;
  }
  let ranks = Float64Array.from(fresh);
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    const next = new Float64Array(nodes);
    let lost = 0;
    for (let node = 0; node < nodes; node++) {
      const rank = ranks[node] ?? 0;
      if (isDangling[node] === 1) {
        lost += rank;
        continue;
      }
      const to = offsets[node + 1] ?? 0;
      for (let edge = offsets[node] ?? 0; edge < to; edge++) {
        const target = targets[edge] ?? 0;
        next[target] = (next[target] ?? 0) + rank * (shares[edge] ?? 0);
      }
    }
    let change = 0;
    for (let node = 0; node < nodes; node++) {
      const rank = damping * (next[node] ?? 0) + (1 - damping + damping * lost) * (fresh[node] ?? 0);
      change += Math.abs(rank - (ranks[node] ?? 0));
      next[node] = rank;
    }
    ranks = next;
    if (change < tolerance) break;
  }
  return ranks;
};
