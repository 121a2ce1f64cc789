import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { onAbort } from '../../src/base/on-abort.ts';

describe('waiting for an abort', () => {
  it('calls everybody who still waits, once, over a single listener', () => {
    const abort = new AbortController();
    const called: number[] = [];
    const forget = Array.from({ length: 100 }, (_, index) => onAbort(abort.signal, () => called.push(index)));
    expect(getEventListeners(abort.signal, 'abort')).toHaveLength(1);
    forget.slice(2).forEach((one) => one());
    abort.abort();
    abort.abort();
    expect(called).toEqual([0, 1]);
  });

  it('keeps two waits with the same function apart', () => {
    const abort = new AbortController();
    let calls = 0;
    const call = (): number => calls++;
    const forget = onAbort(abort.signal, call);
    onAbort(abort.signal, call);
    forget();
    abort.abort();
    expect(calls).toBe(1);
  });
});
