import { messageOf } from '../../base/errors.ts';
import { connectionCodes } from '../../base/network-errors.ts';
import { priceOf } from '../../core/capabilities.ts';
import {
  costUsd,
  isProviderError,
  type Delta,
  type ModelProvider,
  type Reply,
  type Request,
  type Usage,
} from '../../core/provider.ts';
import { usdOf } from '../../core/ledger.ts';
import type { Purse } from './purse.ts';
import { tokenBound, type TokenBound } from './token-bound.ts';

const tokensOf = (usage: Usage): number =>
  usage.inputTokens + usage.outputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;

/**
 * What a provider counted, when it can be that. Servers that speak a protocol only nearly send zeros or worse, and one
 * number that is none would make every later comparison with a limit come out as "fits".
 */
const counted = (usage: Usage | undefined): Usage | undefined =>
  usage &&
  [usage.inputTokens, usage.outputTokens, usage.cacheReadTokens, usage.cacheWriteTokens].every(
    (tokens) => Number.isSafeInteger(tokens) && tokens >= 0,
  ) &&
  tokensOf(usage) > 0
    ? usage
    : undefined;

const produced: ReadonlySet<Delta['type']> = new Set(['text.delta', 'thinking.delta', 'call.started']);

/** Passes a stream on, and calls `note` when the model says something. */
async function* noting(stream: AsyncGenerator<Delta, Reply>, note: () => void): AsyncGenerator<Delta, Reply> {
  try {
    for (;;) {
      const step = await stream.next();
      if (step.done) return step.value;
      // A wait for a rate limit that is told is no answer yet.
      if (produced.has(step.value.type)) note();
      yield step.value;
    }
  } finally {
    await stream.return({ content: [], stopReason: 'end', usage: undefined });
  }
}

/**
 * Nobody bills a request that was refused with a status – but one that timed out on its way back, as gateways say, may have
 * been answered.
 */
const isRefusal = (status: number | undefined): boolean =>
  status !== undefined && (status < 500 ? status !== 408 : [500, 503, 529].includes(status));
// These fail before the model has produced anything, so nothing is billed.
const free = new Set(['auth', 'rate_limit', 'overloaded', 'not_found', 'invalid_request', 'context_too_long']);
/** Codes of Node's network errors that mean the request never left. */
const unsent: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  ...Object.values(connectionCodes),
]);

const codesOf = (error: unknown, depth = 0): unknown[] =>
  error instanceof Error && depth < 5
    ? ['code' in error ? error.code : undefined, ...codesOf(error.cause, depth + 1)]
    : [];

/** True for a failure before anything was produced, which nobody bills. */
export const isFree = (error: unknown): boolean =>
  isProviderError(error) &&
  (free.has(error.kind) ||
    isRefusal(error.status) ||
    (error.kind === 'network' && codesOf(error).some((code) => unsent.has(String(code)))));

/** What was really sent: a call may be stopped while it waits for a rate limit. */
export interface SentRequests {
  /** To be put around the provider itself. */
  around(provider: ModelProvider): ModelProvider;
  has(request: Request): boolean;
}

/** Takes down which requests reach a provider. */
export const sentRequests = (): SentRequests => {
  const sent = new WeakSet<Request>();
  return {
    has: (request) => sent.has(request),
    around: (provider) => ({
      name: provider.name,
      capabilities: () => provider.capabilities(),
      stream: (request, signal) => {
        sent.add(request);
        return provider.stream(request, signal);
      },
    }),
  };
};

/** What {@link budgeted} may know beyond its provider. */
export interface BudgetedOptions {
  /** Without it every call counts as sent. */
  sent?: Pick<SentRequests, 'has'>;
  /** Shared by those that ask the same model. */
  bound?: TokenBound;
}

const nothing = { nanos: 0, tokens: 0 };

/**
 * Reserves the most a call can cost before it is sent; when that does not fit, the output cap shrinks, and when even a
 * small answer does not fit the call is not made. An attempt of unknown cost settles at its reservation, and says so; one
 * that was never sent costs nothing.
 * @throws CopilotError exit 5 before sending; exit 3 when a cost limit is set and the model's price is not known.
 */
export const budgeted = (
  provider: ModelProvider,
  shared: Purse,
  { sent, bound = tokenBound() }: BudgetedOptions = {},
): ModelProvider => {
  return {
    ...provider,
    async *stream(request, signal) {
      const price = priceOf(provider.capabilities());
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
      const asked = { ...request, maxOutputTokens };
      const isUnsent = (): boolean => sent?.has(asked) === false;
      const heard = { anything: false };
      let isTold = false;
      try {
        const note = (): void => void (heard.anything = true);
        const reply = yield* noting(provider.stream(asked, signal), note);
        const usage = counted(reply.usage);
        isTold = true;
        if (usage) bound.saw(request, usage);
        else yield assumed('the provider did not say what it used');
        const spent = usage && { nanos: Math.ceil((costUsd(usage, price) ?? 0) * 1e9), tokens: tokensOf(usage) };
        for (const warning of reservation.settle(spent)) yield { type: 'budget', warning };
        return { ...reply, usage, model: provider.name, costUsd: usage ? costUsd(usage, price) : null };
      } catch (error) {
        // What came before the failure was produced, whatever the error says.
        if (!heard.anything && (isUnsent() || isFree(error))) reservation.settle(nothing);
        else if (!isTold) yield assumed(messageOf(error));
        for (const warning of reservation.settle()) yield { type: 'budget', warning };
        throw error;
      } finally {
        // Whoever stopped listening did not hear what it cost.
        reservation.settle(isUnsent() ? nothing : undefined);
      }
    },
  };
};
