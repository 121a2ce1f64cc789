import type { Embedder } from '../../../src/core/embedder.ts';

/** An embedder that takes down what it is asked; `answer` may throw. */
export const stubEmbedder = (
  answer: (text: string, at: number) => number[] = (text) => [text.length, 1],
  more: { maxBatch?: number; inputTokens?: number; name?: string } = {},
): Embedder & { asked: string[][] } => {
  const asked: string[][] = [];
  return {
    asked,
    name: more.name ?? 'test/model',
    maxBatch: more.maxBatch ?? 100,
    embed: async (texts, signal) => {
      signal.throwIfAborted();
      asked.push([...texts]);
      const vectors = texts.map(answer);
      return { vectors, ...(more.inputTokens === undefined ? {} : { inputTokens: more.inputTokens }) };
    },
  };
};

/** A signal that never aborts. */
export const never = new AbortController().signal;
