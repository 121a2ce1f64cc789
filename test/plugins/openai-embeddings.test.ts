import { afterEach, expect, it } from 'vitest';
import plugin from '../../plugins/openai/index.ts';
import { setup } from '../../plugins/openai/provider.ts';
import type { Embedder } from '../../src/core/embedder.ts';
import { embeddingsAnswer, type EmbeddingsBody } from '../support/wire/embeddings.ts';
import { testHost } from '../support/wire/host.ts';
import { wireServer, type Script, type WireServer } from '../support/wire/wire-server.ts';

let server: WireServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const envOf: Record<string, (url: string) => Record<string, string>> = {
  openai: (url) => ({ OPENAI_API_KEY: 'key', OPENAI_BASE_URL: `${url}/v1` }),
  'azure-openai': (url) => ({ AZURE_OPENAI_API_KEY: 'key', AZURE_OPENAI_ENDPOINT: url }),
  mistral: (url) => ({ MISTRAL_API_KEY: 'key', MISTRAL_BASE_URL: `${url}/v1` }),
  ollama: (url) => ({ OLLAMA_HOST: url }),
  lmstudio: (url) => ({ LM_STUDIO_API_BASE: `${url}/v1` }),
  vllm: (url) => ({ VLLM_BASE_URL: `${url}/v1` }),
};
const vectorOf = (text: string): number[] => [text.length, 0.5, -1];
const good: Script = ({ body }) => ({
  fault: 'status',
  status: 200,
  body: embeddingsAnswer(body as EmbeddingsBody, vectorOf),
});
const start = async (name: string, script: Script, stallTimeoutMs = 5000): Promise<Embedder> => {
  server = await wireServer(script);
  return setup(testHost(envOf[name]!(server.url), { stallTimeoutMs })).embedders![name]!('embed');
};
const never = new AbortController().signal;
const failure = async (body: unknown, texts = ['a', 'b']): Promise<unknown> => {
  const embedder = await start('ollama', [{ fault: 'status', status: 200, body }]);
  return embedder.embed(texts, never).catch((error: unknown) => error);
};

it.each(plugin.embedders!.map(({ name }) => name))('%s makes one vector of each text, in their order', async (name) => {
  const embedder = await start(name, good);
  expect(embedder.name).toBe(`${name}/embed`);
  expect(await embedder.embed(['one', 'three', ''], never)).toEqual({
    vectors: [
      [3, 0.5, -1],
      [5, 0.5, -1],
      [1, 0.5, -1],
    ],
    inputTokens: 3,
  });
  const { path, body } = server!.requests[0]!;
  expect(path).toBe(
    name === 'azure-openai' ? '/openai/deployments/embed/embeddings?api-version=2024-10-21' : '/v1/embeddings',
  );
  const encoding = name === 'openai' || name === 'azure-openai' ? { encoding_format: 'base64' } : {};
  // No server takes an empty text.
  expect(body).toEqual({ model: 'embed', input: ['one', 'three', ' '], ...encoding });
});

it('many texts go out in several calls', async () => {
  const embedder = await start('mistral', good);
  const texts = Array.from({ length: 2 * embedder.maxBatch + 1 }, (_, index) => 'x'.repeat(index + 1));
  const { vectors, inputTokens } = await embedder.embed(texts, never);
  expect(vectors.map(([length]) => length)).toEqual(texts.map((text) => text.length));
  expect(inputTokens).toBe(texts.length);
  expect(server?.requests.map(({ body }) => (body as EmbeddingsBody).input.length)).toEqual([16, 16, 1]);
});

it('nothing to embed asks nobody', async () => {
  const embedder = await start('ollama', good);
  expect(await embedder.embed([], never)).toEqual({ vectors: [] });
  expect(server?.requests).toEqual([]);
});

it('vectors that come in another order are put where they belong, with or without counts', async () => {
  const item = (index: number) => ({ index, embedding: [index, 1] });
  expect(await failure({ data: [item(1), item(0)] })).toEqual({
    vectors: [
      [0, 1],
      [1, 1],
    ],
  });
  await server?.close();
  expect(await failure({ data: [{ embedding: [7] }, { embedding: [8] }] })).toEqual({ vectors: [[7], [8]] });
});

const vector = (index: unknown, embedding: unknown) => ({ index, embedding });
it.each([
  ['too few', { data: [vector(0, [1])] }],
  ['none', { object: 'list' }],
  ['nothing at all', null],
  ['one text twice', { data: [vector(0, [1]), vector(0, [1])] }],
  ['a text that was not asked', { data: [vector(0, [1]), vector(2, [1])] }],
  ['a place before the first', { data: [vector(0, [1]), vector(-1, [1])] }],
  ['half a place', { data: [vector(0, [1]), vector(0.5, [1])] }],
  ['no number', { data: [vector(0, [1]), vector(1, [null])] }],
  ['words', { data: [vector(0, [1]), vector(1, ['1'])] }],
  ['not a number in base64', { data: [vector(0, [1]), vector(1, 'AADAfw==')] }],
  ['half a float', { data: [vector(0, [1]), vector(1, 'AAA=')] }],
  ['an empty vector', { data: [vector(0, [1]), vector(1, [])] }],
  ['several lengths', { data: [vector(0, [1]), vector(1, [1, 2])] }],
  ['no JSON', '<p>hello</p>'],
])('an answer with %s is malformed', async (_what, body) => {
  expect(await failure(body)).toMatchObject({ kind: 'malformed', retryable: true });
});

it('a refusal is what it is elsewhere', async () => {
  const body = { error: { message: 'model "embed" not found, try pulling it first' } };
  const embedder = await start('ollama', [{ fault: 'status', status: 404, body }]);
  await expect(embedder.embed(['a'], never)).rejects.toMatchObject({
    kind: 'not_found',
    hint: expect.stringContaining('ollama pull embed') as string,
  });
});

it('an abort ends it with its reason, a silence with a timeout', async () => {
  const reason = new Error('stop');
  const silent: Script = () => ({ fault: 'stall', from: 'start' });
  const embedder = await start('openai', silent, 60);
  await expect(embedder.embed(['a'], never)).rejects.toMatchObject({ kind: 'timeout' });
  const abort = new AbortController();
  const waiting = embedder.embed(['a'], abort.signal);
  abort.abort(reason);
  await expect(waiting).rejects.toBe(reason);
});
