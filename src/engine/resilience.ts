import { isProviderError, ProviderError, type Delta, type ModelProvider, type Reply } from '../core/provider.ts';

/** How {@link retrying} retries. */
export interface RetryOptions {
  /** Calls made after the first one failed. */
  retries?: number;
  /** All waiting of one call together. */
  maxWaitMs?: number;
  /** Upper end of the first wait; doubles with every retry up to `maxDelayMs`. */
  baseDelayMs?: number;
  maxDelayMs?: number;
  /** A number from 0 up to 1, as `Math.random` gives. */
  random?: () => number;
  /** Resolves after a time. @throws signal.reason when aborted. */
  sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

const abortableSleep = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const abort = (): void => {
      clearTimeout(timer);
      // An abort's reason is whatever the aborter gave; it is handed on as it is.
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', abort);
      resolve();
    }, ms);
    signal.addEventListener('abort', abort, { once: true });
  });

const seconds = (ms: number): string => `${Math.ceil(ms / 1000)} s`;

/** The last error, with what was tried before it; untouched when nothing was. */
const given = (error: ProviderError, attempts: number, why?: string): ProviderError => {
  const tried = attempts > 1 ? `gave up after ${attempts} attempts` : undefined;
  const notes = [why, tried].filter((note) => note !== undefined);
  if (notes.length === 0) return error;
  return new ProviderError(error.kind, `${error.message} (${notes.join('; ')})`, {
    ...(error.hint !== undefined && { hint: error.hint }),
    ...(error.retryAfterMs !== undefined && { retryAfterMs: error.retryAfterMs }),
    cause: error,
  });
};

/**
 * Repeats a call that failed in a way that may pass: exponential backoff with full jitter, never sooner than the server
 * asked for, bounded in number and in waiting time. A `retry` delta comes before each wait and voids what was streamed.
 * @throws ProviderError of the last attempt, whose message says how many there were.
 */
export const retrying = (provider: ModelProvider, options: RetryOptions = {}): ModelProvider => {
  const {
    retries = 4,
    maxWaitMs = 60_000,
    baseDelayMs = 500,
    maxDelayMs = 10_000,
    random = Math.random,
    sleep = abortableSleep,
  } = options;
  return {
    name: provider.name,
    capabilities: () => provider.capabilities(),
    async *stream(request, signal): AsyncGenerator<Delta, Reply> {
      let leftMs = maxWaitMs;
      for (let attempt = 1; ; attempt += 1) {
        try {
          return yield* provider.stream(request, signal);
        } catch (error) {
          signal.throwIfAborted();
          if (!isProviderError(error)) throw error;
          if (!error.retryable || attempt > retries || leftMs <= 0) throw given(error, attempt);
          const askedMs = error.retryAfterMs ?? 0;
          if (askedMs > leftMs) {
            throw given(error, attempt, `the server asked to wait ${seconds(askedMs)}, ${seconds(leftMs)} are left`);
          }
          const backoffMs = random() * Math.min(maxDelayMs, baseDelayMs * 2 ** (attempt - 1));
          const waitMs = Math.round(Math.min(leftMs, Math.max(askedMs, backoffMs)));
          leftMs -= waitMs;
          yield { type: 'retry', model: provider.name, attempt, waitMs, reason: error.message };
          await sleep(waitMs, signal);
        }
      }
    },
  };
};
