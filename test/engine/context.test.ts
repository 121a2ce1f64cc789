import { afterEach, describe, expect, test } from 'vitest';
import { capabilitiesFrom, manifestOf } from '../../src/core/capabilities.ts';
import { textOf, userMessage, type Message } from '../../src/core/message.ts';
import { ProviderError, type ModelProvider, type Request } from '../../src/core/provider.ts';
import { scriptedProvider } from '../../src/testing.ts';
import { harness, says, testTool, type Harness, type HarnessOptions } from '../support/run-harness.ts';

let open: Harness | undefined;
const start = (options: HarnessOptions): Harness => (open = harness(options));
afterEach(() => open?.close());

/** Every call is followed by its result in the next message. */
const isWhole = (messages: readonly Message[]): boolean =>
  messages.every((message, index) =>
    message.content.every(
      (block) =>
        block.type !== 'tool_call' ||
        (messages[index + 1]?.content ?? []).some(
          (next) => next.type === 'tool_result' && next.callId === block.callId,
        ),
    ),
  );

const noisy = (size: number) =>
  testTool('noisy', (input) => says(`${JSON.stringify(input)} ${'lorem ipsum '.repeat(size / 12)}`));
const isSummary = (request: Request): boolean => request.tools.length === 0;

describe('compaction', () => {
  const longRun = (turns: number, window: number, outputSize: number) => {
    const requests: Request[] = [];
    const h = start({
      script: (request) => {
        if (isSummary(request)) return { text: 'SUMMARY: looked at many things.' };
        requests.push({ ...request, messages: [...request.messages] });
        return requests.length <= turns
          ? { text: `step ${requests.length}`, calls: [{ name: 'noisy', input: { n: requests.length } }] }
          : { text: 'Finished.' };
      },
      tools: [noisy(outputSize)],
      agent: { maxTurns: 500, instructions: 'INSTRUCTIONS AND PROJECT RULES' },
    });
    const provider = h.context.model([], 'work');
    const small: ModelProvider = {
      ...provider,
      capabilities: () => capabilitiesFrom(manifestOf({ contextWindow: window, maxOutputTokens: 1000 })),
    };
    return { h: Object.assign(h, { context: Object.assign(h.context, { model: () => small }) }), requests };
  };

  test('keeps instructions and the task verbatim, splits no call from its result, and stays inside the window', async () => {
    const { h, requests } = longRun(60, 8000, 1500);
    const task = 'Fix the flaky test in src/clock.ts; do not touch the public API.';
    expect(await h.run(task)).toMatchObject({ status: 'answered' });
    expect(h.kinds().filter((kind) => kind === 'context.compacted').length).toBeGreaterThan(1);
    for (const request of requests) {
      expect(request.system).toContain('INSTRUCTIONS AND PROJECT RULES');
      expect(request.messages[0]).toEqual(userMessage(task));
      expect(isWhole(request.messages)).toBe(true);
      expect(JSON.stringify(request.messages).length / 4).toBeLessThan(8000);
    }
  });

  test('trims old tool output before it summarises', async () => {
    const { h } = longRun(12, 12_000, 3000);
    await h.run('look around');
    const first = h.events.find((event) => event.type === 'context.compacted');
    expect(JSON.stringify(first)).toContain('old output left out');
    const purposes = h.events.flatMap((event) => (event.type === 'usage' ? [event.purpose] : []));
    expect(purposes).not.toContain('summary');
  });

  test('what the user typed later stays verbatim too', async () => {
    const { h, requests } = longRun(60, 8000, 1500);
    let turn = 0;
    Object.assign(h.context, { inbox: () => (++turn === 5 ? [userMessage('And never edit generated files.')] : []) });
    await h.run('go');
    expect(
      requests.at(-1)?.messages.some((message) => textOf(message.content) === 'And never edit generated files.'),
    ).toBe(true);
    expect(requests.at(-1)?.messages.some((message) => textOf(message.content).includes('SUMMARY'))).toBe(true);
  });

  test('is done at once when the provider says the context is too long', async () => {
    let refused = 0;
    let turn = 0;
    const inner = scriptedProvider(() =>
      turn++ < 6 ? { calls: [{ name: 'noisy', input: { turn } }] } : { text: 'Done.' },
    );
    const provider: ModelProvider = {
      ...inner,
      async *stream(request, signal) {
        if (JSON.stringify(request.messages).length > 9000) {
          refused++;
          throw new ProviderError('context_too_long', 'prompt is too long');
        }
        const reply = yield* inner.stream(request, signal);
        return reply;
      },
    };
    const h = start({ provider, tools: [noisy(2400)] });
    const result = await h.run('go');
    expect(result.status).toBe('answered');
    expect(refused).toBeGreaterThan(0);
    expect(h.kinds()).toContain('context.compacted');
  });

  test('a task that cannot fit ends with a clear error', async () => {
    const h = start({
      provider: scriptedProvider([{ text: 'x' }], { capabilities: { contextWindow: 4000, maxOutputTokens: 1000 } }),
    });
    const result = await h.run('word '.repeat(20_000));
    expect(result.error).toMatchObject({ code: 'E_CONTEXT' });
  });
});
