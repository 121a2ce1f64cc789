import { ProviderError, type ModelProvider } from '../../core/provider.ts';
import { slots } from './slots.ts';

/** How many calls {@link bulkhead} lets through at a time. */
export interface BulkheadOptions {
  maxCalls: number;
  whenFull: 'wait' | 'fail';
}

/** Bounds the calls under way, over all providers it is put around. */
export interface Bulkhead {
  /** @throws ProviderError `busy` when it is full and nobody waits; signal.reason when aborted in line. */
  around(provider: ModelProvider): ModelProvider;
}

/** Lets so many calls through at a time; a call counts until its stream ends, throws or is closed. */
export const bulkhead = ({ maxCalls, whenFull }: BulkheadOptions): Bulkhead => {
  const places = slots(maxCalls);
  const full = (): ProviderError =>
    new ProviderError('busy', `${maxCalls} model calls are under way, which is all that concurrency.maxCalls allows.`, {
      hint: 'Raise concurrency.maxCalls, or set concurrency.whenFull to wait.',
    });
  return {
    around: (provider) => ({
      name: provider.name,
      capabilities: () => provider.capabilities(),
      async *stream(request, signal) {
        let leave = places.tryTake();
        if (!leave && whenFull === 'fail') throw full();
        leave ??= await places.take(signal);
        try {
          return yield* provider.stream(request, signal);
        } finally {
          leave();
        }
      },
    }),
  };
};
