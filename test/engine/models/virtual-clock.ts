import { onAbort } from '../../../src/base/on-abort.ts';
import type { Sleep } from '../../../src/engine/models/sleep.ts';

/** A clock that goes on only when everybody sleeps. */
export interface VirtualClock {
  now(): number;
  sleep: Sleep;
  /** Lets time pass until nobody sleeps any more, or until the given time. */
  run(untilMs?: number): Promise<void>;
}

/** Lets everything go on that does not wait for time. */
export const settle = async (): Promise<void> => {
  for (let round = 0; round < 3; round++) await new Promise((resolve) => setImmediate(resolve));
};

/** A clock at 0. */
export const virtualClock = (): VirtualClock => {
  let time = 0;
  const sleepers = new Set<{ at: number; wake: () => void }>();
  return {
    now: () => time,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted();
        const forget = onAbort(signal, () => {
          sleepers.delete(sleeper);
          reject(signal.reason as Error);
        });
        const wake = (): void => {
          forget();
          resolve();
        };
        const sleeper = { at: time + ms, wake };
        sleepers.add(sleeper);
      }),
    run: async (untilMs = Infinity) => {
      for (;;) {
        await settle();
        const next = [...sleepers].sort((a, b) => a.at - b.at)[0];
        if (!next || next.at > untilMs) break;
        time = Math.max(time, next.at);
        sleepers.delete(next);
        next.wake();
      }
      if (untilMs < Infinity) time = Math.max(time, untilMs);
    },
  };
};
