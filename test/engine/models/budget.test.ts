import { describe, expect, test } from 'vitest';
import { drain } from '../../../src/base/streams.ts';
import { text, userMessage } from '../../../src/core/message.ts';
import { ProviderError, type Delta, type ModelProvider, type Request } from '../../../src/core/provider.ts';
import { budgeted, sentRequests } from '../../../src/engine/models/budget.ts';
import { purse, type Purse } from '../../../src/engine/models/purse.ts';
import { tokenBound } from '../../../src/engine/models/token-bound.ts';
import { scriptedProvider } from '../../../src/testing.ts';

const price = { inputPerMTok: 10, outputPerMTok: 100, cacheReadPerMTok: 1, cacheWritePerMTok: 12 };
const request: Request = { system: 'S', tools: [], messages: [userMessage('hi')], maxOutputTokens: 1000 };
const signal = new AbortController().signal;
const call = (provider: ModelProvider) => drain(provider.stream(request, signal));
const usage = { inputTokens: 100, outputTokens: 50, cacheReadTokens: 0, cacheWriteTokens: 0 };
const priced = (more = {}) => scriptedProvider(() => ({ text: 'ok', usage }), { capabilities: { price, ...more } });

const run = (limit: { usd?: number; tokens?: number }): Purse => purse({ run: limit });

