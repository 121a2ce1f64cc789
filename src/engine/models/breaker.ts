import { isProviderError, ProviderError, type ModelProvider, type ProviderErrorKind } from '../../core/provider.ts';
import { inSeconds } from './sleep.ts';

/** When a {@link breaker} opens, and for how long. */
export interface BreakerOptions {
  /** Failed calls one after another that open it; 5 when left out. */
  failures?: number;
  /** How long nobody is let through; 30 s when left out. Each probe that fails doubles it, up to five minutes. */
  restMs?: number;
  /** Milliseconds from any start. */
  now?: () => number;
}

/** Keeps calls away from a model that fails. All decorators it makes share what it knows. */
export interface Breaker {
  /** @throws ProviderError `unavailable` at once while it is open. */
  around(provider: ModelProvider): ModelProvider;
  /** True while a call would be refused. */
  isOpen(): boolean;
  /** True when the last call failed and that is not long ago: others are better asked first. */
  isResting(): boolean;
}

const longestRestMs = 300_000;

/** These say nothing of how a provider is: the fault is with the request, or with us. */
const innocent: ReadonlySet<ProviderErrorKind> = new Set(['context_too_long', 'invalid_request', 'incompatible']);

/**
 * Opens after some failed calls in a row, then lets one probe through: if that succeeds everybody may call again, if it
 * fails the rest is twice as long. What ends otherwise (stopped, no money left, a request that cannot be answered) counts
 * for neither.
 */
export const breaker = (options: BreakerOptions = {}): Breaker => {
  const { failures = 5, restMs = 30_000, now = () => performance.now() } = options;
  let inARow = 0;
  let restsUntil = -Infinity;
  let nextRestMs = restMs;
  let isProbing = false;
  let last: ProviderError | undefined;
  /** Calls that began before the breaker opened or closed have nothing to say afterwards. */
  let era = 0;

  const hasTripped = (): boolean => inARow >= failures;
  const rests = (): boolean => isProbing || now() < restsUntil;

  const refused = (name: string): ProviderError => {
    const leftMs = restsUntil - now();
    const when = leftMs > 0 ? `it is asked again in ${inSeconds(leftMs)}` : 'one call is trying it again';
    const why = last ? ` The last failure: ${last.message}` : '';
    return new ProviderError('unavailable', `${name} failed ${inARow} times in a row; ${when}.${why}`, {
      ...(last?.hint !== undefined && { hint: last.hint }),
      ...(leftMs > 0 && { retryAfterMs: Math.ceil(leftMs) }),
      cause: last,
    });
  };
  const succeed = (): void => {
    if (hasTripped()) era++;
    inARow = 0;
    nextRestMs = restMs;
    restsUntil = -Infinity;
    last = undefined;
  };
  const fail = (error: ProviderError): void => {
    inARow++;
    last = error;
    restsUntil = now() + nextRestMs;
    if (!hasTripped()) return;
    era++;
    nextRestMs = Math.min(longestRestMs, nextRestMs * 2);
  };

  return {
    isOpen: () => hasTripped() && rests(),
    isResting: () => inARow > 0 && rests(),
    around: (provider) => ({
      name: provider.name,
      capabilities: () => provider.capabilities(),
      async *stream(request, signal) {
        const isProbe = hasTripped();
        if (isProbe && rests()) throw refused(provider.name);
        if (isProbe) isProbing = true;
        const begun = era;
        try {
          const reply = yield* provider.stream(request, signal);
          if (begun === era) succeed();
          return reply;
        } catch (error) {
          if (begun === era && !signal.aborted && isProviderError(error) && !innocent.has(error.kind)) fail(error);
          throw error;
        } finally {
          if (isProbe) isProbing = false;
        }
      },
    }),
  };
};
