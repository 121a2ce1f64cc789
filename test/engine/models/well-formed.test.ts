import { describe, expect, it } from 'vitest';
import type { Block } from '../../../src/core/message.ts';
import type { Delta, Reply, Usage } from '../../../src/core/provider.ts';
import { wellFormed } from '../../../src/engine/models/well-formed.ts';
import { request, running, stub } from './model-stubs.ts';

/** What a provider that believes its server hands on. */
const handed = async (reply: unknown, deltas: readonly unknown[] = []): Promise<Reply> => {
  const provider = stub(async function* () {
    yield* deltas as Delta[];
    return reply as Reply;
  });
  const stream = wellFormed(provider).stream(request, running);
  try {
    for (;;) {
      const step = await stream.next();
      if (step.done) return step.value;
    }
  } finally {
    expect(provider.closed).toBe(1);
  }
};
const replying = (content: readonly unknown[], usage?: unknown): unknown => ({ content, stopReason: 'end', usage });
const call = (more: object): object => ({ type: 'tool_call', callId: 'a', name: 't', input: {}, ...more });

describe('what a server sent', () => {
  it('is handed on as it is when it is sound', async () => {
    const content = [{ type: 'thinking', text: '', signature: 's' }, { type: 'text', text: 'x' }, call({})] as Block[];
    const usage = { inputTokens: 1, outputTokens: 5, cacheReadTokens: 0, cacheWriteTokens: 2, reasoningTokens: 5 };
    expect(await handed(replying(content, usage), [{ type: 'text.delta', text: 'x' }])).toEqual(
      replying(content, usage),
    );
  });

  it.each([
    ['text that is a number', { type: 'text', text: 5 }],
    ['text that is missing', { type: 'text' }],
    ['a signature that is a number', { type: 'thinking', text: '', signature: 7 }],
    ['a call without a name', call({ name: '' })],
    ['a name that is a number', call({ name: 7 })],
    ['a call without an id', call({ callId: undefined })],
    ['an id that is an object', call({ callId: {} })],
  ])('is malformed with %s', async (_what, block) => {
    await expect(handed(replying([block]))).rejects.toMatchObject({ kind: 'malformed', exitCode: 6 });
  });

  it('is malformed with a piece that is no text', async () => {
    await expect(handed(replying([]), [{ type: 'text.delta', text: { a: 1 } }])).rejects.toMatchObject({
      kind: 'malformed',
    });
  });

  it('gives each call an id of its own, and the first one keeps its', async () => {
    const { content } = await handed(replying([call({}), call({ callId: 'a_2' }), call({}), call({})]));
    expect(content.map((block) => block.type === 'tool_call' && block.callId)).toEqual(['a', 'a_2', 'a_3', 'a_4']);
  });

  const usage: Usage = { inputTokens: 1, outputTokens: 5, cacheReadTokens: 0, cacheWriteTokens: 0 };
  it.each([-1, 0.5, NaN, Infinity, '7', null, Number.MAX_SAFE_INTEGER])(
    'counts nothing where it counts %s',
    async (n) => {
      expect((await handed(replying([], { ...usage, inputTokens: n }))).usage).toBeUndefined();
      expect((await handed(replying([], { ...usage, reasoningTokens: n }))).usage).toEqual(usage);
    },
  );
});
