import type { Event, Purpose, Transient } from '../core/event.ts';
import { costUsd, type ModelProvider, type Reply, type Request } from '../core/provider.ts';

const unknownUsage = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };

/** Calls a model, passes its deltas on and records what it used. Unknown usage is recorded with a cost of null. */
export async function* callModel(
  provider: ModelProvider,
  request: Request,
  run: string,
  purpose: Purpose,
  signal: AbortSignal,
): AsyncGenerator<Event | Transient, Reply> {
  const startedAt = performance.now();
  const stream = provider.stream(request, signal);
  let reply: Reply;
  try {
    for (;;) {
      const step = await stream.next();
      if (step.done) {
        reply = step.value;
        break;
      }
      if (step.value.type === 'retry') {
        const { attempt, waitMs, reason } = step.value;
        yield { type: 'model.retried', run, model: provider.name, attempt, waitMs, reason };
      } else if (step.value.type === 'assumed') {
        const { tokens, costUsd: assumedUsd, why } = step.value;
        yield { type: 'usage.assumed', run, model: provider.name, tokens, costUsd: assumedUsd, why };
      } else if (step.value.type === 'budget') {
        yield { type: 'budget.warned', run, ...step.value.warning };
      } else if (purpose === 'work') yield { run, ...step.value };
    }
  } finally {
    await stream.return({ content: [], stopReason: 'end', usage: undefined });
  }
  const { usage } = reply;
  const price = provider.capabilities().price;
  yield {
    type: 'usage',
    run,
    model: provider.name,
    purpose,
    usage: usage ?? unknownUsage,
    costUsd: usage ? costUsd(usage, price) : null,
    durationMs: Math.round(performance.now() - startedAt),
  };
  return reply;
}
