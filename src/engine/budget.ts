import { costUsd, isProviderError, type ModelProvider, type Usage } from '../core/provider.ts';
import { usdOf } from '../core/ledger.ts';
import type { Purse } from './purse.ts';
import { tokenBound } from './token-bound.ts';

const tokensOf = (usage: Usage): number =>
  usage.inputTokens + usage.outputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;

// These fail before the model has produced anything, so nothing is billed.
const free = new Set(['auth', 'rate_limit', 'overloaded', 'not_found', 'invalid_request', 'context_too_long']);
/** Codes of Node's network errors that mean the request never left. */
const unsent = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

const codesOf = (error: unknown, depth = 0): unknown[] =>
  error instanceof Error && depth < 5
    ? ['code' in error ? error.code : undefined, ...codesOf(error.cause, depth + 1)]
    : [];

const isFree = (error: unknown): boolean =>
  isProviderError(error) &&
  (free.has(error.kind) || (error.kind === 'network' && codesOf(error).some((code) => unsent.has(String(code)))));

/**
 * Reserves the most a call can cost before it is sent; when that does not fit, the output cap shrinks, and when even a
 * small answer does not fit the call is not made. An attempt of unknown cost settles at its reservation, and says so.
 * @throws CopilotError exit 5 before sending; exit 3 when a cost limit is set and the model's price is not known.
 */
export const budgeted = (provider: ModelProvider, shared: Purse): ModelProvider => {
  const bound = tokenBound();
  return {
    ...provider,
    async *stream(request, signal) {
      const { price } = provider.capabilities();
      const tokens = bound.of(request);
      // Input at the dearest rate it can be billed at. USD per million tokens are thousands of nanos per token.
      const inputRate = price && Math.max(price.inputPerMTok, price.cacheReadPerMTok, price.cacheWritePerMTok) * 1000;
      const reservation = shared.reserve({
        input: { nanos: inputRate === null ? undefined : Math.ceil(tokens * inputRate), tokens },
        nanosPerOutputToken: (price?.outputPerMTok ?? 0) * 1000,
        wantedOutputTokens: request.maxOutputTokens,
        model: provider.name,
      });
      const { maxOutputTokens, amount } = reservation;
      const assumed = (why: string) => ({
        type: 'assumed' as const,
        tokens: amount.tokens,
        costUsd: price && usdOf(amount.nanos),
        why,
      });
      try {
        const reply = yield* provider.stream({ ...request, maxOutputTokens }, signal);
        const { usage } = reply;
        if (usage) bound.saw(request, usage);
        else yield assumed('the provider did not say what it used');
        const spent = usage && { nanos: Math.ceil((costUsd(usage, price) ?? 0) * 1e9), tokens: tokensOf(usage) };
        for (const warning of reservation.settle(spent)) yield { type: 'budget', warning };
        return reply;
      } catch (error) {
        if (isFree(error)) reservation.settle({ nanos: 0, tokens: 0 });
        else if (isProviderError(error)) yield assumed(error.message);
        for (const warning of reservation.settle()) yield { type: 'budget', warning };
        throw error;
      } finally {
        // Whoever stopped listening did not hear what it cost.
        reservation.settle();
      }
    },
  };
};
