import { capabilitiesFrom } from '../../../src/core/capabilities.ts';
import { userMessage } from '../../../src/core/message.ts';
import type { Delta, ModelProvider, Reply, Request } from '../../../src/core/provider.ts';

/** The smallest request. */
export const request: Request = { system: '', tools: [], messages: [userMessage('hi')], maxOutputTokens: 10 };

/** Never aborted. */
export const { signal: running } = new AbortController();

/** An answer with some text. */
export const saying = (text: string, usage?: Reply['usage']): Reply => ({
  content: [{ type: 'text', text }],
  stopReason: 'end',
  usage,
});

/** A provider that does what it is told; `closed` counts streams that came to their end in any way. */
export const stub = (
  stream: (call: number, request: Request, signal: AbortSignal) => AsyncGenerator<Delta, Reply>,
  name = 'stub/model',
): ModelProvider & { calls: number; closed: number } => ({
  name,
  calls: 0,
  closed: 0,
  capabilities: () => capabilitiesFrom(),
  async *stream(sent, signal) {
    try {
      return yield* stream(this.calls++, sent, signal);
    } finally {
      this.closed++;
    }
  },
});

/** Fails with each error in turn, after a piece of text, then answers `done`. */
export const flaky = (errors: readonly Error[], name = 'flaky/model'): ReturnType<typeof stub> =>
  stub(async function* (call) {
    yield { type: 'text.delta', text: 'do' };
    const error = errors[call];
    if (error) throw error;
    return saying('done');
  }, name);

/** Reads an answer to its end. */
export const collect = async (
  provider: ModelProvider,
  { signal = running, sent = request }: { signal?: AbortSignal; sent?: Request } = {},
): Promise<{ deltas: Delta[]; reply: Reply }> => {
  const deltas: Delta[] = [];
  const stream = provider.stream(sent, signal);
  for (;;) {
    const step = await stream.next();
    if (step.done) return { deltas, reply: step.value };
    deltas.push(step.value);
  }
};

/** Reads the first piece of text and stops listening. */
export const leaveEarly = async (provider: ModelProvider): Promise<void> => {
  const stream = provider.stream(request, running);
  for (let step = await stream.next(); !step.done && step.value.type !== 'text.delta';) step = await stream.next();
  await stream.return(saying(''));
};

/** What a call fails with. */
export const failureOf = (provider: ModelProvider, options?: Parameters<typeof collect>[1]): Promise<unknown> =>
  collect(provider, options).then(
    () => 'no failure',
    (error: unknown) => error,
  );
