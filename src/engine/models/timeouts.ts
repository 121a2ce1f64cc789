import { onAbort } from '../../base/on-abort.ts';
import { ProviderError, type ModelProvider, type Reply } from '../../core/provider.ts';
import { inSeconds } from './sleep.ts';

/** How long {@link timed} lets an attempt take. */
export interface TimedOptions {
  /** From the call to its last piece, slow readers included. */
  totalMs: number;
  /** What a provider has to end by itself once it is aborted, so that it can still tell what was used; 1 s when left out. */
  graceMs?: number;
}

/** More than this and `setTimeout` fires at once. */
const longestTimerMs = 2 ** 31 - 1;

const ended: Reply = { content: [], stopReason: 'end', usage: undefined };

/**
 * Ends an attempt that takes too long. A provider that does not heed its signal is left to itself.
 * @throws ProviderError `timeout`
 */
export const timed = (provider: ModelProvider, { totalMs, graceMs = 1000 }: TimedOptions): ModelProvider => ({
  name: provider.name,
  capabilities: () => provider.capabilities(),
  async *stream(request, signal) {
    signal.throwIfAborted();
    const controller = new AbortController();
    let forsake: (() => void) | undefined;
    let isForsaken = false;
    const hasForsaken = (): boolean => isForsaken;
    let grace: NodeJS.Timeout | undefined;
    // Counted only from when somebody waits for it: a slow reader is not the provider's fault.
    const beginGrace = (): void => {
      grace ??= setTimeout(() => {
        isForsaken = true;
        forsake?.();
      }, graceMs);
    };
    const end = (reason: unknown): void => {
      if (controller.signal.aborted) return;
      controller.abort(reason);
      if (forsake) beginGrace();
    };
    const forget = onAbort(signal, () => end(signal.reason));
    const limit = setTimeout(
      () => end(new ProviderError('timeout', `${provider.name} took longer than ${inSeconds(totalMs)}`)),
      Math.min(totalMs, longestTimerMs),
    );
    const stream = provider.stream(request, controller.signal);
    const next = (): ReturnType<typeof stream.next> =>
      new Promise((resolve, reject) => {
        if (controller.signal.aborted) beginGrace();
        forsake = () => reject(controller.signal.reason as Error);
        if (isForsaken) forsake();
        else stream.next().then(resolve, reject);
      });
    try {
      for (;;) {
        const step = await next();
        forsake = undefined;
        if (step.done) return step.value;
        yield step.value;
      }
    } catch (error) {
      controller.signal.throwIfAborted();
      throw error;
    } finally {
      clearTimeout(limit);
      clearTimeout(grace);
      forget();
      const closed = stream.return(ended);
      closed.catch(() => undefined);
      if (!hasForsaken()) await closed;
    }
  },
});
