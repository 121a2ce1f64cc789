import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, it } from 'vitest';
import plugin from '../../plugins/gemini/index.ts';
import type { Embedder } from '../../src/core/embedder.ts';
import { testHost } from '../support/wire/host.ts';

interface Asked {
  url: string | undefined;
  headers: IncomingMessage['headers'];
  body: { requests: { model: string; content: { parts: { text: string }[] }; outputDimensionality: number }[] };
}

let close: (() => void) | undefined;
afterEach(() => close?.());
const none = new AbortController().signal;

/** An embedder whose server answers with what `answer` makes; undefined is a server that says nothing. */
const start = async (
  answer: (asked: Asked) => { status?: number; body: unknown } | undefined,
  more: { model?: string; stallTimeoutMs?: number } = {},
): Promise<{ embedder: Embedder; asked: Asked[] }> => {
  const asked: Asked[] = [];
  const server = createServer((request, out) => {
    void text(request).then((body) => {
      const one: Asked = { url: request.url, headers: request.headers, body: JSON.parse(body) as Asked['body'] };
      asked.push(one);
      const said = answer(one);
      if (!said) return;
      out.writeHead(said.status ?? 200, { 'content-type': 'application/json' });
      out.end(typeof said.body === 'string' ? said.body : JSON.stringify(said.body));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  close = () => {
    server.close();
    server.closeAllConnections();
  };
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { stallTimeoutMs = 5000 } = more;
  const host = testHost({ GEMINI_API_KEY: 'secret-key', GEMINI_BASE_URL: url }, { stallTimeoutMs });
  const made = (await plugin.load()).setup(host).embedders?.gemini;
  return { embedder: made!(more.model ?? plugin.embedders![0]!.defaultModel), asked };
};

it('gives one vector of length one for each text, in their order', async () => {
  const { embedder, asked } = await start(({ body }) => ({
    body: { embeddings: body.requests.map((_, at) => ({ values: at === 0 ? [3, 4] : [0, 2] })) },
  }));
  const { vectors } = await embedder.embed(['one', 'two'], none);
  expect(vectors).toEqual([
    [0.6, 0.8],
    [0, 1],
  ]);
  expect(asked[0]).toMatchObject({
    url: '/v1beta/models/gemini-embedding-001:batchEmbedContents',
    headers: { 'x-goog-api-key': 'secret-key' },
    body: {
      requests: [
        {
          model: 'models/gemini-embedding-001',
          content: { parts: [{ text: 'one' }] },
          outputDimensionality: 768,
        },
        { content: { parts: [{ text: 'two' }] } },
      ],
    },
  });
  expect(embedder).toMatchObject({ name: 'gemini/gemini-embedding-001', maxBatch: 100 });
});

it('asks for nothing when there is no text, and leaves a vector of zeros as it is', async () => {
  const { embedder, asked } = await start(() => ({ body: { embeddings: [{ values: [0, 0] }] } }), {
    model: 'models/other',
  });
  expect(await embedder.embed([], none)).toEqual({ vectors: [] });
  expect(asked).toEqual([]);
  expect(await embedder.embed(['x'], none)).toEqual({ vectors: [[0, 0]] });
  expect(asked[0]?.url).toBe('/v1beta/models/other:batchEmbedContents');
});

it.each([
  ['too few', { embeddings: [{ values: [1] }] }],
  ['of different lengths', { embeddings: [{ values: [1] }, { values: [1, 2] }] }],
  ['not numbers', { embeddings: [{ values: [1] }, { values: ['1'] }] }],
  ['empty', { embeddings: [{ values: [] }, null] }],
  ['missing', null],
  ['no JSON', 'hello'],
])('refuses an answer whose vectors are %s', async (_what, body) => {
  const { embedder } = await start(() => ({ body }));
  await expect(embedder.embed(['one', 'two'], none)).rejects.toMatchObject({ kind: 'malformed', retryable: true });
});

it('fails as the provider does: refused key, silence, abort', async () => {
  const refused = await start(() => ({
    status: 400,
    body: {
      error: { code: 400, message: 'API key not valid: secret-key', details: [{ reason: 'API_KEY_INVALID' }] },
    },
  }));
  const error: unknown = await refused.embedder.embed(['x'], none).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ kind: 'auth', exitCode: 3 });
  expect(JSON.stringify([String(error), error])).not.toContain('secret-key');
  close?.();

  const silent = await start(() => undefined, { stallTimeoutMs: 40 });
  await expect(silent.embedder.embed(['x'], none)).rejects.toMatchObject({ kind: 'timeout' });
  const reason = new Error('stop it');
  await expect(silent.embedder.embed(['x'], AbortSignal.abort(reason))).rejects.toBe(reason);
});
