import type { Embedder } from '../../core/embedder.ts';
import { withoutLead } from './local-embedder.ts';

/** What fits one call. */
export interface BatchLimits {
  /** Longer texts are cut, in UTF-16 code units. */
  textChars: number;
  /** All texts of a call together. */
  batchChars: number;
}

/** The beginning of a text; a pair of code units stays whole. */
export const cutText = (text: string, chars: number): string => {
  if (text.length <= chars) return text;
  const isPair = (text.charCodeAt(chars - 1) & 0xfc00) === 0xd800;
  return text.slice(0, isPair ? chars - 1 : chars);
};

const batchesOf = (texts: readonly string[], most: number, chars: number): string[][] => {
  const batches: string[][] = [];
  let batch: string[] = [];
  let size = 0;
  for (const text of texts) {
    if (batch.length > 0 && (batch.length >= most || size + text.length > chars)) {
      batches.push(batch);
      batch = [];
      size = 0;
    }
    batch.push(text);
    size += text.length;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
};

/**
 * Any number of texts in calls that fit, one after the other, each text cut to what the model takes; the lead of a text
 * goes on a line of its own.
 */
export const batched = (embedder: Embedder, { textChars, batchChars }: BatchLimits): Embedder => ({
  name: embedder.name,
  maxBatch: embedder.maxBatch,
  embed: async (texts, signal) => {
    const cut = texts.map((text) => cutText(withoutLead(text), textChars));
    const vectors: number[][] = [];
    let inputTokens: number | undefined;
    for (const batch of batchesOf(cut, embedder.maxBatch, batchChars)) {
      signal.throwIfAborted();
      const answer = await embedder.embed(batch, signal);
      for (const vector of answer.vectors) vectors.push(vector);
      if (answer.inputTokens !== undefined) inputTokens = (inputTokens ?? 0) + answer.inputTokens;
    }
    return { vectors, ...(inputTokens === undefined ? {} : { inputTokens }) };
  },
});
