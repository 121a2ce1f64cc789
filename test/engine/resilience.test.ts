import { describe, expect, it } from 'vitest';
import { capabilitiesFrom } from '../../src/core/capabilities.ts';
import { userMessage } from '../../src/core/message.ts';
import { ProviderError, type Delta, type ModelProvider, type Reply, type Request } from '../../src/core/provider.ts';
import { retrying, type RetryOptions } from '../../src/engine/resilience.ts';

const request: Request = { system: '', tools: [], messages: [userMessage('hi')], maxOutputTokens: 10 };
const reply: Reply = { content: [{ type: 'text', text: 'done' }], stopReason: 'end', usage: undefined };
const overloaded = new ProviderError('overloaded', 'too busy');

/** Fails with each error in turn, after a piece of text, then answers. */
const flaky = (errors: readonly Error[]): ModelProvider & { calls: () => number } => {
  let calls = 0;
  return {
    name: 'flaky/model',
    capabilities: () => capabilitiesFrom(),
    async *stream(): AsyncGenerator<Delta, Reply> {
      const error = errors[calls];
      calls += 1;
      yield { type: 'text.delta', text: 'do' };
      if (error) throw error;
      return reply;
    },
    calls: () => calls,
  };
};

const collect = async (provider: ModelProvider, signal = new AbortController().signal) => {
  const deltas: Delta[] = [];
  const stream = provider.stream(request, signal);
  for (;;) {
    const step = await stream.next();
    if (step.done) return { deltas, reply: step.value };
    deltas.push(step.value);
  }
};

const waits = (options: RetryOptions = {}): { options: RetryOptions; waited: number[] } => {
  const waited: number[] = [];
  const sleep = async (ms: number): Promise<void> => void waited.push(ms);
  return { options: { random: () => 0.999_999, sleep, ...options }, waited };
};

describe('retrying', () => {
  it('keeps the name and the capabilities of what it wraps', () => {
    const provider = flaky([]);
    expect(retrying(provider).name).toBe('flaky/model');
    expect(retrying(provider).capabilities()).toEqual(provider.capabilities());
  });

  it('announces a retry before it waits and gives the reply of the attempt that worked', async () => {
    const { options, waited } = waits();
    const outcome = await collect(retrying(flaky([overloaded]), options));
    expect(outcome.reply).toBe(reply);
    expect(outcome.deltas).toEqual([
      { type: 'text.delta', text: 'do' },
      { type: 'retry', attempt: 1, waitMs: 500, reason: 'too busy' },
      { type: 'text.delta', text: 'do' },
    ]);
    expect(waited).toEqual([500]);
  });

  it('doubles the upper end of its wait up to ten seconds and draws below it at random', async () => {
    const errors = Array.from({ length: 7 }, () => overloaded);
    const high = waits({ retries: 7 });
    await collect(retrying(flaky(errors), high.options));
    expect(high.waited).toEqual([500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
    const low = waits({ retries: 7, random: () => 0 });
    await collect(retrying(flaky(errors), low.options));
    expect(low.waited).toEqual([0, 0, 0, 0, 0, 0, 0]);
  });

  it('never calls sooner than the server asked', async () => {
    const { options, waited } = waits();
    await collect(retrying(flaky([new ProviderError('rate_limit', 'slow down', { retryAfterMs: 7_000 })]), options));
    expect(waited).toEqual([7_000]);
  });

  it('fails at once when the server asks for more time than is left, and says how much it asked for', async () => {
    const { options, waited } = waits({ maxWaitMs: 10_000 });
    const errors = [4_000, 90_000].map(
      (retryAfterMs) => new ProviderError('rate_limit', 'slow down', { retryAfterMs }),
    );
    await expect(collect(retrying(flaky(errors), options))).rejects.toMatchObject({
      kind: 'rate_limit',
      retryAfterMs: 90_000,
      message: 'slow down (the server asked to wait 90 s, 6 s are left; gave up after 2 attempts)',
    });
    expect(waited).toEqual([4_000]);
  });

  it('never waits longer in all than it may', async () => {
    const { options, waited } = waits({ maxWaitMs: 1_200 });
    await expect(collect(retrying(flaky(Array(9).fill(overloaded)), options))).rejects.toThrow('after 3 attempts');
    expect(waited).toEqual([500, 700]);
  });

  it('gives up after four retries with the last error and the number of attempts', async () => {
    const provider = flaky(Array(9).fill(new ProviderError('network', 'no route', { hint: 'Check the network.' })));
    const error = await collect(retrying(provider, waits().options)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      kind: 'network',
      message: 'no route (gave up after 5 attempts)',
      hint: 'Check the network.',
      code: 'E_PROVIDER_NETWORK',
      exitCode: 6,
      cause: { message: 'no route' },
    });
    expect(provider.calls()).toBe(5);
  });

  it('hands on at once, unchanged, what a retry cannot mend', async () => {
    for (const error of [new ProviderError('auth', 'bad key'), new TypeError('a bug')]) {
      const provider = flaky([error]);
      await expect(collect(retrying(provider, waits().options))).rejects.toBe(error);
      expect(provider.calls()).toBe(1);
    }
  });

  it('ends its wait when it is aborted, with the reason given', async () => {
    const abort = new AbortController();
    const stream = retrying(flaky([overloaded]), { random: () => 0.999 }).stream(request, abort.signal);
    await stream.next();
    await expect(stream.next()).resolves.toMatchObject({ value: { type: 'retry' } });
    const waiting = stream.next();
    const reason = new Error('stop it');
    abort.abort(reason);
    await expect(waiting).rejects.toBe(reason);
  });

  it('does not begin to wait when it was aborted while the retry was announced', async () => {
    const abort = new AbortController();
    const stream = retrying(flaky([overloaded])).stream(request, abort.signal);
    await stream.next();
    await stream.next();
    const reason = new Error('stop it');
    abort.abort(reason);
    await expect(stream.next()).rejects.toBe(reason);
  });

  it('hands on the reason of an abort, not the error the aborted call ended with', async () => {
    const abort = new AbortController();
    const reason = new Error('stop it');
    abort.abort(reason);
    await expect(collect(retrying(flaky([overloaded]), waits().options), abort.signal)).rejects.toBe(reason);
  });

  it('waits on a real clock when no other is given', async () => {
    const outcome = await collect(retrying(flaky([overloaded]), { random: () => 0.01 }));
    expect(outcome.deltas).toContainEqual({ type: 'retry', attempt: 1, waitMs: 5, reason: 'too busy' });
  });
});
