import { describe, expect, it } from 'vitest';
import { ProviderError, type ProviderErrorKind } from '../../../src/core/provider.ts';
import { retrying, type RetryOptions } from '../../../src/engine/models/resilience.ts';
import { collect, flaky, request, saying } from './model-stubs.ts';

const overloaded = new ProviderError('overloaded', 'too busy');

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
    expect(outcome.reply).toEqual(saying('done'));
    expect(outcome.deltas).toEqual([
      { type: 'text.delta', text: 'do' },
      { type: 'retry', model: 'flaky/model', attempt: 1, waitMs: 100, reason: 'too busy' },
      { type: 'text.delta', text: 'do' },
    ]);
    expect(waited).toEqual([100]);
  });

  it('doubles the upper end of its wait up to ten seconds and draws below it at random', async () => {
    const errors = Array.from({ length: 9 }, () => overloaded);
    const high = waits({ retries: 9 });
    await collect(retrying(flaky(errors), high.options));
    expect(high.waited).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
    const low = waits({ retries: 9, random: () => 0 });
    await collect(retrying(flaky(errors), low.options));
    expect(low.waited).toEqual(Array(9).fill(0));
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
    const { options, waited } = waits({ maxWaitMs: 240 });
    await expect(collect(retrying(flaky(Array(9).fill(overloaded)), options))).rejects.toThrow('after 3 attempts');
    expect(waited).toEqual([100, 140]);
  });

  it('gives up after three retries with the last error and the number of attempts', async () => {
    const provider = flaky(Array(9).fill(new ProviderError('network', 'no route', { hint: 'Check the network.' })));
    const error = await collect(retrying(provider, waits().options)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      kind: 'network',
      message: 'no route (gave up after 4 attempts)',
      hint: 'Check the network.',
      code: 'E_PROVIDER_NETWORK',
      exitCode: 6,
      cause: { message: 'no route' },
    });
    expect(provider.calls).toBe(4);
  });

  it('hands on at once, unchanged, what a retry cannot mend', async () => {
    for (const error of [new ProviderError('auth', 'bad key'), new TypeError('a bug')]) {
      const provider = flaky([error]);
      await expect(collect(retrying(provider, waits().options))).rejects.toBe(error);
      expect(provider.calls).toBe(1);
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
    await expect(collect(retrying(flaky([overloaded]), waits().options), { signal: abort.signal })).rejects.toBe(
      reason,
    );
  });

  it('waits on a real clock when no other is given', async () => {
    const outcome = await collect(retrying(flaky([overloaded]), { random: () => 0.01 }));
    expect(outcome.deltas).toContainEqual({
      type: 'retry',
      model: 'flaky/model',
      attempt: 1,
      waitMs: 1,
      reason: 'too busy',
    });
  });

  describe('while another model is left', () => {
    const brief = (error: ProviderError, more = 1) => {
      const provider = flaky(Array(more).fill(error));
      const { options, waited } = waits({ patience: 'brief' });
      return { provider, waited, asked: collect(retrying(provider, options)) };
    };

    it.each(['network', 'timeout', 'truncated', 'malformed', 'auth', 'not_found'] as const)(
      'hands %s on at once, whatever the server asks for',
      async (kind: ProviderErrorKind) => {
        const error = new ProviderError(kind, 'no', { retryAfterMs: 1 });
        const { provider, asked } = brief(error);
        await expect(asked).rejects.toBe(error);
        expect(provider.calls).toBe(1);
      },
    );

    it.each(['rate_limit', 'overloaded', 'server'] as const)(
      'tries again after %s only when that promises to be over within 250 ms',
      async (kind: ProviderErrorKind) => {
        const soon = brief(new ProviderError(kind, 'no', { retryAfterMs: 250 }));
        await expect(soon.asked).resolves.toMatchObject({ reply: saying('done') });
        expect(soon.waited).toEqual([250]);
        const late = new ProviderError(kind, 'no', { retryAfterMs: 251 });
        await expect(brief(late).asked).rejects.toBe(late);
        const silent = new ProviderError(kind, 'no');
        await expect(brief(silent).asked).rejects.toBe(silent);
      },
    );

    it('waits no longer than 250 ms in all for a server that keeps promising', async () => {
      const { waited, asked } = brief(new ProviderError('server', 'no', { retryAfterMs: 120 }), 9);
      await expect(asked).rejects.toThrow('no (gave up after 3 attempts)');
      expect(waited).toEqual([120, 130]);
    });
  });

  it('closes the attempt it is in when nobody listens any more', async () => {
    const provider = flaky([overloaded]);
    const stream = retrying(provider, waits().options).stream(request, new AbortController().signal);
    for (let piece = 0; piece < 3; piece++) await stream.next();
    await stream.return(saying(''));
    expect(provider).toMatchObject({ calls: 2, closed: 2 });
  });
});
