import { describe, expect, test } from 'vitest';
import type { BudgetWarning } from '../../../src/core/budget.ts';
import { ProviderError } from '../../../src/core/provider.ts';
import { batched, cutText } from '../../../src/engine/embedding/batched.ts';
import { cached, type EmbeddingCache } from '../../../src/engine/embedding/cached.ts';
import { checked } from '../../../src/engine/embedding/checked.ts';
import { embedderFacts, knownModels } from '../../../src/engine/embedding/known-embedders.ts';
import { withLead } from '../../../src/engine/embedding/local-embedder.ts';
import { metered } from '../../../src/engine/embedding/metered.ts';
import { patient } from '../../../src/engine/embedding/patient.ts';
import { redacting } from '../../../src/engine/embedding/redacting.ts';
import { tryEmbed } from '../../../src/engine/embedding/try-embed.ts';
import { purse } from '../../../src/engine/models/purse.ts';
import { limitError } from '../../../src/base/errors.ts';
import { never, stubEmbedder } from './embedder-stub.ts';

const roomy = { textChars: 1000, batchChars: 1000 };

describe('batches', () => {
  test('hold what one call takes, in number and in size, and keep the order', async () => {
    const inner = stubEmbedder((text) => [text.length], { maxBatch: 3, inputTokens: 2 });
    const texts = ['a', 'bb', 'ccc', 'dddd', 'e'.repeat(8), 'f'];
    const { vectors, inputTokens } = await batched(inner, { textChars: 10, batchChars: 9 }).embed(texts, never);
    expect(inner.asked).toEqual([['a', 'bb', 'ccc'], ['dddd'], ['e'.repeat(8), 'f']]);
    expect(vectors).toEqual([[1], [2], [3], [4], [8], [1]]);
    expect(inputTokens).toBe(6);
  });

  test('cut a text that is too long, but no pair of code units', async () => {
    const inner = stubEmbedder();
    await batched(inner, { textChars: 4, batchChars: 2 }).embed(['abcdef', 'abc🙂', withLead('a', 'b')], never);
    expect(inner.asked).toEqual([['abcd'], ['abc'], ['a\nb']]);
    expect(cutText('abc🙂', 5)).toBe('abc🙂');
  });

  test('ask for nothing when there is nothing, and stop between two calls', async () => {
    const inner = stubEmbedder(undefined, { maxBatch: 1 });
    expect(await batched(inner, roomy).embed([], never)).toEqual({ vectors: [] });
    expect(inner.asked).toEqual([]);
    const abort = new AbortController();
    const stopping = stubEmbedder(() => (abort.abort(new Error('stop')), [1]), { maxBatch: 1 });
    await expect(batched(stopping, roomy).embed(['a', 'b'], abort.signal)).rejects.toThrow('stop');
    expect(stopping.asked).toEqual([['a']]);
  });
});

describe('an embedder that breaks its word', () => {
  test.each([
    ['NaN', () => [1, NaN]],
    ['no number', () => []],
    ['other lengths', (_text: string, at: number) => (at === 0 ? [1] : [1, 2])],
  ])('is refused for %s', async (_what, answer) => {
    await expect(checked(stubEmbedder(answer)).embed(['a', 'b'], never)).rejects.toMatchObject({ kind: 'malformed' });
  });

  test('is refused for another length in a later call, and for too few vectors', async () => {
    let length = 2;
    const embedder = checked(stubEmbedder(() => Array.from({ length }, () => 1)));
    await embedder.embed(['a'], never);
    length = 3;
    await expect(embedder.embed(['b'], never)).rejects.toThrow('a vector of 3 numbers after others of 2');
    const few = { ...stubEmbedder(), embed: async () => ({ vectors: [[1]] }) };
    await expect(checked(few).embed(['a', 'b'], never)).rejects.toThrow('1 vectors for 2 texts');
  });
});

const memoryCache = (): EmbeddingCache & { kept: Map<string, Float32Array> } => {
  const kept = new Map<string, Float32Array>();
  return {
    kept,
    get: (keys) => keys.map((key) => kept.get(key)),
    put: (entries) => entries.forEach(({ key, vector }) => kept.set(key, Float32Array.from(vector))),
  };
};

