import type { Embedder } from '../../core/embedder.ts';
import { ProviderError } from '../../core/provider.ts';

/**
 * Holds an embedder to its word, to be put around it innermost: as many vectors as texts, finite, always of one length.
 * @throws ProviderError `malformed` when it breaks that.
 */
export const checked = (embedder: Embedder): Embedder => {
  let dimensions: number | undefined;
  const wrong = (what: string): ProviderError =>
    new ProviderError('malformed', `${embedder.name} gave ${what}`, {
      hint: 'The vectors were not kept. Try again, or choose another model under embedding.model.',
    });
  return {
    name: embedder.name,
    maxBatch: embedder.maxBatch,
    embed: async (texts, signal) => {
      const answer = await embedder.embed(texts, signal);
      const { vectors } = answer;
      if (vectors.length !== texts.length) throw wrong(`${vectors.length} vectors for ${texts.length} texts`);
      let length = dimensions;
      for (const vector of vectors) {
        if (vector.length === 0 || !vector.every(Number.isFinite)) throw wrong('something that is no vector');
        if (length !== undefined && vector.length !== length)
          throw wrong(`a vector of ${vector.length} numbers after others of ${length}`);
        length = vector.length;
      }
      dimensions = length;
      return answer;
    },
  };
};
