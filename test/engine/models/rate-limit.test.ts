import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RateLimits } from '../../../src/core/capabilities.ts';
import {
  ProviderError,
  type Delta,
  type LimitState,
  type ModelProvider,
  type Reply,
} from '../../../src/core/provider.ts';
import { rateLimiter } from '../../../src/engine/models/rate-limit.ts';
import { limitsOf, rateLimitPresets } from '../../../src/engine/models/rate-limit-presets.ts';
import { collect, failureOf, flaky, leaveEarly, request, running, saying, stub } from './model-stubs.ts';
import { settle, virtualClock, type VirtualClock } from './virtual-clock.ts';

const minute = 60_000;

/** Answers at once and remembers when it was asked; each call may take some time or tell its limits. */
const asked = (
  clock: VirtualClock,
  more: {
    takesMs?: number;
    limits?: (call: number) => Omit<Extract<Delta, { type: 'limits' }>, 'type'> | undefined;
    usage?: Reply['usage'];
  } = {},
) => {
  const at: number[] = [];
  const provider = stub(async function* (call): AsyncGenerator<Delta, Reply> {
    at.push(clock.now());
    const limits = more.limits?.(call);
    if (limits) yield { type: 'limits', ...limits };
    yield { type: 'text.delta', text: 'x' };
    if (more.takesMs !== undefined) await clock.sleep(more.takesMs, running);
    return saying('done', more.usage);
  }, 'openai/gpt');
  return { provider, at };
};

const limited = (limits: RateLimits, clock: VirtualClock, provider: ModelProvider, tokens = 0): ModelProvider =>
  rateLimiter(limits, clock).around(provider, () => tokens);

const used = (inputTokens: number): NonNullable<Reply['usage']> => ({
  inputTokens,
  outputTokens: 0,
  cacheReadTokens: 1_000_000,
  cacheWriteTokens: 0,
});

