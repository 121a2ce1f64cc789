import { configError, limitError } from '../base/errors.ts';
import { costUsd, isProviderError, type ModelProvider, type Request, type Usage } from '../core/provider.ts';
import { estimateTokens } from './context.ts';

/** Hard limits shared by a run and everything it starts. Undefined means no limit. */
export interface Limits {
  maxCostUsd?: number;
  maxTokens?: number;
}

/** Money and tokens spent and promised. spent + reserved never exceeds a limit. */
export interface Purse {
  readonly limits: Limits;
  spentUsd: number;
  spentTokens: number;
  reservedUsd: number;
  reservedTokens: number;
}

/** An empty purse. */
export const purse = (limits: Limits): Purse => ({
  limits,
  spentUsd: 0,
  spentTokens: 0,
  reservedUsd: 0,
  reservedTokens: 0,
});

/** Fewer output tokens than this are not worth a call. */
const leastOutputTokens = 256;

const requestTokens = (request: Request): number =>
  estimateTokens(request.system) +
  estimateTokens(JSON.stringify(request.tools)) +
  estimateTokens(JSON.stringify(request.messages));

const tokensOf = (usage: Usage): number =>
  usage.inputTokens + usage.outputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;

// These fail before the model has produced anything, so nothing is billed.
const free = new Set(['auth', 'rate_limit', 'overloaded', 'not_found', 'invalid_request', 'context_too_long']);

/**
 * Reserves the most a call can cost before it is sent; when that does not fit, the output cap shrinks, and when even a
 * small answer does not fit the call is not made. A failed attempt of unknown cost settles at its reservation.
 * @throws CopilotError exit 5 before sending; exit 3 when a cost limit is set and the model's price is not known.
 */
export const budgeted = (provider: ModelProvider, shared: Purse): ModelProvider => ({
  ...provider,
  async *stream(request, signal) {
    const { maxCostUsd, maxTokens } = shared.limits;
    if (maxCostUsd === undefined && maxTokens === undefined) {
      const reply = yield* provider.stream(request, signal);
      return reply;
    }
    const { price } = provider.capabilities();
    if (maxCostUsd !== undefined && price === null)
      throw configError(
        `The price of ${provider.name} is not known, so a cost limit cannot be kept.`,
        `Give its price in the config under models."${provider.name}".price, or use --max-tokens.`,
      );
    const input = requestTokens(request);
    // Input at the dearest rate it can be billed at.
    const inputUsd = price ? (input * Math.max(price.inputPerMTok, price.cacheWritePerMTok)) / 1e6 : 0;
    const outputPrice = (price?.outputPerMTok ?? 0) / 1e6;
    const leftUsd = (maxCostUsd ?? Infinity) - shared.spentUsd - shared.reservedUsd - inputUsd;
    const leftTokens = (maxTokens ?? Infinity) - shared.spentTokens - shared.reservedTokens - input;
    const affordable = Math.floor(
      Math.min(leftTokens, outputPrice > 0 ? leftUsd / outputPrice : leftUsd >= 0 ? Infinity : 0),
    );
    const maxOutputTokens = Math.min(request.maxOutputTokens, affordable);
    if (maxOutputTokens < Math.min(leastOutputTokens, request.maxOutputTokens)) {
      const spent = `${shared.spentTokens} tokens, $${shared.spentUsd.toFixed(4)} spent`;
      throw limitError(`The next call does not fit the budget (${spent}).`, 'Raise --max-cost-usd or --max-tokens.');
    }
    const reservedUsd = inputUsd + maxOutputTokens * outputPrice;
    const reservedTokens = input + maxOutputTokens;
    shared.reservedUsd += reservedUsd;
    shared.reservedTokens += reservedTokens;
    let settled = { usd: reservedUsd, tokens: reservedTokens };
    try {
      const reply = yield* provider.stream({ ...request, maxOutputTokens }, signal);
      if (reply.usage) settled = { usd: costUsd(reply.usage, price) ?? 0, tokens: tokensOf(reply.usage) };
      return reply;
    } catch (error) {
      if (isProviderError(error) && free.has(error.kind)) settled = { usd: 0, tokens: 0 };
      throw error;
    } finally {
      shared.reservedUsd -= reservedUsd;
      shared.reservedTokens -= reservedTokens;
      shared.spentUsd += settled.usd;
      shared.spentTokens += settled.tokens;
    }
  },
});
