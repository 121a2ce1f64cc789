import { mkdtempSync, rmSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import gemini from '../../../plugins/gemini/index.ts';
import openai from '../../../plugins/openai/index.ts';
import { openEmbedder, type OpenEmbedder } from '../../../src/app/embedding/open-embedder.ts';
import { remoteParts } from '../../../src/app/embedding/remote-parts.ts';
import { embeddingReport } from '../../../src/app/embedding/report.ts';
import { sessionsPath } from '../../../src/app/sessions.ts';
import type { Config } from '../../../src/core/config.ts';
import type { Plugin } from '../../../src/core/plugin.ts';
import { fillSpace } from '../../../src/engine/embedding/fill.ts';
import { learnIdf } from '../../../src/engine/embedding/idf.ts';
import { withLead } from '../../../src/engine/embedding/local-embedder.ts';
import { tryEmbed } from '../../../src/engine/embedding/try-embed.ts';
import { openDatabase } from '../../../src/host/log/database.ts';
import { ledger } from '../../../src/host/log/ledger.ts';
import { embeddingsAnswer, type EmbeddingsBody } from '../../support/wire/embeddings.ts';
import { wireServer, type Script, type WireServer } from '../../support/wire/wire-server.ts';

const never = new AbortController().signal;
const plugins: readonly Plugin[] = [openai, gemini];
const vectorOf = (text: string): number[] => [text.length, 0.5];
const good: Script = ({ body }) => ({
  fault: 'status',
  status: 200,
  body: embeddingsAnswer(body as EmbeddingsBody, vectorOf),
});

let folder = '';
let server: WireServer | undefined;
let opened: OpenEmbedder[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'open-embedder-'));
});
afterEach(async () => {
  for (const one of opened) one.close();
  opened = [];
  await server?.close();
  server = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const envFor = (more: Record<string, string> = {}): Record<string, string> => ({
  HOME: folder,
  LLM_COPILOT_DATA_DIR: join(folder, 'data'),
  XDG_CONFIG_HOME: join(folder, 'config'),
  ...more,
});
const start = async (script: Script, settings: Config = {}, more: Record<string, string> = {}) => {
  server ??= await wireServer(script);
  const env = envFor({
    OPENAI_API_KEY: 'test-key',
    OPENAI_BASE_URL: `${server.url}/v1`,
    OLLAMA_HOST: server.url,
    ...more,
  });
  const config: Config = { embedding: { model: 'openai' }, ...settings };
  const open = await openEmbedder({
    settings: config,
    plugins,
    env,
    remote: () => remoteParts({ env, root: folder, plugins }, config),
  });
  opened.push(open);
  return { open, env, embedder: open.embedder(), host: new URL(server.url).host };
};
const asked = (): string[][] => (server?.requests ?? []).map(({ body }) => (body as EmbeddingsBody).input);
const spent = (env: Record<string, string>) => {
  const database = openDatabase(sessionsPath(env));
  const { day } = ledger(() => database, folder).balances();
  database.close();
  return day;
};

describe('the local embedder', () => {
  test('is there without a configuration, and asks for nothing', async () => {
    for (const settings of [{}, { embedding: {} }, { embedding: { model: 'local' } }]) {
      const open = await openEmbedder({
        settings,
        plugins: [],
        env: {},
        remote: () => Promise.reject(new Error('nobody asks')),
      });
      expect(open).toMatchObject({ name: 'local/1', local: true });
      expect((await open.embedder().embed(['some words'], never)).vectors[0]).toHaveLength(384);
      const idf = learnIdf(['some words']);
      expect(open.embedder(idf).name).toBe(`local/1#${idf.id}`);
      open.close();
    }
  });
});

describe('the embedder of a provider', () => {
  test('embeds in batches, in order, with what it costs in the ledger', async () => {
    const { open, embedder, env, host } = await start(good, { maxCostUsd: 1 });
    expect(open).toMatchObject({ name: `openai/text-embedding-3-small@${host}`, local: false });
    const texts = Array.from({ length: 300 }, (_, at) => 'x'.repeat(at + 1));
    const { vectors } = await embedder.embed(texts, never);
    expect(vectors).toEqual(texts.map(vectorOf));
    expect(asked().map(({ length }) => length)).toEqual([256, 44]);
    expect(server?.requests[0]?.headers.authorization).toBe('Bearer test-key');
    // The server counts a token for each text: 20 nanos each.
    expect(spent(env)).toEqual({ spent: { nanos: 300 * 20, tokens: 300 }, reserved: { nanos: 0, tokens: 0 } });
  });

  test('asks for no text twice, not even in another process’s life', async () => {
    const first = await start(good);
    await first.embedder.embed(['a', 'bb'], never);
    first.open.close();
    const second = await start(good);
    expect((await second.embedder.embed(['bb', 'ccc', 'a'], never)).vectors).toEqual([
      [2, 0.5],
      [3, 0.5],
      [1, 0.5],
    ]);
    expect(asked()).toEqual([['a', 'bb'], ['ccc']]);
  });

  test('is not paid again for the calls that went well before one failed', async () => {
    const texts = Array.from({ length: 300 }, (_, at) => `text ${at}`);
    const refusal = { error: { message: 'no', type: 'invalid_request_error' } };
    const { embedder } = await start((request, index) =>
      index === 1
        ? { fault: 'status', status: 400, body: refusal }
        : (good as (r: typeof request, i: number) => never)(request, index),
    );
    await expect(embedder.embed(texts, never)).rejects.toMatchObject({ kind: 'invalid_request' });
    await embedder.embed(texts, never);
    expect(asked().map(({ length }) => length)).toEqual([256, 44, 44]);
  });

  test('is sent no secret, and the lead of a text on a line of its own', async () => {
    const secret = `ghp_${'a1B2c3D4e5'.repeat(4).slice(0, 36)}`;
    const { embedder } = await start(good);
    await embedder.embed([withLead('name', `token = "${secret}"`)], never);
    expect(asked()[0]?.[0]).toMatch(/^name\ntoken = "\[redacted:/);
    expect(JSON.stringify(asked())).not.toContain(secret);
  });

  test('waits as long as a full server asks, and counts only what was answered', async () => {
    const { embedder, env } = await start((request, index) =>
      index === 0
        ? { fault: 'status', status: 429, headers: { 'retry-after': '1' } }
        : (good as (r: typeof request, i: number) => never)(request, index),
    );
    const before = performance.now();
    expect((await embedder.embed(['abc'], never)).vectors).toEqual([[3, 0.5]]);
    expect(performance.now() - before).toBeGreaterThan(900);
    expect(spent(env).spent.tokens).toBe(1);
  });

  test.each([
    [
      'another length than before',
      (text: string) => (text === 'second' ? [1, 2, 3] : [1, 2]),
      /a vector of 3 numbers after others of 2/,
    ],
    ['what is no number', (text: string) => (text === 'second' ? [NaN, 1] : [1, 2]), /no vector/],
  ])('is not believed a vector of %s, and keeps none', async (_what, answer, message) => {
    const script: Script = ({ body }) => ({
      fault: 'status',
      status: 200,
      body: embeddingsAnswer(body as EmbeddingsBody, answer),
    });
    const { embedder } = await start(script);
    await embedder.embed(['first'], never);
    for (let time = 0; time < 2; time++) {
      const failed = embedder.embed(['second'], never);
      await expect(failed).rejects.toMatchObject({ kind: 'malformed' });
      await expect(failed).rejects.toThrow(message);
    }
  });

  test('is refused before anything is sent when the budget has no room, or the price is not known', async () => {
    const small = await start(good, { maxCostUsd: 0.000_001 });
    await expect(small.embedder.embed(['x'.repeat(2000)], never)).rejects.toMatchObject({ exitCode: 5 });
    const unknown = await start(good, { maxCostUsd: 1, embedding: { model: 'openai/embed-9' } });
    await expect(unknown.embedder.embed(['x'], never)).rejects.toMatchObject({
      exitCode: 3,
      hint: expect.stringContaining('models."openai/embed-9') as string,
    });
    expect(asked()).toEqual([]);
    const priced = await start(good, {
      maxCostUsd: 1,
      embedding: { model: 'openai/embed-9' },
      models: {
        'openai/embed-9': { price: { inputPerMTok: 5, outputPerMTok: 0, cacheReadPerMTok: 0, cacheWritePerMTok: 0 } },
      },
    });
    await priced.embedder.embed(['x'], never);
    expect(spent(priced.env).spent).toEqual({ nanos: 5000, tokens: 1 });
  });

  test('costs nothing on one’s own machine, also under a limit in USD', async () => {
    const { open, embedder, env } = await start(good, { maxCostUsd: 1, embedding: { model: 'ollama/some-model' } });
    expect(open.name).toBe('ollama/some-model');
    await embedder.embed(['x'], never);
    expect(spent(env).spent).toEqual({ nanos: 0, tokens: 1 });
  });

  test('stops when it is told to', async () => {
    const abort = new AbortController();
    const { embedder } = await start(() => ({ fault: 'stall', from: 'start' }));
    const answer = embedder.embed(['x'], abort.signal);
    setTimeout(() => abort.abort(new Error('stop')), 30);
    await expect(answer).rejects.toThrow('stop');
  });

  test('fills a space where one text is refused', async () => {
    const refusal = { error: { message: 'bad text', type: 'invalid_request_error' } };
    const { embedder } = await start((request, index) =>
      (request.body as EmbeddingsBody).input.includes('text 5')
        ? { fault: 'status', status: 400, body: refusal }
        : (good as (r: typeof request, i: number) => never)(request, index),
    );
    const got = new Set<number>();
    const report = await fillSpace(
      {
        pending: (limit) =>
          Array.from({ length: 20 }, (_, id) => ({ id, text: `text ${id}` }))
            .filter(({ id }) => !got.has(id))
            .slice(0, limit),
        put: (rows) => rows.forEach(({ id }) => got.add(id)),
        embedder,
      },
      never,
    );
    expect(report).toMatchObject({ filled: 19, leftOut: [{ id: 5 }] });
    expect(got.has(5)).toBe(false);
  });

  test('that does not answer leaves a search its words', async () => {
    const { embedder } = await start(() => ({ fault: 'status', status: 401 }));
    const { notice } = await tryEmbed(embedder, ['what'], never);
    expect(notice).toMatch(/^Searched by words only: /);
    expect(notice).not.toContain('test-key');
  });

  test('a model that is not there is a mistake in the configuration', async () => {
    const body = {
      error: { message: 'The model does not exist', type: 'invalid_request_error', code: 'model_not_found' },
    };
    const { embedder } = await start(() => ({ fault: 'status', status: 404, body }), {
      embedding: { model: 'openai/text-embeding-3-small' },
    });
    await expect(embedder.embed(['x'], never)).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining('did you mean "openai/text-embedding-3-small"?') as string,
    });
  });
});

describe('a configuration that names no embedder', () => {
  test.each([
    ['opena/text-embedding-3-small', /there is no provider "opena" – did you mean "openai"/],
    ['lokal', /did you mean "local"/],
    ['groq/some-model', /groq embeds no texts/],
  ])('%s is refused with the nearest name', async (model, message) => {
    const failed = start(good, { embedding: { model } });
    await expect(failed).rejects.toMatchObject({ exitCode: 3, hint: expect.stringContaining('mistral') as string });
    await expect(failed).rejects.toThrow(message);
  });

  test('a missing key is said before anything is sent', async () => {
    await expect(start(good, { embedding: { model: 'mistral' } })).rejects.toMatchObject({ exitCode: 3, kind: 'auth' });
  });
});

describe('what doctor says of it', () => {
  const report = (settings: Config, env: Record<string, string>, ask = false) =>
    embeddingReport(
      { settings, plugins, env, ask, remote: () => remoteParts({ env, root: folder, plugins }, settings) },
      never,
    );

  test('the local one: texts stay, and what it cannot do', async () => {
    const { name, stays, lines } = await report({}, envFor());
    expect({ name, stays }).toEqual({ name: 'local/1', stays: true });
    expect(lines.join('; ')).toMatch(/texts stay on this machine; .*not synonyms/);
  });

  test.each([
    ['openai', {}, false, 'texts are sent to openai'],
    ['openai', { OPENAI_BASE_URL: 'https://llm.example.com/v1' }, false, 'texts are sent to llm.example.com'],
    ['ollama', {}, true, 'texts go to 127.0.0.1:11434 on this machine'],
    ['ollama', { OLLAMA_HOST: 'gpu.example.com:11434' }, false, 'texts are sent to gpu.example.com:11434'],
    ['ollama', { OLLAMA_HOST: ':8000' }, true, 'texts go to 127.0.0.1:8000 on this machine'],
    ['gemini/gemini-embedding-001', {}, false, 'texts are sent to gemini'],
  ])('%s with %j', async (model, more, stays, line) => {
    const said = await report({ embedding: { model } }, envFor(more));
    expect(said.stays).toBe(stays);
    expect(said.lines[0]).toBe(line);
  });

  test('asks only when told to, and says whether somebody answers', async () => {
    const { embedder, env } = await start(good);
    await embedder.embed(['a'], never);
    const settings: Config = { embedding: { model: 'openai' }, redact: { requests: false } };
    const quiet = await report(settings, env);
    expect(quiet.lines.join('; ')).toMatch(/redact\.requests.*; cache: 1 vectors, 0\.\d MB/);
    expect(asked()).toHaveLength(1);
    expect((await report(settings, env, true)).lines.at(-1)).toBe('it answers, with 2 numbers a text');
    await report(settings, env, true);
    expect(asked()).toHaveLength(3);
    const refused = await report({ embedding: { model: 'mistral' } }, env, true);
    expect(refused.problem).toContain('MISTRAL_API_KEY');
  });
});

test('the cache holds no text', async () => {
  const { embedder, env, open } = await start(good);
  await embedder.embed(['a very private sentence'], never);
  open.close();
  expect(readFileSync(join(env.LLM_COPILOT_DATA_DIR ?? '', 'embeddings.db')).includes('private sentence')).toBe(false);
});
