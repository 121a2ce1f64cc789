import type { Embedder } from '../../core/embedder.ts';
import { isProviderError, ProviderError } from '../../core/provider.ts';
import { abortableSleep, inSeconds, type Sleep } from '../models/sleep.ts';

/** How {@link patient} retries. */
export interface PatientOptions {
  /** Calls made after the first one failed; 3 when left out. */
  retries?: number;
  /** All waiting of one call together; one minute when left out. */
  maxWaitMs?: number;
  /** Upper end of the first wait, 200 ms when left out; doubles with every retry. */
  baseDelayMs?: number;
  /** A number from 0 up to 1, as `Math.random` gives. */
  random?: () => number;
  sleep?: Sleep;
}

const given = (error: ProviderError, attempts: number, why?: string): ProviderError => {
  const tried = attempts > 1 ? `gave up after ${attempts} attempts` : undefined;
  const notes = [why, tried].filter((note) => note !== undefined);
  if (notes.length === 0) return error;
  return new ProviderError(error.kind, `${error.message} (${notes.join('; ')})`, {
    ...(error.hint !== undefined && { hint: error.hint }),
    ...(error.retryAfterMs !== undefined && { retryAfterMs: error.retryAfterMs }),
    ...(error.status !== undefined && { status: error.status }),
    cause: error,
  });
};

/**
 * Repeats a call that failed in a way that may pass, never sooner than the server asked for.
 * @throws ProviderError of the last attempt, whose message says how many there were.
 */
export const patient = (embedder: Embedder, options: PatientOptions = {}): Embedder => {
  const { retries = 3, maxWaitMs = 60_000, baseDelayMs = 200, random = Math.random, sleep = abortableSleep } = options;
  return {
    name: embedder.name,
    maxBatch: embedder.maxBatch,
    embed: async (texts, signal) => {
      let leftMs = maxWaitMs;
      for (let attempt = 1; ; attempt++) {
        try {
          return await embedder.embed(texts, signal);
        } catch (error) {
          signal.throwIfAborted();
          if (!isProviderError(error)) throw error;
          // An answer that makes no sense is hardly better the next time, and may have been paid for.
          const mayPass = error.retryable && (error.kind !== 'malformed' || attempt === 1);
          if (!mayPass || attempt > retries || leftMs <= 0) throw given(error, attempt);
          const askedMs = error.retryAfterMs ?? 0;
          if (askedMs > leftMs)
            throw given(
              error,
              attempt,
              `the server asked to wait ${inSeconds(askedMs)}, ${inSeconds(leftMs)} are left`,
            );
          const waitMs = Math.round(Math.min(leftMs, Math.max(askedMs, random() * baseDelayMs * 2 ** (attempt - 1))));
          leftMs -= waitMs;
          await sleep(waitMs, signal);
        }
      }
    },
  };
};