describe('a rate limit', () => {
  it('keeps the fourth call of an account at OpenAI without credit for a minute, and says so', async () => {
    const clock = virtualClock();
    const { provider, at } = asked(clock);
    const one = limited(limitsOf('openai-free'), clock, provider);
    for (let call = 0; call < 3; call++)
      expect((await collect(one)).deltas).toEqual([{ type: 'text.delta', text: 'x' }]);
    const fourth = collect(one);
    await settle();
    expect(at).toEqual([0, 0, 0]);
    await clock.run();
    expect(at).toEqual([0, 0, 0, minute]);
    expect((await fourth).deltas).toEqual([
      {
        type: 'retry',
        model: 'openai/gpt',
        attempt: 0,
        waitMs: minute,
        reason: 'the rate limit of openai: 3 requests per minute',
      },
      { type: 'text.delta', text: 'x' },
    ]);
  });

  it('is not waited for by who can ask somebody else, while who cannot waits on the same limit', async () => {
    const clock = virtualClock();
    const { provider, at } = asked(clock);
    const limiter = rateLimiter({ requests_per_minute: 1 }, clock);
    const [brief, patient] = [limiter.around(provider, () => 0, 250), limiter.around(provider)];
    await collect(brief);
    expect(await failureOf(brief)).toMatchObject({ kind: 'rate_limit', retryAfterMs: minute });
    const waiting = collect(patient);
    await clock.run();
    await waiting;
    expect(at).toEqual([0, minute]);
  });

  it('says nothing of a wait under a second', async () => {
    const clock = virtualClock();
    const one = limited({ requests_per_minute: 1 }, clock, asked(clock).provider);
    await collect(one);
    await clock.run(minute - 999);
    const second = collect(one);
    await clock.run();
    expect((await second).deltas).toEqual([{ type: 'text.delta', text: 'x' }]);
  });

  it('lets no more through in any minute than the limit, however calls come and however long they take', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.array(
          fc.record({ pauseMs: fc.integer({ min: 0, max: 40_000 }), together: fc.integer({ min: 1, max: 4 }) }),
          {
            minLength: 1,
            maxLength: 8,
          },
        ),
        fc.option(fc.integer({ min: 0, max: 90_000 }), { nil: undefined }),
        async (limit, waves, takesMs) => {
          const clock = virtualClock();
          const { provider, at } = asked(clock, takesMs === undefined ? {} : { takesMs });
          const one = rateLimiter({ requests_per_minute: limit }, { ...clock, maxWaitMs: Infinity }).around(provider);
          const calls: Promise<unknown>[] = [];
          for (const { pauseMs, together } of waves) {
            await clock.run(clock.now() + pauseMs);
            for (let call = 0; call < together; call++) calls.push(collect(one));
          }
          await clock.run();
          await Promise.all(calls);
          expect(at).toHaveLength(calls.length);
          for (const start of at)
            expect(at.filter((time) => time >= start && time < start + minute).length).toBeLessThanOrEqual(limit);
          // Nor does anybody wait for nothing.
          at.forEach((time, index) => {
            const before = at[index - limit];
            if (before !== undefined) expect(time - before).toBeGreaterThanOrEqual(minute);
          });
        },
      ),
      { numRuns: 60 },
    );
  });

  it('tells who waits behind others how long that takes, and is right', async () => {
    const clock = virtualClock();
    const { provider, at } = asked(clock);
    const one = limited({ requests_per_minute: 2 }, clock, provider);
    const calls = Array.from({ length: 7 }, () => collect(one));
    await clock.run();
    const told = (await Promise.all(calls)).map(({ deltas: [first] }) => (first?.type === 'retry' ? first.waitMs : 0));
    expect(told).toEqual([0, 0, minute, minute, 2 * minute, 2 * minute, 3 * minute]);
    expect(at).toEqual(told);
  });

  it('takes less than one request a minute for one in a longer time', async () => {
    const clock = virtualClock();
    const { provider, at } = asked(clock);
    const one = limited({ requests_per_minute: 0.5 }, clock, provider);
    const calls = [collect(one), collect(one)];
    await clock.run();
    await Promise.all(calls);
    expect(at).toEqual([0, 2 * minute]);
  });

  it('fails when the day is used up rather than sleep for hours', async () => {
    const clock = virtualClock();
    const { provider } = asked(clock);
    const one = limited({ requests_per_day: 2 }, clock, provider);
    await collect(one);
    await clock.run(3_600_000);
    await collect(one);
    expect(await failureOf(one)).toMatchObject({
      kind: 'rate_limit',
      retryAfterMs: 23 * 3_600_000,
      message: 'Over the rate limit of openai: 2 requests per day; the next call fits in 82800 s.',
      hint: expect.stringContaining('rateLimits') as string,
    });
    expect(provider.calls).toBe(2);
    await clock.run(24 * 3_600_000);
    await collect(one);
    expect(provider.calls).toBe(3);
  });

  it('counts tokens as estimated until the reply says how many there were, without those from the cache', async () => {
    const clock = virtualClock();
    const { provider, at } = asked(clock, { usage: used(100), takesMs: 10_000 });
    const one = limited({ tokens_per_minute: 1000 }, clock, provider, 600);
    const calls = [collect(one), collect(one), collect(one)];
    await clock.run();
    await Promise.all(calls);
    // After the first reply 100 are used: the second fits, and after its reply the third.
    expect(at).toEqual([0, 10_000, 20_000]);
    expect(provider.calls).toBe(3);
  });

  it('keeps what was estimated when a reply says nothing or nonsense', async () => {
    for (const usage of [undefined, used(NaN), used(-5), used(0)]) {
      const clock = virtualClock();
      const { provider, at } = asked(clock, { usage });
      const one = limited({ tokens_per_minute: 1000 }, clock, provider, 600);
      const calls = [collect(one), collect(one)];
      await clock.run();
      await Promise.all(calls);
      expect(at).toEqual([0, minute]);
    }
  });

  it('gives nothing back for a call that ends after the minute it counted in', async () => {
    const clock = virtualClock();
    const limiter = rateLimiter({ tokens_per_minute: 1000 }, clock);
    const long = asked(clock, { usage: used(100), takesMs: 70_000 });
    const { provider, at } = asked(clock);
    const first = collect(limiter.around(long.provider, () => 900));
    await clock.run(65_000);
    const calls = [collect(limiter.around(provider, () => 600))];
    await clock.run(71_000);
    calls.push(collect(limiter.around(provider, () => 600)));
    await clock.run();
    await Promise.all([first, ...calls]);
    expect(at).toEqual([65_000, 65_000 + minute]);
  });

  it('makes room again after a call that was refused, not after one that broke off or was left', async () => {
    const clock = virtualClock();
    const refused = new ProviderError('overloaded', 'no');
    let mode: 'refuse' | 'break' | 'answer' = 'refuse';
    const provider = stub(async function* () {
      if (mode === 'refuse') throw refused;
      yield { type: 'text.delta', text: 'x' };
      if (mode === 'break') throw refused;
      return saying('done');
    }, 'openai/gpt');
    const one = limited({ tokens_per_minute: 1000 }, clock, provider, 600);
    await failureOf(one);
    mode = 'break';
    await failureOf(one);
    mode = 'answer';
    const next = leaveEarly(one);
    await clock.run();
    await next;
    expect(clock.now()).toBe(minute);
    const last = collect(one);
    await settle();
    expect(provider.calls).toBe(3);
    await clock.run();
    await last;
    expect(clock.now()).toBe(2 * minute);
  });

  it('lets a request through that is larger than the limit once nothing else counts', async () => {
    const clock = virtualClock();
    const { provider, at } = asked(clock);
    const one = limited({ tokens_per_minute: 1000 }, clock, provider, 5000);
    const calls = [collect(one), collect(one)];
    await clock.run();
    await Promise.all(calls);
    expect(at).toEqual([0, minute]);
  });

  it('keeps to the number of requests at a time', async () => {
    const clock = virtualClock();
    const { provider, at } = asked(clock, { takesMs: 5000 });
    const one = limited({ max_concurrent_requests: 2 }, clock, provider);
    const calls = Array.from({ length: 5 }, () => collect(one));
    await clock.run();
    await Promise.all(calls);
    expect(at).toEqual([0, 0, 5000, 5000, 10_000]);
  });

  it('is shared by all models of a provider', async () => {
    const clock = virtualClock();
    const one = rateLimiter({ requests_per_minute: 1 }, clock);
    const [a, b] = [asked(clock), asked(clock)];
    const calls = [collect(one.around(a.provider)), collect(one.around(b.provider))];
    await clock.run();
    await Promise.all(calls);
    expect([a.at, b.at]).toEqual([[0], [minute]]);
  });

  it('stops waiting when it is aborted, and lets the next one in line go on', async () => {
    const clock = virtualClock();
    const { provider, at } = asked(clock);
    const one = limited({ requests_per_minute: 1 }, clock, provider);
    await collect(one);
    const abort = new AbortController();
    const stopped = failureOf(one, { signal: abort.signal });
    const next = collect(one);
    await clock.run(20_000);
    const reason = new Error('stop it');
    abort.abort(reason);
    expect(await stopped).toBe(reason);
    await clock.run();
    await next;
    expect(at).toEqual([0, minute]);
  });

  it('is not held up by somebody who heard that there is a wait and never went on', async () => {
    const clock = virtualClock();
    const { provider, at } = asked(clock);
    const one = limited({ requests_per_minute: 1 }, clock, provider);
    await collect(one);
    const slow = one.stream(request, running);
    expect(await slow.next()).toMatchObject({ value: { type: 'retry' } });
    const next = collect(one);
    await clock.run();
    await next;
    expect(at).toEqual([0, minute]);
  });

  it('waits on a real clock when no other is given', async () => {
    const { provider } = asked(virtualClock(), { limits: () => ({ requests: { remaining: 0, resetMs: 30 } }) });
    const one = rateLimiter({}).around(provider);
    const startedAt = performance.now();
    await collect(one);
    await collect(one);
    expect(performance.now() - startedAt).toBeGreaterThan(25);
  });
});

