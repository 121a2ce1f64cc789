import type { MemoryItem } from '../../core/memory.ts';
import { cosine, dice } from './overlap.ts';
import { halfLifeMs, weights } from './weights.ts';

/** An item that may be served, with what is known of how it fits the question. */
export interface Candidate<Item extends MemoryItem = MemoryItem> {
  item: Item;
  words: ReadonlySet<string>;
  /** Left out while it is not embedded. */
  vector?: Float32Array | undefined;
  /** To the question; left out where one of both has no vector. */
  similarity?: number | undefined;
  /** Of the words with those of the question, 0 to 1. */
  overlap: number;
}

/** A candidate with its score. */
export interface Scored<Item extends MemoryItem = MemoryItem> extends Candidate<Item> {
  score: number;
  why: { similarity: number; confidence: number; recency: number };
}

const between = (low: number, value: number, high: number): number => Math.min(high, Math.max(low, value));

/** The stated confidence, corrected by how runs with the item ended (Laplace: it counts as a few runs of its own). */
export const learnedConfidence = (item: Pick<MemoryItem, 'confidence' | 'helped' | 'harmed'>): number => {
  const { confidenceRuns: own } = weights;
  return (own * item.confidence + item.helped) / (own + item.helped + item.harmed);
};

/** 1 for what was used or changed now, halved with every half-life. A clock that went back makes nothing newer than new. */
export const recencyOf = (item: Pick<MemoryItem, 'kind' | 'updatedAt' | 'usedAt'>, now: number): number => {
  const age = Math.max(0, now - Math.max(item.updatedAt, item.usedAt ?? 0));
  return 0.5 ** (age / halfLifeMs[item.kind]);
};

/**
 * Scores candidates and leaves out those that do not fit the question; best first.
 * @param background similarity of vectors that have nothing to do with each other.
 */
export const scored = <Item extends MemoryItem>(
  candidates: readonly Candidate<Item>[],
  { now, background }: { now: number; background: number },
): Scored<Item>[] =>
  candidates
    .map((candidate) => {
      const meaning = between(0, ((candidate.similarity ?? 0) - background) / (1 - background), 1);
      const similarity = 1 - (1 - weights.meaning * meaning) * (1 - weights.words * between(0, candidate.overlap, 1));
      const why = {
        similarity,
        confidence: learnedConfidence(candidate.item),
        recency: recencyOf(candidate.item, now),
      };
      const score =
        weights.similarity * why.similarity + weights.confidence * why.confidence + weights.recency * why.recency;
      return { ...candidate, why, score };
    })
    .filter(({ why }) => why.similarity >= weights.leastSimilarity)
    .sort((a, b) => b.score - a.score || (a.item.id < b.item.id ? -1 : 1));

const likeness = (a: Candidate, b: Candidate): number =>
  a.vector && b.vector ? cosine(a.vector, b.vector) : dice(a.words, b.words);

/**
 * The best ones that are not all the same: each loses for being like one taken before it. `holds` is asked once for each
 * that would be taken; one that does not hold costs the others nothing.
 */
export const pickDiverse = <One extends Scored>(
  candidates: readonly One[],
  limit: number,
  holds: (one: One) => boolean,
): One[] => {
  const left = candidates.map((one) => ({ one, loss: 0 }));
  const taken: One[] = [];
  while (taken.length < limit && left.length > 0) {
    let best = 0;
    left.forEach((entry, index) => {
      const now = left[best];
      if (now && entry.one.score - entry.loss > now.one.score - now.loss) best = index;
    });
    const [entry] = left.splice(best, 1);
    if (!entry || !holds(entry.one)) continue;
    taken.push(entry.one);
    for (const other of left) {
      const excess = (likeness(other.one, entry.one) - weights.redundantFrom) / (1 - weights.redundantFrom);
      other.loss = Math.max(other.loss, weights.redundancy * Math.max(0, excess) * other.one.score);
    }
  }
  return taken;
};
