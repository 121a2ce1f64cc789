import {
  isProviderError,
  ProviderError,
  type Delta,
  type ModelProvider,
  type ProviderErrorKind,
  type Reply,
} from '../../core/provider.ts';
import { abortableSleep, inSeconds, type Sleep } from './sleep.ts';

/** How {@link retrying} retries. */
export interface RetryOptions {
  /**
   * `brief`: somebody else can be asked. Then only what the server itself promises to have cleared within 250 ms is tried
   * again; everything else is thrown at once.
   */
  patience?: 'full' | 'brief';
  /** Calls made after the first one failed; 3 when left out. */
  retries?: number;
  /** All waiting of one call together; one minute when left out. */
  maxWaitMs?: number;
  /** Upper end of the first wait, 100 ms when left out; doubles with every retry up to `maxDelayMs`, 10 s. */
  baseDelayMs?: number;
  maxDelayMs?: number;
  /** A number from 0 up to 1, as `Math.random` gives. */
  random?: () => number;
  sleep?: Sleep;
}

/** All a call waits for one model while another could answer. */
export const briefWaitMs = 250;
const promising: ReadonlySet<ProviderErrorKind> = new Set(['rate_limit', 'overloaded', 'server']);

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
    patience = 'full',
    retries = 3,
    maxWaitMs = 60_000,
    baseDelayMs = 100,
    maxDelayMs = 10_000,
    random = Math.random,
    sleep = abortableSleep,
  } = options;
  const isBrief = patience === 'brief';
  const mayPass = (error: ProviderError): boolean =>
    isBrief ? promising.has(error.kind) && error.retryAfterMs !== undefined : error.retryable;
  return {
    name: provider.name,
    capabilities: () => provider.capabilities(),
    async *stream(request, signal): AsyncGenerator<Delta, Reply> {
      let leftMs = isBrief ? Math.min(maxWaitMs, briefWaitMs) : maxWaitMs;
      for (let attempt = 1; ; attempt += 1) {
        try {
          return yield* provider.stream(request, signal);
        } catch (error) {
          signal.throwIfAborted();
          if (!isProviderError(error)) throw error;
          if (!mayPass(error) || attempt > retries || leftMs <= 0) throw given(error, attempt);
          const askedMs = error.retryAfterMs ?? 0;
          if (askedMs > leftMs) {
            const why = `the server asked to wait ${inSeconds(askedMs)}, ${inSeconds(leftMs)} are left`;
            throw given(error, attempt, isBrief ? undefined : why);
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
