import { isProviderError, type ModelProvider } from '../core/provider.ts';

/**
 * Goes over to the next provider when one fails in a way that waiting did not mend, and stays there.
 * Credentials, bad requests and full windows are not mended by another provider and are thrown as they are.
 */
export const fallingBack = (providers: readonly ModelProvider[]): ModelProvider => {
  const [first] = providers;
  if (!first) throw new Error('fallingBack needs a provider');
  if (providers.length === 1) return first;
  let index = 0;
  const active = (): ModelProvider => providers[index] ?? first;
  return {
    get name() {
      return active().name;
    },
    capabilities: () => active().capabilities(),
    async *stream(request, signal) {
      for (;;) {
        try {
          const reply = yield* active().stream(request, signal);
          return reply;
        } catch (error) {
          if (!isProviderError(error) || !error.retryable || index >= providers.length - 1) throw error;
          const { name } = active();
          index++;
          yield {
            type: 'retry',
            model: name,
            attempt: index,
            waitMs: 0,
            reason: `${error.message} Going on with ${active().name}.`,
          };
        }
      }
    },
  };
};
