import type { Signal } from '../../core/found.ts';

/** One signal's opinion: ids, the best first. */
export interface Ranking {
  signal: Signal;
  weight: number;
  ids: readonly number[];
}

/** A score and whose it is. */
export interface Fused {
  score: number;
  why: Partial<Record<Signal, number>>;
}

/**
 * Reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009): each ranking gives `weight / (k + rank)`. Scores of
 * different signals need not be comparable. Rankings of one signal add up under its name.
 */
export const fuse = (rankings: readonly Ranking[], k: number): Map<number, Fused> => {
  const fused = new Map<number, Fused>();
  for (const { signal, weight, ids } of rankings) {
    if (weight <= 0) continue;
    for (const [index, id] of ids.entries()) {
      const share = weight / (k + index + 1);
      const known = fused.get(id) ?? { score: 0, why: {} };
      known.score += share;
      known.why[signal] = (known.why[signal] ?? 0) + share;
      fused.set(id, known);
    }
  }
  return fused;
};

/** The same with every share, and so the score, multiplied. */
export const scaled = ({ score, why }: Fused, factor: number): Fused => ({
  score: score * factor,
  why: Object.fromEntries(Object.entries(why).map(([signal, share]) => [signal, share * factor])),
});
