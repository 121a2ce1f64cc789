import { CopilotError, exitCodes } from '../base/errors.ts';
import type { BudgetWarning } from './budget.ts';
import type { Capabilities, ModelPrice, ParameterName } from './capabilities.ts';
import type { Loss } from './loss.ts';
import type { Block, Message } from './message.ts';

/** How a tool is shown to a model. */
export interface ToolSpec {
  name: string;
  description: string;
  /** JSON Schema (draft 2020-12) of an object. */
  inputSchema: object;
}

/** One call of a model. Providers must not change it. */
export interface Request {
  system: string;
  tools: readonly ToolSpec[];
  messages: readonly Message[];
  maxOutputTokens: number;
  parameters?: Readonly<Partial<Record<ParameterName, number>>>;
  /** Texts that end the answer; they are not part of it. */
  stop?: readonly string[];
  seed?: number;
  /** The form of the answer; free text when left out. */
  output?: { type: 'json' } | { type: 'json_schema'; name: string; schema: object };
  /** False: at most one tool call per reply. */
  parallelTools?: boolean;
}

/** Tokens a call used. `inputTokens` leaves out what was read from or written to the cache. */
export interface Usage {
  inputTokens: number;
  outputTokens: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
  /** Part of `outputTokens`, where the provider tells. */
  reasoningTokens?: number;
}

/** Why a model stopped. */
export type StopReason = 'end' | 'tool_calls' | 'max_tokens' | 'refusal';

/** A whole answer. */
export interface Reply {
  content: Block[];
  stopReason: StopReason;
  /** Undefined when the provider reported none. */
  usage: Usage | undefined;
  /** Set by decorators: `provider/model` that answered, and what that cost (null when the price is not known). */
  model?: string;
  costUsd?: number | null;
}

/** How much of a limit is left, as a provider's answer says. */
export interface LimitState {
  remaining: number;
  /** Milliseconds until it is whole again. */
  resetMs: number;
  limit?: number;
}

/**
 * A piece of an answer while it streams, or what decorators have to tell. `retry` voids every piece since the call began;
 * `call.started` says that a call of a tool comes, whose arguments are not streamed;
 * `assumed` is what an attempt of unknown usage counts as; `selected` says who is asked from here on and why, `losses` what
 * the request loses there; `limits` is what the provider's answer says of its rate limits.
 */
export type Delta =
  | { type: 'text.delta'; text: string }
  | { type: 'thinking.delta'; text: string }
  | { type: 'call.started'; name: string }
  | { type: 'assumed'; tokens: number; costUsd: number | null; why: string }
  | { type: 'budget'; warning: BudgetWarning }
  | { type: 'selected'; model: string; why: string }
  | { type: 'losses'; model: string; losses: readonly Loss[] }
  | { type: 'limits'; requests?: LimitState; tokens?: LimitState }
  | { type: 'retry'; model: string; attempt: number; waitMs: number; reason: string };

/** Turns a request into deltas and a reply. Decorators (retry, budget, …) have the same shape. */
export interface ModelProvider {
  /** `plugin/model`, such as `anthropic/claude-sonnet-4-5`. */
  readonly name: string;
  capabilities(): Capabilities;
  /** All that may answer in its stead, itself among them; left out where there is only itself. */
  alternatives?(): readonly Capabilities[];
  /** @throws ProviderError – the only error a provider may throw besides AbortError. */
  stream(request: Request, signal: AbortSignal): AsyncGenerator<Delta, Reply>;
}

/** What went wrong at a provider. */
export type ProviderErrorKind =
  | 'auth'
  | 'rate_limit'
  | 'overloaded'
  | 'server'
  | 'network'
  | 'timeout'
  | 'truncated'
  | 'malformed'
  | 'context_too_long'
  | 'not_found'
  | 'invalid_request'
  /** Too many calls are under way in this process. */
  | 'busy'
  /** It failed so often that it is not asked for a while. */
  | 'unavailable'
  /** The request would lose more than the mode of lossiness allows. */
  | 'incompatible';

const retryableKinds: ReadonlySet<ProviderErrorKind> = new Set([
  'rate_limit',
  'overloaded',
  'server',
  'network',
  'timeout',
  'truncated',
  'malformed',
  'busy',
  'unavailable',
]);

/** What a status of HTTP stands for where the body says no more. */
export const kindOfStatus = (status: number): ProviderErrorKind => {
  if (status === 401 || status === 403) return 'auth';
  if (status === 404) return 'not_found';
  if (status === 408) return 'timeout';
  if (status === 413) return 'context_too_long';
  if (status === 429) return 'rate_limit';
  if (status === 529) return 'overloaded';
  return status >= 500 ? 'server' : 'invalid_request';
};

const providerBrand = Symbol.for('llm-copilot.ProviderError');

/** A provider failed: exit 6, or 3 for missing or refused credentials. */
export class ProviderError extends CopilotError {
  readonly kind: ProviderErrorKind;
  /** True when the same request may succeed later. */
  readonly retryable: boolean;
  /** What the server asked us to wait; undefined when it did not say. */
  readonly retryAfterMs: number | undefined;
  /** With `context_too_long`: tokens the model's window holds, where that is known. */
  readonly windowTokens: number | undefined;
  /** The status of HTTP the request was refused with; undefined when the answer had begun, or there was none. */
  readonly status: number | undefined;

  constructor(
    kind: ProviderErrorKind,
    message: string,
    details: { hint?: string; retryAfterMs?: number; windowTokens?: number; status?: number; cause?: unknown } = {},
  ) {
    super(message, {
      code: `E_PROVIDER_${kind.toUpperCase()}`,
      exitCode: kind === 'auth' ? exitCodes.config : exitCodes.provider,
      hint: details.hint,
      cause: details.cause,
    });
    this.name = 'ProviderError';
    this.kind = kind;
    this.retryable = retryableKinds.has(kind);
    this.retryAfterMs = details.retryAfterMs;
    this.windowTokens = details.windowTokens;
    this.status = details.status;
    Object.defineProperty(this, providerBrand, { value: true });
  }
}

/** True for a {@link ProviderError} of any copy of this package. */
export const isProviderError = (error: unknown): error is ProviderError =>
  typeof error === 'object' && error !== null && providerBrand in error;

/** Cost of a call in USD; null when the price is not known. */
export const costUsd = (usage: Usage, price: ModelPrice | null): number | null =>
  price &&
  (usage.inputTokens * price.inputPerMTok +
    usage.outputTokens * price.outputPerMTok +
    usage.cacheReadTokens * price.cacheReadPerMTok +
    usage.cacheWriteTokens * price.cacheWritePerMTok) /
    1e6;
