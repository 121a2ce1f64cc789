import { ProviderError, type Embedder } from 'llm-copilot-agent';
import type { Server } from './server.ts';

/** Texts one request takes (https://ai.google.dev/api/embeddings, read 2026-11-27). */
const maxBatch = 100;

/** One of the lengths Google recommends, a quarter of the longest one and hardly worse (…/gemini-api/docs/embeddings, read 2026-11-27). */
const dimensions = 768;

/** Only vectors of the longest kind come with a length of one. */
const unit = (vector: readonly number[]): number[] => {
  const norm = Math.hypot(...vector);
  return norm === 0 ? [...vector] : vector.map((value) => value / norm);
};

const isVector = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length > 0 && value.every((one) => Number.isFinite(one));

/** @throws ProviderError `malformed` unless there is one vector per text, all of one length. */
const vectorsIn = (answer: unknown, texts: number): number[][] => {
  const { embeddings } = (answer ?? {}) as { embeddings?: unknown };
  const list: unknown[] = Array.isArray(embeddings) ? embeddings : [];
  const vectors = list.map((one) => (one as { values?: unknown } | null)?.values).filter(isVector);
  if (vectors.length !== texts || list.length !== texts || new Set(vectors.map(({ length }) => length)).size > 1) {
    throw new ProviderError('malformed', `Gemini gave no list of ${texts} vectors of one length`);
  }
  return vectors.map(unit);
};

/** One of the API's models of embedding. */
export const embedder = (server: Server, name: string): Embedder => {
  const model = name.replace(/^models\//, '');
  return {
    name: `gemini/${model}`,
    maxBatch,
    embed: async (texts, signal) => {
      const watch = server.watch(signal);
      try {
        const requests = texts.map((text) => ({
          model: `models/${model}`,
          content: { parts: [{ text }] },
          outputDimensionality: dimensions,
        }));
        if (requests.length === 0) return { vectors: [] };
        const answer = await server.api.ask(model, 'batchEmbedContents', { requests }, watch);
        return { vectors: vectorsIn(answer, texts.length) };
      } finally {
        watch.close();
      }
    },
  };
};
