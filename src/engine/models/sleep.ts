import { onAbort } from '../../base/on-abort.ts';

/** Waits for a time. @throws signal.reason when aborted. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

/** Waits on the real clock. @throws signal.reason when aborted. */
export const abortableSleep: Sleep = (ms, signal) =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const forget = onAbort(signal, () => {
      clearTimeout(timer);
      // An abort's reason is whatever the aborter gave; it is handed on as it is.
      reject(signal.reason as Error);
    });
    const timer = setTimeout(() => {
      forget();
      resolve();
    }, ms);
  });

/** A time in a sentence. */
export const inSeconds = (ms: number): string => `${Math.ceil(ms / 1000)} s`;
