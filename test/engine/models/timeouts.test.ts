import { describe, expect, it } from 'vitest';
import { ProviderError, type Delta } from '../../../src/core/provider.ts';
import { timed } from '../../../src/engine/models/timeouts.ts';
import { collect, failureOf, flaky, leaveEarly, request, running, saying, stub } from './model-stubs.ts';

const never = new Promise<never>(() => undefined);
const heeding = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

describe('a total timeout', () => {
  it('ends an attempt that takes too long, and closes it', async () => {
    const provider = stub(async function* (_call, _request, signal) {
      yield { type: 'text.delta', text: 'x' };
      return await heeding(signal);
    });
    expect(await failureOf(timed(provider, { totalMs: 20 }))).toMatchObject({
      kind: 'timeout',
      retryable: true,
      message: 'stub/model took longer than 1 s',
    });
    expect(provider).toMatchObject({ calls: 1, closed: 1 });
  });

  it('counts the whole attempt, however lively it is', async () => {
    const provider = stub(async function* (_call, _request, signal) {
      for (;;) {
        await new Promise((resolve) => setTimeout(resolve, 2));
        signal.throwIfAborted();
        yield { type: 'text.delta', text: 'x' };
      }
    });
    expect(await failureOf(timed(provider, { totalMs: 30 }))).toMatchObject({ kind: 'timeout' });
    expect(provider.closed).toBe(1);
  });

  it('hands on what a call still has to tell when it is ended', async () => {
    const assumed: Delta = { type: 'assumed', tokens: 7, costUsd: null, why: 'timed out' };
    const provider = stub(async function* (_call, _request, signal) {
      try {
        return await heeding(signal);
      } catch (error) {
        yield assumed;
        throw error;
      }
    });
    const stream = timed(provider, { totalMs: 10 }).stream(request, running);
    expect(await stream.next()).toEqual({ done: false, value: assumed });
    await expect(stream.next()).rejects.toMatchObject({ kind: 'timeout' });
  });

  it('leaves a provider that does not heed its signal to itself', async () => {
    const deaf = stub(async function* () {
      yield { type: 'text.delta', text: 'x' };
      return await never;
    });
    expect(await failureOf(timed(deaf, { totalMs: 10, graceMs: 10 }))).toMatchObject({ kind: 'timeout' });
    const chatty = stub(async function* () {
      for (;;) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        yield { type: 'text.delta', text: 'x' };
      }
    });
    expect(await failureOf(timed(chatty, { totalMs: 10, graceMs: 10 }))).toMatchObject({ kind: 'timeout' });
  });

  it('ends also when nobody was reading while the time ran out, and the provider does not heed it', async () => {
    const chatty = stub(async function* () {
      for (;;) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        yield { type: 'text.delta', text: 'x' };
      }
    });
    const stream = timed(chatty, { totalMs: 10, graceMs: 10 }).stream(request, running);
    await stream.next();
    await new Promise((resolve) => setTimeout(resolve, 40));
    const reading = (async () => {
      for (let pieces = 0; pieces < 1000; pieces++) await stream.next();
    })();
    await expect(reading).rejects.toMatchObject({ kind: 'timeout' });
  });

  it('is a timeout whatever the provider makes of being stopped', async () => {
    const provider = stub(async function* (_call, _request, signal) {
      yield { type: 'text.delta', text: 'x' };
      return await heeding(signal).catch(() => {
        throw new DOMException('This operation was aborted', 'AbortError');
      });
    });
    expect(await failureOf(timed(provider, { totalMs: 10 }))).toMatchObject({ kind: 'timeout' });
  });

  it('hands on an abort with its reason, also to a provider that does not heed it', async () => {
    const reason = new Error('stop it');
    const deaf = stub(async function* (_call, _request, signal) {
      yield { type: 'text.delta', text: String(signal.aborted) };
      return await never;
    });
    const abort = new AbortController();
    const waiting = failureOf(timed(deaf, { totalMs: 60_000, graceMs: 10 }), { signal: abort.signal });
    setTimeout(() => abort.abort(reason), 5);
    expect(await waiting).toBe(reason);
    expect(await failureOf(timed(deaf, { totalMs: 60_000 }), { signal: abort.signal })).toBe(reason);
    expect(deaf.calls).toBe(1);
  });

  it('hands on answers and errors as they are, however long the limit is', async () => {
    const error = new ProviderError('server', 'down');
    expect(await failureOf(timed(flaky([error]), { totalMs: 1e12 }))).toBe(error);
    const slow = stub(async function* (_call, _request, signal) {
      yield { type: 'text.delta', text: 'do' };
      await new Promise((resolve) => setTimeout(resolve, 20));
      signal.throwIfAborted();
      return saying('done');
    });
    const { deltas, reply } = await collect(timed(slow, { totalMs: 1e12 }));
    expect([deltas, reply]).toEqual([[{ type: 'text.delta', text: 'do' }], saying('done')]);
  });

  it('closes the stream within when nobody listens any more', async () => {
    const provider = flaky([]);
    await leaveEarly(timed(provider, { totalMs: 1000 }));
    expect(provider.closed).toBe(1);
  });
});