describe('a cache', () => {
  test('asks for what it has not seen, and for each text once', async () => {
    const inner = stubEmbedder(undefined, { inputTokens: 4 });
    const embedder = cached(inner, memoryCache());
    expect(await embedder.embed(['a', 'bb', 'a'], never)).toEqual({
      vectors: [
        [1, 1],
        [2, 1],
        [1, 1],
      ],
      inputTokens: 4,
    });
    expect(await embedder.embed(['bb', 'ccc'], never)).toEqual({
      vectors: [
        [2, 1],
        [3, 1],
      ],
      inputTokens: 4,
    });
    expect(await embedder.embed(['ccc', 'a'], never)).toEqual({
      vectors: [
        [3, 1],
        [1, 1],
      ],
      inputTokens: 0,
    });
    expect(inner.asked).toEqual([['a', 'bb'], ['ccc']]);
  });

  test('keeps embedders apart', async () => {
    const cache = memoryCache();
    await cached(stubEmbedder(), cache).embed(['a'], never);
    const other = stubEmbedder(() => [9], { name: 'test/other' });
    expect((await cached(other, cache).embed(['a'], never)).vectors).toEqual([[9]]);
  });

  test('that holds vectors of a model that is another one now is asked anew', async () => {
    const cache = memoryCache();
    await cached(stubEmbedder(), cache).embed(['a'], never);
    const now = stubEmbedder(() => [1, 2, 3]);
    expect((await cached(now, cache).embed(['a', 'b'], never)).vectors).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    expect(now.asked).toEqual([['b'], ['a']]);
  });

  test('keeps nothing of a call that failed', async () => {
    const cache = memoryCache();
    const failing = stubEmbedder(() => {
      throw new ProviderError('server', 'no');
    });
    await expect(cached(failing, cache).embed(['a'], never)).rejects.toThrow('no');
    expect(cache.kept.size).toBe(0);
  });
});

describe('the budget of embeddings', () => {
  const price = { inputPerMTok: 100 };

  test('is charged what the provider counted', async () => {
    const shared = purse({ run: { usd: 1 } });
    await metered(stubEmbedder(undefined, { inputTokens: 7 }), { purse: shared, price }).embed(['hello'], never);
    expect(shared.run).toEqual({ spent: { nanos: 700_000, tokens: 7 }, reserved: { nanos: 0, tokens: 0 } });
  });

  test('is charged at most a byte a token where the provider says nothing, and nothing for a refusal', async () => {
    const shared = purse({ run: { tokens: 1000 } });
    for (const inputTokens of [undefined, 0, NaN])
      await metered(stubEmbedder(undefined, inputTokens === undefined ? {} : { inputTokens }), {
        purse: shared,
        price: null,
      }).embed(['häuser'], never);
    expect(shared.run.spent.tokens).toBe(3 * (7 + 8));
    const refused = stubEmbedder(() => {
      throw new ProviderError('rate_limit', 'no', { status: 429 });
    });
    await expect(metered(refused, { purse: shared, price: null }).embed(['x'], never)).rejects.toThrow('no');
    expect(shared.run).toEqual({ spent: { nanos: 0, tokens: 45 }, reserved: { nanos: 0, tokens: 0 } });
    const lost = stubEmbedder(() => {
      throw new ProviderError('malformed', 'no');
    });
    await expect(metered(lost, { purse: shared, price: null }).embed(['x'], never)).rejects.toThrow('no');
    expect(shared.run.spent.tokens).toBe(45 + 9);
  });

  test('refuses before anything is sent: too dear, or of a price nobody knows', async () => {
    const inner = stubEmbedder();
    const small = metered(inner, { purse: purse({ run: { usd: 0.001 } }), price });
    await expect(small.embed(['x'.repeat(1000)], never)).rejects.toMatchObject({ exitCode: 5 });
    const unknown = metered(inner, { purse: purse({ run: { usd: 1 } }), price: null });
    await expect(unknown.embed(['x'], never)).rejects.toMatchObject({
      exitCode: 3,
      message: 'The price of test/model is not known, so a limit in USD cannot be kept.',
    });
    expect(inner.asked).toEqual([]);
    expect(await small.embed([], never)).toEqual({ vectors: [] });
  });

  test('warns when a limit is nearly used up', async () => {
    const heard: BudgetWarning[] = [];
    const embedder = metered(stubEmbedder(undefined, { inputTokens: 85 }), {
      purse: purse({ run: { tokens: 100 } }),
      price: null,
      onWarning: (warning) => heard.push(warning),
    });
    await embedder.embed(['x'], never);
    expect(heard).toMatchObject([{ percent: 80, unit: 'tokens', used: 85 }]);
  });
});

