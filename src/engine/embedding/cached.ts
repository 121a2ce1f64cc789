import { createHash } from 'node:crypto';
import type { Embedder } from '../../core/embedder.ts';

/** Vectors by the hash of what they were made of. It may forget anything at any time. */
export interface EmbeddingCache {
  /** One entry per key, in their order. */
  get(keys: readonly string[]): (Float32Array | undefined)[];
  put(entries: readonly { key: string; vector: ArrayLike<number> }[]): void;
}

const keyOf = (name: string, text: string): string =>
  createHash('sha256').update(name).update('\0').update(text).digest('hex');

/**
 * Asks only for texts not seen before, and for each of them once. `inputTokens` counts what was really asked. Vectors of
 * another length than the model gives now are those of another model behind the name: they are asked for again.
 */
export const cached = (embedder: Embedder, cache: EmbeddingCache): Embedder => {
  let lastLength: number | undefined;
  return {
    name: embedder.name,
    maxBatch: embedder.maxBatch,
    embed: async (texts, signal) => {
      signal.throwIfAborted();
      const keys = texts.map((text) => keyOf(embedder.name, text));
      const textOf = new Map(texts.map((text, at) => [keys[at] ?? '', text]));
      const known = new Map<string, ArrayLike<number>>();
      const wanted = [...textOf.keys()];
      const isOld = ({ length }: ArrayLike<number>): boolean => lastLength !== undefined && length !== lastLength;
      for (const [at, vector] of cache.get(wanted).entries())
        if (vector && !isOld(vector)) known.set(wanted[at] ?? '', vector);

      const ask = async (keysToAsk: readonly string[]): Promise<number | undefined> => {
        if (keysToAsk.length === 0) return 0;
        const { vectors, inputTokens } = await embedder.embed(
          keysToAsk.map((key) => textOf.get(key) ?? ''),
          signal,
        );
        const entries = keysToAsk.flatMap((key, at) => {
          const vector = vectors[at];
          return vector ? [{ key, vector }] : [];
        });
        for (const { key, vector } of entries) known.set(key, vector);
        lastLength = entries[0]?.vector.length ?? lastLength;
        cache.put(entries);
        return inputTokens;
      };
      const used = await ask(wanted.filter((key) => !known.has(key)));
      const isMixed = new Set([...known.values()].map(({ length }) => length)).size > 1;
      const old = [...known].flatMap(([key, vector]) => (lastLength === undefined || isOld(vector) ? [key] : []));
      const more = isMixed ? await ask(old) : 0;

      const inputTokens = used === undefined || more === undefined ? undefined : used + more;
      return {
        vectors: keys.map((key) => Array.from(known.get(key) ?? [])),
        ...(inputTokens === undefined ? {} : { inputTokens }),
      };
    },
  };
};
