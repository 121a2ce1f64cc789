import type { Protocol } from './turn.ts';

/** What is asked for at `/embeddings`. */
export interface EmbeddingsBody {
  model: string;
  input: string[];
  encoding_format?: string;
}

const base64Of = (numbers: readonly number[]): string => {
  const bytes = Buffer.alloc(4 * numbers.length);
  for (const [at, number] of numbers.entries()) bytes.writeFloatLE(number, 4 * at);
  return bytes.toString('base64');
};

/** The whole answer of an embeddings endpoint, as https://developers.openai.com/api/reference shows it (read 2026-11-27). */
export const embeddingsAnswer = (
  { model, input, encoding_format }: EmbeddingsBody,
  vectorOf: (text: string) => readonly number[],
): Record<string, unknown> => ({
  object: 'list',
  model,
  data: input.map((text, index) => {
    const vector = vectorOf(text);
    return { object: 'embedding', index, embedding: encoding_format === 'base64' ? base64Of(vector) : vector };
  }),
  usage: { prompt_tokens: input.length, total_tokens: input.length },
});

/** The embeddings endpoint. It does not stream: a script answers with a status of 200 and a body. */
export const embeddings: Protocol = {
  answer: () => [],
  opening: () => [],
  errorEvent: () => '',
  errorBody: (status) => ({ error: { type: 'server_error', code: null, message: `scripted ${status}` } }),
};
