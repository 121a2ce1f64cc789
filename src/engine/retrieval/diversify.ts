import type { CandidateChunk } from '../../core/retrieval.ts';

/** How much relevance counts; the rest is being unlike what was taken before. */
const relevance = 0.75;
/** Only so many of the best are looked at: the work is `limit` times this. */
const maxLookedAt = 200;

interface Item {
  chunk: CandidateChunk;
  score: number;
}

/** Chunks of one file are alike, the more the nearer; chunks that share lines are the same. */
const likeness = (one: CandidateChunk, other: CandidateChunk): number => {
  if (one.file !== other.file) return one.symbol !== undefined && one.symbol === other.symbol ? 0.3 : 0;
  const shared = Math.min(one.endLine, other.endLine) - Math.max(one.startLine, other.startLine) + 1;
  const shorter = Math.min(one.endLine - one.startLine, other.endLine - other.startLine) + 1;
  return shared > 0 ? Math.max(0.5, shared / shorter) : 0.4;
};

/**
 * Maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998): each time the item is taken that is relevant and
 * unlike those taken before.
 * @param items best first.
 */
export const diversify = <T extends Item>(
  items: readonly T[],
  limit: number,
  similarity: (one: number, other: number) => number | undefined = () => undefined,
): T[] => {
  const best = items[0]?.score ?? 0;
  const left = items.slice(0, Math.max(maxLookedAt, limit)).map((item) => ({ item, nearest: 0 }));
  const taken: T[] = [];
  while (taken.length < limit && left.length > 0) {
    let at = 0;
    let value = -Infinity;
    for (const [index, { item, nearest }] of left.entries()) {
      const worth = (relevance * item.score) / (best || 1) - (1 - relevance) * nearest;
      if (worth > value) [at, value] = [index, worth];
    }
    const [next] = left.splice(at, 1);
    if (next === undefined) break;
    taken.push(next.item);
    for (const other of left) {
      const { chunk } = other.item;
      const near = Math.max(likeness(next.item.chunk, chunk), similarity(next.item.chunk.id, chunk.id) ?? 0);
      if (near > other.nearest) other.nearest = near;
    }
  }
  return taken;
};
