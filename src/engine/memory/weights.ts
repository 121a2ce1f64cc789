import type { MemoryKind } from '../../core/memory.ts';

/** What counts how much when items are recalled, and why. */
export const weights = {
  /**
   * Being about the question comes first: an item that is not is of no use however sure and new it is. The other two
   * together can lift an item over one that fits about a third better, no more.
   */
  similarity: 0.75,
  confidence: 0.15,
  recency: 0.1,
  /**
   * Of similarity: meaning (vectors) and words. Neither alone is enough – hashed vectors know no synonyms, and words
   * miss everything said in other ones – so what either is sure of counts, and both together count more.
   */
  meaning: 0.8,
  words: 0.8,
  /** Similarity below this is chance: nothing is better than something unrelated in every first message. */
  leastSimilarity: 0.2,
  /** What an item loses for being like one that is served already (maximal marginal relevance). */
  redundancy: 0.5,
  /** Alike enough that a second one says nothing new; less is only being on the same subject. */
  redundantFrom: 0.5,
  /** Runs that a stated confidence weighs as much as: one bad end does not make a sure item doubtful. */
  confidenceRuns: 2,
} as const;

const day = 24 * 60 * 60 * 1000;

/** After so long without use or change an item's recency is halved, in ms. How things are outlives what happened. */
export const halfLifeMs: Readonly<Record<MemoryKind, number>> = {
  fact: 90 * day,
  strategy: 30 * day,
  episode: 30 * day,
  skill: 30 * day,
};

/** How near vectors and words have to be for a judgement about two items. */
export const nearness = {
  /** From here on two items may be one (cosine). */
  same: 0.87,
  /** The same for words where there is no vector (Dice of their words): stricter, words lie less often but know less. */
  sameWords: 0.9,
  /** From here on two items may contradict each other. */
  related: 0.6,
} as const;

/**
 * Similarity of texts that have nothing to do with each other, by who made the vectors: it is taken off. Hashed vectors
 * share little by chance; trained ones sit in a cone. Used until there are enough items to measure it.
 */
export const usualBackground = (space: string): number => (space.startsWith('local/') ? 0.1 : 0.25);
