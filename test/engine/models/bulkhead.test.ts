import { describe, expect, it } from 'vitest';
import type { Delta, Reply } from '../../../src/core/provider.ts';
import { bulkhead } from '../../../src/engine/models/bulkhead.ts';
import { collect, failureOf, leaveEarly, request, running, saying, stub } from './model-stubs.ts';
import { settle } from './virtual-clock.ts';

/** Answers when it is told to. */
const held = () => {
  const waiting: (() => void)[] = [];
  let underWay = 0;
  let most = 0;
  const provider = stub(async function* (call): AsyncGenerator<Delta, Reply> {
    most = Math.max(most, ++underWay);
    try {
      yield { type: 'text.delta', text: 'x' };
      await new Promise<void>((resolve) => waiting.push(resolve));
      return saying(`answer ${call}`);
    } finally {
      underWay--;
    }
  }, 'held/model');
  return {
    provider,
    most: () => most,
    underWay: () => underWay,
    release: async (): Promise<void> => {
      waiting.shift()?.();
      await settle();
    },
  };
};

describe('a bulkhead', () => {
  it('lets a hundred calls through and keeps the 101st until one of them ends', async () => {
    const { provider, release, underWay, most } = held();
    const gate = bulkhead({ maxCalls: 100, whenFull: 'wait' });
    const calls = Array.from({ length: 101 }, () => collect(gate.around(provider)));
    await settle();
    expect([provider.calls, underWay()]).toEqual([100, 100]);
    await release();
    expect(provider.calls).toBe(101);
    for (let call = 0; call < 100; call++) await release();
    expect((await Promise.all(calls)).map(({ reply }) => reply)).toHaveLength(101);
    expect(most()).toBe(100);
  });

  it('fails the 101st at once where that is asked for, and says which limit it was', async () => {
    const { provider } = held();
    const gate = bulkhead({ maxCalls: 100, whenFull: 'fail' });
    const streams = Array.from({ length: 100 }, () => gate.around(provider).stream(request, running));
    await Promise.all(streams.map((stream) => stream.next()));
    expect(await failureOf(gate.around(provider))).toMatchObject({
      kind: 'busy',
      retryable: true,
      exitCode: 6,
      code: 'E_PROVIDER_BUSY',
      message: expect.stringMatching(/^100 model calls .*concurrency\.maxCalls/) as string,
      hint: expect.stringContaining('concurrency.whenFull') as string,
    });
    expect(provider.calls).toBe(100);
  });

  it('serves who waits in the order they came, over all it is put around', async () => {
    const { provider, release } = held();
    const other = held();
    const gate = bulkhead({ maxCalls: 1, whenFull: 'wait' });
    const order: string[] = [];
    const ask = (name: string, one: typeof provider) => collect(gate.around(one)).then(() => order.push(name));
    const all = Promise.all([ask('first', provider), ask('second', other.provider), ask('third', provider)]);
    await settle();
    expect([provider.calls, other.provider.calls]).toEqual([1, 0]);
    await release();
    await other.release();
    await release();
    await all;
    expect(order).toEqual(['first', 'second', 'third']);
  });

  it('forgets who was stopped while waiting, and loses no place by it', async () => {
    const { provider, release } = held();
    const gate = bulkhead({ maxCalls: 1, whenFull: 'wait' });
    const first = collect(gate.around(provider));
    const abort = new AbortController();
    const stopped = failureOf(gate.around(provider), { signal: abort.signal });
    const third = collect(gate.around(provider));
    await settle();
    const reason = new Error('stop it');
    abort.abort(reason);
    expect(await stopped).toBe(reason);
    expect(await failureOf(gate.around(provider), { signal: abort.signal })).toBe(reason);
    await release();
    await release();
    expect((await Promise.all([first, third])).map(({ reply }) => reply)).toEqual([
      saying('answer 0'),
      saying('answer 1'),
    ]);
    expect(provider.calls).toBe(2);
  });

  it('gives a place back when a stream is closed or throws', async () => {
    const gate = bulkhead({ maxCalls: 1, whenFull: 'fail' });
    const { provider } = held();
    for (let call = 0; call < 3; call++) await leaveEarly(gate.around(provider));
    expect(provider).toMatchObject({ calls: 3, closed: 3 });
    const broken = stub(async function* () {
      yield { type: 'text.delta', text: 'x' };
      throw new Error('broken');
    });
    for (let call = 0; call < 3; call++) await expect(collect(gate.around(broken))).rejects.toThrow('broken');
  });

  it('takes no place for a stream that nobody reads', async () => {
    const gate = bulkhead({ maxCalls: 1, whenFull: 'fail' });
    const { provider } = held();
    await gate.around(provider).stream(request, running).return(saying(''));
    gate.around(provider).stream(request, running);
    await leaveEarly(gate.around(provider));
    expect(provider.calls).toBe(1);
  });
});
