import type { RateLimits } from '../../core/capabilities.ts';
import {
  isProviderError,
  ProviderError,
  type Delta,
  type ModelProvider,
  type Reply,
  type Request,
  type Usage,
} from '../../core/provider.ts';
import { rateGate, type Lane, type Passage, type Wait } from './rate-gate.ts';
import { abortableSleep, inSeconds, type Sleep } from './sleep.ts';
import { slots } from './slots.ts';

/** The clock of a {@link rateLimiter}, and how long it may hold a call. */
export interface RateLimiterOptions {
  /** Milliseconds from any start. */
  now?: () => number;
  sleep?: Sleep;
  /** What would have to wait longer fails instead; five minutes when left out. */
  maxWaitMs?: number;
}

/** Keeps all calls of one provider within its limits. */
export interface RateLimiter {
  /**
   * @param maxWaitMs what this caller waits for at most, where somebody else could be asked
   * @param tokensOf what a request is taken to use until the reply says; without it only requests are counted
   * @throws ProviderError `rate_limit` when there will be no room for longer than a call may wait
   */
  around(provider: ModelProvider, tokensOf?: (request: Request) => number, maxWaitMs?: number): ModelProvider;
}

/** Shorter waits are not worth telling. */
const tellFromMs = 1000;

/** Tokens that count: Anthropic and Groq leave out what comes from the cache, others say in headers what is left. */
const counted = (usage: Usage | undefined): number | undefined => {
  const tokens = usage && usage.inputTokens + usage.cacheWriteTokens + usage.outputTokens;
  return tokens !== undefined && Number.isSafeInteger(tokens) && tokens > 0 ? tokens : undefined;
};

/** Passes a stream on and tells the lane what there is to learn from it. */
async function* learning(
  stream: AsyncGenerator<Delta, Reply>,
  { passage, lane, tokens }: { passage: Passage; lane: Lane; tokens: number },
): AsyncGenerator<Delta, Reply> {
  let used = tokens;
  let isBegun = false;
  try {
    for (;;) {
      const step = await stream.next();
      if (!isBegun) passage.answered();
      isBegun = true;
      if (step.done) {
        used = counted(step.value.usage) ?? tokens;
        return step.value;
      }
      if (step.value.type === 'limits') lane.hear(step.value);
      else yield step.value;
    }
  } catch (error) {
    // What was refused before it began took no tokens.
    if (!isBegun && isProviderError(error)) used = 0;
    throw error;
  } finally {
    passage.answered();
    passage.used(used);
    await stream.return({ content: [], stopReason: 'end', usage: undefined });
  }
}

/**
 * Lets calls through when the limits, and what the provider's answers say of them, have room, in the order they came.
 * `limits` deltas end here. A wait of a second or more is told by a `retry` delta of attempt 0.
 */
export const rateLimiter = (limits: RateLimits, options: RateLimiterOptions = {}): RateLimiter => {
  const { now = () => performance.now(), sleep = abortableSleep, maxWaitMs = 300_000 } = options;
  const gate = rateGate(limits, { now, sleep, maxToldWaitMs: maxWaitMs });
  async function* waitingFor(
    wait: Wait,
    { model, atMostMs }: { model: string; atMostMs: number },
    signal: AbortSignal,
  ): AsyncGenerator<Delta, Passage> {
    const { waitMs, why } = wait;
    const reason = `the rate limit of ${model.split('/', 1)[0] ?? ''}: ${why}`;
    try {
      if (waitMs > atMostMs)
        throw new ProviderError('rate_limit', `Over ${reason}; the next call fits in ${inSeconds(waitMs)}.`, {
          hint: 'Wait, choose another model with --model, or change rateLimits in the configuration.',
          retryAfterMs: Math.ceil(waitMs),
        });
      if (waitMs >= tellFromMs) yield { type: 'retry', model, attempt: 0, waitMs: Math.ceil(waitMs), reason };
      return await wait.pass(signal);
    } finally {
      wait.end();
    }
  }
  const places = limits.max_concurrent_requests === undefined ? undefined : slots(limits.max_concurrent_requests);
  return {
    around: (provider, tokensOf = () => 0, atMostMs = maxWaitMs) => {
      const lane = gate.lane(provider.name);
      return {
        name: provider.name,
        capabilities: () => provider.capabilities(),
        async *stream(request, signal): AsyncGenerator<Delta, Reply> {
          const tokens = tokensOf(request);
          const leave = places && (places.tryTake() ?? (await places.take(signal)));
          try {
            const entry = lane.enter(tokens);
            const waiter = { model: provider.name, atMostMs };
            const passage = 'waitMs' in entry ? yield* waitingFor(entry, waiter, signal) : entry;
            return yield* learning(provider.stream(request, signal), { passage, lane, tokens });
          } finally {
            leave?.();
          }
        },
      };
    },
  };
};
