import { describe, expect, test } from 'vitest';
import { drain } from '../../src/base/streams.ts';
import { userMessage } from '../../src/core/message.ts';
import { ProviderError, type ModelProvider, type Request } from '../../src/core/provider.ts';
import { budgeted, purse } from '../../src/engine/budget.ts';
import { fallingBack } from '../../src/engine/fallback.ts';
import { scriptedProvider } from '../../src/testing.ts';

const price = { inputPerMTok: 10, outputPerMTok: 100, cacheReadPerMTok: 1, cacheWritePerMTok: 12 };
const request: Request = { system: 'S', tools: [], messages: [userMessage('hi')], maxOutputTokens: 1000 };
const signal = new AbortController().signal;
const call = (provider: ModelProvider) => drain(provider.stream(request, signal));
const usage = { inputTokens: 100, outputTokens: 50, cacheReadTokens: 0, cacheWriteTokens: 0 };
const priced = (more = {}) => scriptedProvider(() => ({ text: 'ok', usage }), { capabilities: { price, ...more } });

describe('a budget', () => {
  test('settles at what the call really cost', async () => {
    const shared = purse({ maxCostUsd: 1 });
    await call(budgeted(priced(), shared));
    expect(shared.spentUsd).toBeCloseTo((100 * 10 + 50 * 100) / 1e6);
    expect(shared).toMatchObject({ spentTokens: 150, reservedUsd: 0, reservedTokens: 0 });
  });

  test('shrinks the output cap to what is left', async () => {
    let cap = 0;
    const inner = scriptedProvider((sent) => ((cap = sent.maxOutputTokens), { text: 'ok', usage }), {
      capabilities: { price },
    });
    await call(budgeted(inner, purse({ maxCostUsd: 0.06 })));
    expect(cap).toBeLessThan(600);
    expect(cap).toBeGreaterThan(500);
  });

  test('refuses with exit 5 before sending when even a short answer does not fit', async () => {
    let sent = 0;
    const inner = scriptedProvider(() => (sent++, { text: 'ok' }), { capabilities: { price } });
    await expect(call(budgeted(inner, purse({ maxCostUsd: 0.001 })))).rejects.toMatchObject({ exitCode: 5 });
    await expect(call(budgeted(inner, purse({ maxTokens: 50 })))).rejects.toMatchObject({ exitCode: 5 });
    expect(sent).toBe(0);
  });

  test('an attempt of unknown cost settles at its reservation, one refused at the door is free', async () => {
    const failing = (kind: 'truncated' | 'rate_limit'): ModelProvider => ({
      ...priced(),
      async *stream() {
        throw new ProviderError(kind, 'no');
      },
    });
    const shared = purse({ maxTokens: 10_000 });
    await expect(call(budgeted(failing('rate_limit'), shared))).rejects.toThrow('no');
    expect(shared.spentTokens).toBe(0);
    await expect(call(budgeted(failing('truncated'), shared))).rejects.toThrow('no');
    expect(shared.spentTokens).toBeGreaterThan(1000);
    expect(shared.reservedTokens).toBe(0);
  });

  test('calls side by side never promise more than the limit', async () => {
    const shared = purse({ maxTokens: 2500 });
    const slow: ModelProvider = {
      ...priced(),
      async *stream(_request, _signal) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        expect(shared.spentTokens + shared.reservedTokens).toBeLessThanOrEqual(2500);
        return { content: [], stopReason: 'end', usage };
      },
    };
    const settled = await Promise.allSettled(Array.from({ length: 6 }, () => call(budgeted(slow, shared))));
    expect(settled.some((one) => one.status === 'rejected')).toBe(true);
    expect(shared.spentTokens).toBeLessThanOrEqual(2500);
  });

  test('a cost limit with an unknown price is refused, a token limit is not', async () => {
    const unknown = priced({ price: null });
    await expect(call(budgeted(unknown, purse({ maxCostUsd: 1 })))).rejects.toMatchObject({ exitCode: 3 });
    await expect(call(budgeted(unknown, purse({ maxTokens: 5000 })))).resolves.toBeDefined();
  });
});

describe('falling back', () => {
  const down = (kind: 'overloaded' | 'auth'): ModelProvider => ({
    ...scriptedProvider([], { name: 'a/one' }),
    async *stream() {
      throw new ProviderError(kind, 'down.');
    },
  });

  test('goes over to the next model when one stays unavailable, says so, and stays there', async () => {
    const provider = fallingBack([down('overloaded'), scriptedProvider([{ text: 'hello' }], { name: 'b/two' })]);
    const deltas: string[] = [];
    await drain(provider.stream(request, signal), (delta) => deltas.push(delta.type));
    expect(deltas[0]).toBe('retry');
    expect(provider.name).toBe('b/two');
    expect(provider.capabilities().contextWindow).toBe(200_000);
  });

  test('does not hide wrong credentials, and fails when the last one fails', async () => {
    const other = scriptedProvider([{ text: 'hello' }]);
    await expect(call(fallingBack([down('auth'), other]))).rejects.toThrow('down.');
    await expect(call(fallingBack([down('overloaded'), down('overloaded')]))).rejects.toThrow('down.');
    expect(() => fallingBack([])).toThrow('needs a provider');
  });
});