describe('a budget', () => {
  test('settles at what the call really cost', async () => {
    const shared = run({ usd: 1 });
    await call(budgeted(priced(), shared));
    expect(shared.run.spent).toEqual({ nanos: (100 * 10 + 50 * 100) * 1000, tokens: 150 });
    expect(shared.run.reserved).toEqual({ nanos: 0, tokens: 0 });
  });

  test('shrinks the output cap to what is left', async () => {
    let cap = 0;
    const inner = scriptedProvider((sent) => ((cap = sent.maxOutputTokens), { text: 'ok', usage }), {
      capabilities: { price },
    });
    await call(budgeted(inner, run({ usd: 0.06 })));
    expect(cap).toBeLessThan(600);
    expect(cap).toBeGreaterThan(450);
  });

  test('refuses with exit 5 before sending when even a short answer does not fit', async () => {
    let sent = 0;
    const inner = scriptedProvider(() => (sent++, { text: 'ok' }), { capabilities: { price } });
    await expect(call(budgeted(inner, run({ usd: 0.001 })))).rejects.toMatchObject({ exitCode: 5 });
    await expect(call(budgeted(inner, run({ tokens: 50 })))).rejects.toMatchObject({ exitCode: 5 });
    expect(sent).toBe(0);
  });

  test('an attempt of unknown cost settles at its reservation and says so, one refused at the door is free', async () => {
    const failing = (error: ProviderError): ModelProvider => ({
      ...priced(),
      async *stream() {
        throw error;
      },
    });
    const shared = run({ tokens: 10_000 });
    const heard: Delta[] = [];
    const attempt = (error: ProviderError) =>
      expect(
        drain(budgeted(failing(error), shared).stream(request, signal), (delta) => heard.push(delta)),
      ).rejects.toThrow('no');
    await attempt(new ProviderError('rate_limit', 'no'));
    const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    await attempt(new ProviderError('network', 'no', { cause: new Error('fetch failed', { cause: refused }) }));
    expect(shared.run.spent.tokens).toBe(0);
    expect(heard).toEqual([]);
    await attempt(new ProviderError('truncated', 'no'));
    expect(shared.run.spent.tokens).toBeGreaterThan(1000);
    expect(shared.run.reserved.tokens).toBe(0);
    expect(heard).toEqual([
      { type: 'assumed', tokens: shared.run.spent.tokens, costUsd: shared.run.spent.nanos / 1e9, why: 'no' },
    ]);
  });

  test('a call that was refused after it had waited for a rate limit is free', async () => {
    const shared = run({ tokens: 10_000 });
    const waited: ModelProvider = {
      ...priced(),
      async *stream() {
        yield { type: 'retry', model: 'a/x', attempt: 0, waitMs: 1000, reason: 'the rate limit' };
        throw new ProviderError('rate_limit', 'no');
      },
    };
    await expect(call(budgeted(waited, shared))).rejects.toThrow('no');
    expect(shared.run.spent.tokens).toBe(0);
  });

  test.each([
    [500, 'server', true],
    [503, 'server', true],
    [529, 'overloaded', true],
    [502, 'server', false],
    [504, 'server', false],
    [408, 'timeout', false],
    [undefined, 'server', false],
  ] as const)('a refusal with the status %s (%s) is free: %s', async (status, kind, isFree) => {
    const shared = run({ tokens: 10_000 });
    const refusing: ModelProvider = {
      ...priced(),
      async *stream() {
        throw new ProviderError(kind, 'no', status === undefined ? {} : { status });
      },
    };
    await expect(call(budgeted(refusing, shared))).rejects.toThrow('no');
    expect(shared.run.spent.tokens === 0).toBe(isFree);
    expect(shared.run.reserved.tokens).toBe(0);
  });

  test('a call that is stopped before it is sent is free, whether somebody still listens or not', async () => {
    const shared = run({ tokens: 10_000 });
    const sent = sentRequests();
    const asked = sent.around(priced());
    const held: ModelProvider = {
      ...asked,
      async *stream(...args) {
        yield { type: 'retry', model: 'a/x', attempt: 0, waitMs: 1000, reason: 'the rate limit' };
        if (shared.run.spent.tokens === 0) throw new Error('stopped');
        return yield* asked.stream(...args);
      },
    };
    const heard: Delta[] = [];
    await expect(
      drain(budgeted(held, shared, { sent }).stream(request, signal), (delta) => heard.push(delta)),
    ).rejects.toThrow('stopped');
    expect(heard.map(({ type }) => type)).toEqual(['retry']);
    const left = budgeted(held, shared, { sent }).stream(request, signal);
    await left.next();
    await left.return(undefined as never);
    expect(shared.run).toMatchObject({ spent: { tokens: 0 }, reserved: { tokens: 0 } });
    await call(budgeted(asked, shared, { sent }));
    expect(shared.run.spent.tokens).toBeGreaterThan(0);
  });

  test('a call of a tool that had begun counts, whatever the server says then', async () => {
    const shared = run({ tokens: 10_000 });
    const begun: ModelProvider = {
      ...priced(),
      async *stream() {
        yield { type: 'call.started', name: 'write' };
        throw new ProviderError('overloaded', 'no');
      },
    };
    await expect(call(budgeted(begun, shared))).rejects.toThrow('no');
    expect(shared.run.spent.tokens).toBeGreaterThan(1000);
  });

  test('what broke off half-way counts, also when the server says it was overloaded, and so does what was stopped', async () => {
    const stopped = new Error('stopped');
    for (const error of [new ProviderError('overloaded', 'no'), new ProviderError('rate_limit', 'no'), stopped]) {
      const shared = run({ tokens: 10_000 });
      const heard: Delta[] = [];
      const halfway: ModelProvider = {
        ...priced(),
        async *stream() {
          yield { type: 'text.delta', text: 'x' };
          throw error;
        },
      };
      const ran = drain(budgeted(halfway, shared).stream(request, signal), (delta) => heard.push(delta));
      await expect(ran).rejects.toBe(error);
      expect(shared.run.spent.tokens).toBeGreaterThan(1000);
      expect(heard.at(-1)).toMatchObject({ type: 'assumed', tokens: shared.run.spent.tokens, why: error.message });
    }
  });

  test.each([
    ['nothing', { inputTokens: 0, outputTokens: 0 }],
    ['less than nothing', { outputTokens: -1_000_000 }],
    ['what is no number', { inputTokens: NaN }],
    ['what has no end', { outputTokens: Infinity }],
    ['text', { outputTokens: '50' as unknown as number }],
    ['a field less', { inputTokens: undefined as unknown as number }],
  ])('a reply that is said to have used %s counts as what was reserved', async (_what, told) => {
    const shared = purse({ run: { tokens: 2000, usd: 1 } });
    const provider = budgeted(
      scriptedProvider(() => ({ text: 'ok', usage: { ...usage, ...told } }), { capabilities: { price } }),
      shared,
    );
    const heard: Delta[] = [];
    const reply = await drain(provider.stream(request, signal), (delta) => heard.push(delta));
    expect(reply.usage).toBeUndefined();
    expect(heard).toContainEqual(expect.objectContaining({ type: 'assumed', tokens: shared.run.spent.tokens }));
    expect(shared.run.spent.tokens).toBeGreaterThan(1000);
    expect(shared.run.reserved).toEqual({ nanos: 0, tokens: 0 });
    await expect(call(provider)).rejects.toMatchObject({ exitCode: 5 });
  });

  test('a call nobody waits for any more counts in full', async () => {
    const shared = run({ tokens: 10_000 });
    const endless: ModelProvider = {
      ...priced(),
      async *stream() {
        for (;;) yield { type: 'text.delta', text: 'x' };
      },
    };
    const stream = budgeted(endless, shared).stream(request, signal);
    await stream.next();
    await stream.return({ content: [], stopReason: 'end', usage: undefined });
    expect(shared.run.reserved.tokens).toBe(0);
    expect(shared.run.spent.tokens).toBeGreaterThan(1000);
  });

  test('calls side by side never promise more than the limit', async () => {
    const shared = run({ tokens: 3500 });
    const slow: ModelProvider = {
      ...priced(),
      async *stream(_request, _signal) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        expect(shared.run.spent.tokens + shared.run.reserved.tokens).toBeLessThanOrEqual(3500);
        return { content: [], stopReason: 'end', usage };
      },
    };
    const settled = await Promise.allSettled(Array.from({ length: 6 }, () => call(budgeted(slow, shared))));
    expect(settled.filter((one) => one.status === 'rejected')).toHaveLength(4);
    expect(shared.run.spent.tokens).toBe(300);
  });

  test('a cost limit with an unknown price is refused, a token limit is not', async () => {
    const unknown = priced({ price: null });
    await expect(call(budgeted(unknown, run({ usd: 1 })))).rejects.toMatchObject({ exitCode: 3 });
    await expect(call(budgeted(unknown, purse({ day: { usd: 1 } })))).rejects.toMatchObject({ exitCode: 3 });
    await expect(call(budgeted(unknown, run({ tokens: 5000 })))).resolves.toBeDefined();
  });

  test('warns once at 50, 80 and 95 %', async () => {
    const shared = run({ tokens: 10_000 });
    const heard: unknown[] = [];
    const spend = (tokens: number) =>
      drain(
        budgeted(
          scriptedProvider(() => ({ usage: { ...usage, inputTokens: tokens - 50 } })),
          shared,
        ).stream({ ...request, maxOutputTokens: 100 }, signal),
        (delta) => delta.type === 'budget' && heard.push(delta.warning.percent),
      );
    await spend(4900);
    expect(heard).toEqual([]);
    await spend(200);
    await spend(200);
    expect(heard).toEqual([50]);
    await spend(2800);
    await spend(1000);
    expect(heard).toEqual([50, 80]);
  });
});

describe('the bound on what a request can cost', () => {
  const long = userMessage('word '.repeat(2000));
  test('is never below the bytes that are sent, and takes the count of a provider for what it has counted', () => {
    const bound = tokenBound();
    const first = { ...request, messages: [long] };
    expect(bound.of(first)).toBeGreaterThan(10_000);
    bound.saw(first, { ...usage, inputTokens: 2100 });
    expect(bound.of(first)).toBe(2100);
    const more = { ...first, messages: [long, { role: 'assistant' as const, content: [text('ok')] }] };
    expect(bound.of(more)).toBeGreaterThan(2100);
    expect(bound.of(more)).toBeLessThan(2300);
  });

  test('counts anew when the conversation was rewritten or the tools changed', () => {
    const bound = tokenBound();
    bound.saw({ ...request, messages: [long] }, { ...usage, inputTokens: 2100 });
    expect(bound.of({ ...request, messages: [userMessage('x'.repeat(9000))] })).toBeGreaterThan(9000);
    expect(bound.of({ ...request, messages: [long], tools: [] })).toBeGreaterThan(10_000);
  });
});
