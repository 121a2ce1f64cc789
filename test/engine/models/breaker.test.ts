import { describe, expect, it } from 'vitest';
import { limitError } from '../../../src/base/errors.ts';
import { ProviderError, type ProviderErrorKind } from '../../../src/core/provider.ts';
import { breaker, type Breaker } from '../../../src/engine/models/breaker.ts';
import { collect, failureOf, flaky, leaveEarly, request, running, saying, stub } from './model-stubs.ts';

const down = new ProviderError('server', 'down', { hint: 'Look at the status page.' });

const clock = (): { now: () => number; pass: (ms: number) => void } => {
  let time = 0;
  return { now: () => time, pass: (ms) => void (time += ms) };
};

const fail = async (one: Breaker, times: number, error: Error = down): Promise<void> => {
  for (let call = 0; call < times; call++) await failureOf(one.around(flaky([error])));
};

describe('a breaker', () => {
  it('refuses at once after five failed calls in a row, says for how long and what failed', async () => {
    const { now, pass } = clock();
    const one = breaker({ now });
    await fail(one, 4);
    expect(one.isOpen()).toBe(false);
    await fail(one, 1);
    expect(one.isOpen()).toBe(true);
    pass(2_500);
    const provider = flaky([]);
    expect(await failureOf(one.around(provider))).toMatchObject({
      kind: 'unavailable',
      retryable: true,
      exitCode: 6,
      retryAfterMs: 27_500,
      message: 'flaky/model failed 5 times in a row; it is asked again in 28 s. The last failure: down',
      hint: 'Look at the status page.',
      cause: down,
    });
    expect(provider.calls).toBe(0);
  });

  it('begins to count anew after a call that succeeded', async () => {
    const one = breaker({ failures: 2 });
    await fail(one, 1);
    await collect(one.around(flaky([])));
    await fail(one, 1);
    expect(one.isOpen()).toBe(false);
  });

  it.each(['context_too_long', 'invalid_request', 'incompatible'] as const)(
    'does not blame the provider for %s',
    async (kind: ProviderErrorKind) => {
      const one = breaker({ failures: 1 });
      await fail(one, 3, new ProviderError(kind, 'no'));
      expect([one.isOpen(), one.isResting()]).toEqual([false, false]);
    },
  );

  it.each(['auth', 'not_found', 'network', 'rate_limit', 'malformed'] as const)(
    'counts %s',
    async (kind: ProviderErrorKind) => {
      const one = breaker({ failures: 1 });
      await fail(one, 1, new ProviderError(kind, 'no'));
      expect(one.isOpen()).toBe(true);
    },
  );

  it('counts neither what was stopped, nor what had no money left, nor what nobody listened to', async () => {
    const one = breaker({ failures: 1 });
    await fail(one, 1, limitError('no money left'));
    await fail(one, 1, new TypeError('a bug'));
    await failureOf(one.around(flaky([down])), { signal: AbortSignal.abort(new Error('stop')) });
    await leaveEarly(one.around(flaky([down])));
    expect([one.isOpen(), one.isResting()]).toEqual([false, false]);
  });

  it('lets exactly one call through when its rest is over, and everybody when that succeeds', async () => {
    const { now, pass } = clock();
    const one = breaker({ failures: 1, now });
    await fail(one, 1);
    pass(29_999);
    expect(await failureOf(one.around(flaky([])))).toMatchObject({ kind: 'unavailable' });
    pass(1);
    expect(one.isOpen()).toBe(false);
    const provider = flaky([]);
    const probe = one.around(provider).stream(request, running);
    await probe.next();
    expect([one.isOpen(), one.isResting()]).toEqual([true, true]);
    const refusals = await Promise.all([1, 2, 3].map(() => failureOf(one.around(provider))));
    for (const refusal of refusals)
      expect(refusal).toMatchObject({
        kind: 'unavailable',
        message: expect.stringMatching(/one call is trying/) as string,
      });
    expect(await probe.next()).toMatchObject({ done: true, value: saying('done') });
    expect([one.isOpen(), one.isResting()]).toEqual([false, false]);
    await Promise.all([1, 2, 3].map(() => collect(one.around(provider))));
    expect(provider.calls).toBe(4);
  });

  it('rests twice as long after every probe that fails, at most five minutes', async () => {
    const { now, pass } = clock();
    const one = breaker({ failures: 1, restMs: 60_000, now });
    const rests: unknown[] = [];
    for (let probe = 0; probe < 5; probe++) {
      await fail(one, 1);
      const { retryAfterMs = 0 } = (await failureOf(one.around(flaky([])))) as ProviderError;
      rests.push(retryAfterMs);
      pass(retryAfterMs);
    }
    expect(rests).toEqual([60_000, 120_000, 240_000, 300_000, 300_000]);
    await collect(one.around(flaky([])));
    await fail(one, 1);
    expect(await failureOf(one.around(flaky([])))).toMatchObject({ retryAfterMs: 60_000 });
  });

  it('sends another probe when the first one ended without a result', async () => {
    const { now, pass } = clock();
    const one = breaker({ failures: 1, now });
    await fail(one, 1);
    pass(30_000);
    await leaveEarly(one.around(flaky([])));
    expect(one.isOpen()).toBe(false);
    await collect(one.around(flaky([])));
    expect(one.isResting()).toBe(false);
  });

  it('does not hear calls that began before it opened', async () => {
    const { now, pass } = clock();
    const one = breaker({ failures: 1, now });
    const [early, late] = [flaky([]), flaky([down])].map((provider) => one.around(provider).stream(request, running));
    await early?.next();
    await late?.next();
    await fail(one, 1);
    pass(10_000);
    await early?.next();
    await expect(late?.next()).rejects.toBe(down);
    expect(await failureOf(one.around(flaky([])))).toMatchObject({ retryAfterMs: 20_000 });
  });

  it('rests for a while after a single failure, so that others are asked first, but refuses nobody', async () => {
    const { now, pass } = clock();
    const one = breaker({ now });
    expect(one.isResting()).toBe(false);
    await fail(one, 1);
    expect([one.isResting(), one.isOpen()]).toEqual([true, false]);
    pass(30_000);
    expect(one.isResting()).toBe(false);
  });

  it('shares what it knows among all it is put around, and keeps the name', async () => {
    const one = breaker({ failures: 2, now: clock().now });
    const [brief, patient] = [one.around(flaky([down], 'a/x')), one.around(flaky([down], 'a/x'))];
    await failureOf(brief);
    await failureOf(patient);
    expect(await failureOf(brief)).toMatchObject({ kind: 'unavailable' });
    expect([brief.name, brief.capabilities()]).toEqual(['a/x', flaky([]).capabilities()]);
  });

  it('closes the stream within when nobody listens any more', async () => {
    const provider = stub(async function* () {
      for (;;) yield { type: 'text.delta', text: 'x' };
    });
    await leaveEarly(breaker().around(provider));
    expect(provider.closed).toBe(1);
  });
});
