import { priceOf } from '../../core/capabilities.ts';
import type { Event, Purpose, Transient } from '../../core/event.ts';
import type { Loss } from '../../core/loss.ts';
import { costUsd, type ModelProvider, type Reply, type Request } from '../../core/provider.ts';

const unknownUsage = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };

/** What a run has been told of its models, so that nothing is told twice. */
export interface Told {
  /** Who was asked last, by purpose. */
  models: Map<Purpose, string>;
  losses: Set<string>;
}

/** Nothing told yet. */
export const nothingTold = (): Told => ({ models: new Map(), losses: new Set() });

const isNews = (told: Told, model: string, { code, path, message }: Loss): boolean => {
  const key = `${model} ${code} ${path} ${message}`;
  if (told.losses.has(key)) return false;
  told.losses.add(key);
  return true;
};

/**
 * Calls a model, passes its deltas on and records who answered, what that one could not take, and what it used. Unknown
 * usage is recorded with a cost of null.
 */
export async function* callModel(
  provider: ModelProvider,
  request: Request,
  { run, purpose, told }: { run: string; purpose: Purpose; told: Told },
  signal: AbortSignal,
): AsyncGenerator<Event | Transient, Reply> {
  const startedAt = performance.now();
  const stream = provider.stream(request, signal);
  const select = function* (model: string, why?: string): Generator<Event> {
    if (told.models.get(purpose) === model) return;
    // The usual one needs no reason.
    const isUsual = !told.models.has(purpose) && model === provider.name;
    told.models.set(purpose, model);
    yield { type: 'model.selected', run, model, purpose, ...(isUsual || why === undefined ? {} : { why }) };
  };
  let reply: Reply;
  try {
    for (;;) {
      const step = await stream.next();
      if (step.done) {
        reply = step.value;
        break;
      }
      const delta = step.value;
      const model = told.models.get(purpose) ?? provider.name;
      switch (delta.type) {
        case 'text.delta':
        case 'thinking.delta':
          if (purpose === 'work') yield { run, ...delta };
          break;
        case 'selected':
          yield* select(delta.model, delta.why);
          break;
        case 'losses': {
          const losses = delta.losses.filter((loss) => isNews(told, delta.model, loss));
          if (losses.length > 0) yield { type: 'model.adapted', run, model: delta.model, losses };
          break;
        }
        case 'retry':
          yield { ...delta, type: 'model.retried', run };
          break;
        case 'assumed':
          yield { ...delta, type: 'usage.assumed', run, model };
          break;
        case 'budget':
          yield { type: 'budget.warned', run, ...delta.warning };
          break;
        case 'call.started':
          // It is recorded when it is made.
          break;
        case 'limits':
          // For whoever keeps the rate; nobody did.
          break;
      }
    }
  } finally {
    await stream.return({ content: [], stopReason: 'end', usage: undefined });
  }
  const { usage, model = provider.name } = reply;
  yield* select(model);
  const cost = reply.costUsd ?? (reply.model === undefined ? priceAlone(provider, reply) : null);
  yield {
    type: 'usage',
    run,
    model,
    purpose,
    usage: usage ?? unknownUsage,
    costUsd: usage ? cost : null,
    durationMs: Math.round(performance.now() - startedAt),
  };
  return reply;
}

/** The cost at a provider without a budget around it, which would have told. */
const priceAlone = (provider: ModelProvider, { usage }: Reply): number | null =>
  usage ? costUsd(usage, priceOf(provider.capabilities())) : null;