describe('what a provider says of its limits', () => {
  const state = (remaining: number, resetMs: number): LimitState => ({ remaining, resetMs });

  it('is not handed on, and keeps the next call until there is room, before the server has to refuse it', async () => {
    const clock = virtualClock();
    const { provider, at } = asked(clock, { limits: (call) => ({ requests: state(1 - call, 20_000) }) });
    const one = limited({}, clock, provider);
    await collect(one);
    expect((await collect(one)).deltas).toEqual([{ type: 'text.delta', text: 'x' }]);
    const third = collect(one);
    await clock.run();
    expect((await third).deltas[0]).toMatchObject({
      type: 'retry',
      attempt: 0,
      waitMs: 20_000,
      reason: 'the rate limit of openai: it says that its requests are used up',
    });
    expect(at).toEqual([0, 0, 20_000]);
  });

  it('keeps a request that needs more tokens than are left', async () => {
    const clock = virtualClock();
    const { provider, at } = asked(clock, {
      limits: (call) => (call === 0 ? { tokens: state(700, 7000) } : undefined),
    });
    const limiter = rateLimiter({}, clock);
    const [small, large] = [500, 701].map((tokens) => limiter.around(provider, () => tokens));
    if (!small || !large) throw new Error('two providers');
    await collect(small);
    const waiting = collect(large);
    await clock.run();
    await waiting;
    expect(at).toEqual([0, 7000]);
  });

  it('counts calls that are sent but not answered yet', async () => {
    const clock = virtualClock();
    const { provider, at } = asked(clock, {
      limits: (call) => (call === 2 ? { requests: state(3, 9000) } : undefined),
    });
    const silent = stub(async function* (): AsyncGenerator<Delta, Reply> {
      await clock.sleep(2000, running);
      yield { type: 'text.delta', text: 'x' };
      return saying('late');
    }, 'openai/gpt');
    const limiter = rateLimiter({}, clock);
    const one = limiter.around(provider);
    const slow = [collect(limiter.around(silent)), collect(limiter.around(silent))];
    for (let call = 0; call < 3; call++) await collect(one);
    // Three were left, two of them for the calls under way.
    const calls = [collect(one), collect(one)];
    await clock.run();
    await Promise.all([...slow, ...calls]);
    expect(at).toEqual([0, 0, 0, 0, 9000]);
  });

  it('is taken for what one model may, and holds up no other', async () => {
    const clock = virtualClock();
    const limiter = rateLimiter({}, clock);
    const { provider, at } = asked(clock, { limits: () => ({ requests: state(0, 20_000) }) });
    const large = limiter.around(provider);
    const small = limiter.around(flaky([], 'openai/mini'));
    await collect(large);
    const waiting = collect(large);
    await settle();
    await collect(small);
    expect(clock.now()).toBe(0);
    await clock.run();
    await waiting;
    expect(at).toEqual([0, 20_000]);
  });

  it('counts calls that failed no longer as under way', async () => {
    const clock = virtualClock();
    const { provider, at } = asked(clock, { limits: () => ({ requests: state(1, 9000) }) });
    const limiter = rateLimiter({}, clock);
    const refusing = stub(async function* () {
      yield* [];
      throw new ProviderError('server', 'no');
    }, 'openai/gpt');
    for (let call = 0; call < 3; call++) await failureOf(limiter.around(refusing));
    await collect(limiter.around(provider));
    await collect(limiter.around(provider));
    expect(at).toEqual([0, 0]);
  });

  it.each([
    ['nonsense', state(NaN, 5000)],
    ['a time that has no end', state(0, Infinity)],
    ['a time in the past', state(0, -5000)],
    ['a clock that is hours ahead', state(0, 5 * 3_600_000)],
  ])('holds nobody up when it is %s', async (_what, requests) => {
    const clock = virtualClock();
    const { provider, at } = asked(clock, { limits: () => ({ requests }) });
    const one = limited({}, clock, provider);
    await collect(one);
    await collect(one);
    expect(at).toEqual([0, 0]);
  });

  it('lets who waits go on as soon as a later answer says that there is room again', async () => {
    const clock = virtualClock();
    const { provider, at } = asked(clock, {
      limits: (call) => ({ requests: state(call === 0 ? 0 : 5, 60_000) }),
    });
    const late = stub(async function* (): AsyncGenerator<Delta, Reply> {
      await clock.sleep(3000, running);
      yield { type: 'limits', requests: state(5, 60_000) };
      return saying('late');
    }, 'openai/gpt');
    const limiter = rateLimiter({}, clock);
    const before = collect(limiter.around(late));
    await collect(limiter.around(provider));
    const waiting = collect(limiter.around(provider));
    await clock.run();
    await Promise.all([before, waiting]);
    expect(at).toEqual([0, 3000]);
  });
});

describe('presets of rate limits', () => {
  it('are found by name, and limits may be written instead', () => {
    expect(limitsOf('openai-free')).toEqual({ requests_per_minute: 3 });
    expect(limitsOf({ requests_per_minute: 7, tokens_per_minute: undefined })).toEqual({ requests_per_minute: 7 });
  });

  it('name the nearest one when there is none of a name', () => {
    for (const [name, guess] of [
      ['openai-fre', 'openai-free'],
      ['grok-free', 'groq-free'],
    ] as const)
      expect(() => limitsOf(name)).toThrow(
        expect.objectContaining({ exitCode: 3, message: expect.stringContaining(guess) as string }),
      );
    expect(() => limitsOf('toString')).toThrow(
      expect.objectContaining({
        exitCode: 3,
        hint: expect.stringContaining(Object.keys(rateLimitPresets).join(', ')) as string,
      }),
    );
  });
});