describe('retries', () => {
  const waits: number[] = [];
  const sleep = async (ms: number): Promise<void> => void waits.push(ms);
  const failing = (error: ProviderError, times: number) => {
    let left = times;
    return stubEmbedder((text) => {
      if (left-- > 0) throw error;
      return [text.length];
    });
  };
  const attempt = (error: ProviderError, times: number, maxWaitMs = 60_000) => {
    waits.length = 0;
    const inner = failing(error, times);
    const embedder = patient(inner, { sleep, random: () => 0.5, maxWaitMs });
    return { inner, answer: embedder.embed(['abc'], never) };
  };

  test('wait as long as the server asked, else longer each time', async () => {
    await attempt(new ProviderError('rate_limit', 'no', { retryAfterMs: 1500 }), 1).answer;
    expect(waits).toEqual([1500]);
    expect((await attempt(new ProviderError('overloaded', 'no'), 3).answer).vectors).toEqual([[3]]);
    expect(waits).toEqual([100, 200, 400]);
  });

  test('end with what failed and how often, or when the server asks for too much', async () => {
    await expect(attempt(new ProviderError('server', 'broken'), 9).answer).rejects.toThrow(
      'broken (gave up after 4 attempts)',
    );
    const long = attempt(new ProviderError('rate_limit', 'no', { retryAfterMs: 90_000, hint: 'Wait.' }), 9);
    await expect(long.answer).rejects.toMatchObject({
      message: 'no (the server asked to wait 90 s, 60 s are left)',
      hint: 'Wait.',
      retryAfterMs: 90_000,
    });
    expect(waits).toEqual([]);
  });

  test('are not made for what will not pass, and once for an answer that makes no sense', async () => {
    for (const [kind, calls] of [
      ['auth', 1],
      ['invalid_request', 1],
      ['malformed', 2],
    ] as const) {
      const { inner, answer } = attempt(new ProviderError(kind, 'no'), 9);
      await expect(answer).rejects.toMatchObject({ kind });
      expect(inner.asked.length).toBe(calls);
    }
    const bug = patient(
      stubEmbedder(() => {
        throw new TypeError('bug');
      }),
    );
    await expect(bug.embed(['x'], never)).rejects.toThrow(TypeError);
  });

  test('end at once when aborted while waiting', async () => {
    const abort = new AbortController();
    const embedder = patient(failing(new ProviderError('rate_limit', 'no', { retryAfterMs: 50_000 }), 1));
    const answer = embedder.embed(['a'], abort.signal);
    setTimeout(() => abort.abort(new Error('stop')), 5);
    await expect(answer).rejects.toThrow('stop');
  });
});

describe('an attempt to embed a question', () => {
  test('gives vectors, or says why the search goes on without', async () => {
    expect(await tryEmbed(stubEmbedder(), ['abc'], never)).toEqual({ vectors: [[3, 1]] });
    const failing = (error: Error) =>
      stubEmbedder(() => {
        throw error;
      });
    expect(await tryEmbed(failing(new ProviderError('auth', 'The key was refused.')), ['a'], never)).toEqual({
      notice: 'Searched by words only: The key was refused.',
    });
    expect(await tryEmbed(failing(limitError('Too dear.', 'Raise it.')), ['a'], never)).toEqual({
      notice: 'Searched by words only: Too dear. Raise it.',
    });
    await expect(tryEmbed(failing(new TypeError('bug')), ['a'], never)).rejects.toThrow(TypeError);
  });

  test('ends when it takes too long, also where the embedder does not heed its signal', async () => {
    const deaf = { ...stubEmbedder(), embed: () => new Promise<never>(() => undefined) };
    expect((await tryEmbed(deaf, ['a'], never, 20)).notice).toMatch(/test\/model took longer than 1 s/);
    const abort = new AbortController();
    const waiting = tryEmbed(deaf, ['a'], abort.signal);
    abort.abort(new Error('stop'));
    await expect(waiting).rejects.toThrow('stop');
  });
});

test('secrets are taken out before anything else sees a text', async () => {
  const inner = stubEmbedder();
  await redacting(inner, (text) => text.replace('hunter2hunter2', '[redacted]')).embed(['p: hunter2hunter2'], never);
  expect(inner.asked).toEqual([['p: [redacted]']]);
});

test('of a model nobody knows little is taken to be true', () => {
  expect(embedderFacts('openai/text-embedding-3-small')).toMatchObject({ inputPerMTok: 0.02 });
  expect(embedderFacts('ollama/nomic-embed-text:latest')).toEqual(embedderFacts('ollama/nomic-embed-text'));
  expect(embedderFacts('x/toString').inputPerMTok).toBeUndefined();
  expect(embedderFacts('constructor').textChars).toBeLessThan(10_000);
  expect(knownModels('mistral')).toEqual(['mistral-embed', 'codestral-embed']);
});
