import { isProviderError, ProviderError, type ModelProvider } from '../../core/provider.ts';
import { estimateRequest } from '../context.ts';

/** Estimates are on the safe side: a request that is too long even by this share of one surely is. */
const surely = 0.5;

const tooLong = (provider: ModelProvider, windowTokens: number, cause?: unknown): ProviderError =>
  new ProviderError('context_too_long', `The conversation is longer than ${provider.name} takes.`, {
    windowTokens,
    cause,
  });

/**
 * Does not send what surely does not fit a model's window, and says how large that is when a provider refuses: who goes
 * over to a smaller model has to make room for it.
 * @throws ProviderError `context_too_long` with `windowTokens`
 */
export const roomy = (provider: ModelProvider): ModelProvider => ({
  name: provider.name,
  capabilities: () => provider.capabilities(),
  async *stream(request, signal) {
    const { max_context_window: whole, max_input_tokens: most = whole } = provider.capabilities().constraints.tokens;
    if (estimateRequest(request) * surely > most) throw tooLong(provider, most);
    try {
      return yield* provider.stream(request, signal);
    } catch (error) {
      if (isProviderError(error) && error.kind === 'context_too_long' && error.windowTokens === undefined)
        throw new ProviderError('context_too_long', error.message, { windowTokens: most, cause: error });
      throw error;
    }
  },
});
