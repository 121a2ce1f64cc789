import { afterEach, describe, expect, test } from 'vitest';
import { interruptedError, isCopilotError, limitError } from '../../src/base/errors.ts';
import { drain } from '../../src/base/streams.ts';
import { messagesOf } from '../../src/core/fold.ts';
import { textOf, userMessage, type Message } from '../../src/core/message.ts';
import { ProviderError, type ModelProvider } from '../../src/core/provider.ts';
import { ToolError } from '../../src/core/tool.ts';
import type { Recorded } from '../../src/core/event.ts';
import { parseSubject } from '../../src/engine/rule.ts';
import { rulePolicy } from '../../src/engine/rules.ts';
import { run } from '../../src/engine/run.ts';
import { scriptedProvider } from '../../src/testing.ts';
import { harness, says, testTool, type Harness, type HarnessOptions } from '../support/run-harness.ts';

let open: Harness | undefined;
const start = (options: HarnessOptions): Harness => (open = harness(options));
afterEach(() => open?.close());

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('a run', () => {
  test('answers, and its events tell the whole story', async () => {
    const h = start({ script: [{ text: 'Hello there.' }] });
    const result = await h.run('hi');
    expect(result).toMatchObject({ status: 'answered', text: 'Hello there.', turns: 1 });
    expect(h.kinds().filter((kind) => kind !== 'text.delta')).toEqual([
      'run.started',
      'message.added',
      'model.selected',
      'usage',
      'message.added',
      'run.finished',
    ]);
  });

  test('decides before a tool starts and shows the model its result', async () => {
    const order: string[] = [];
    const h = start({
      script: [{ calls: [{ name: 'look', input: { at: 'x' } }] }, { text: 'Seen.' }],
      tools: [testTool('look', () => (order.push('ran'), says('a thing')))],
    });
    const generator = run({ agent: 'coder', messages: [userMessage('look')] }, h.context);
    await drain(generator, (event) => {
      if (event.type === 'tool.decided' || event.type === 'tool.finished') order.push(event.type);
    });
    expect(order).toEqual(['tool.decided', 'ran', 'tool.finished']);
  });

  test('runs neighbouring read-only calls together and a writing call alone, results in the model’s order', async () => {
    let running = 0;
    let most = 0;
    const spans: string[] = [];
    const slow = (name: string, ms: number, kind: 'read' | 'write') =>
      testTool(
        name,
        async () => {
          most = Math.max(most, ++running);
          spans.push(`${name}+`);
          await pause(ms);
          running--;
          spans.push(`${name}-`);
          return says(name);
        },
        () => [{ kind, path: 'f' }],
      );
    const h = start({
      script: [
        {
          calls: [
            { name: 'a', input: {} },
            { name: 'b', input: {} },
            { name: 'w', input: {} },
            { name: 'c', input: {} },
          ],
        },
      ],
      tools: [slow('a', 30, 'read'), slow('b', 5, 'read'), slow('w', 5, 'write'), slow('c', 5, 'read')],
    });
    await h.run('go');
    expect(spans).toEqual(['a+', 'b+', 'b-', 'a-', 'w+', 'w-', 'c+', 'c-']);
    expect(most).toBe(2);
    const log = h.events.flatMap((event, seq) => (event.type.includes('delta') ? [] : [{ ...event, seq } as Recorded]));
    const runId = log[0]?.run ?? '';
    expect(
      messagesOf(log, runId)[2]?.content.map((block) => block.type === 'tool_result' && textOf(block.content)),
    ).toEqual(['a', 'b', 'w', 'c']);
  });

  test('tells the model about unknown tools and bad input, and goes on', async () => {
    const seen: string[] = [];
    const picky = {
      ...testTool('picky', () => says('fine')),
      prepare: (): never => {
        throw new ToolError('"path" is missing.');
      },
    };
    const h = start({
      script: (request) => {
        seen.push(
          ...request.messages.flatMap((message) =>
            message.content.flatMap((block) => (block.type === 'tool_result' ? [textOf(block.content)] : [])),
          ),
        );
        return seen.length === 0
          ? {
              calls: [
                { name: 'nope', input: {} },
                { name: 'picky', input: '{broken' },
              ],
            }
          : { text: 'I see.' };
      },
      tools: [picky],
    });
    expect(await h.run('go')).toMatchObject({ status: 'answered' });
    expect(seen).toEqual(['There is no tool "nope". Tools: picky.', '"path" is missing.']);
  });

  test('a tool that is not the agent’s cannot be called', async () => {
    const h = start({
      script: [{ calls: [{ name: 'hidden', input: {} }] }],
      tools: [testTool('open', () => says('')), testTool('hidden', () => says('oh no'))],
      agent: { tools: ['open'] },
    });
    await h.run('go');
    expect(JSON.stringify(h.events)).not.toContain('oh no');
  });

  test('stops after three identical failures and says why', async () => {
    const h = start({
      script: () => ({ calls: [{ name: 'bad', input: { n: 1 } }] }),
      tools: [testTool('bad', () => Promise.reject(new ToolError('No such file.')))],
    });
    const result = await h.run('go');
    expect(result).toMatchObject({ status: 'failed', turns: 3 });
    expect(result.error?.message).toContain('the same failing call to bad 3 times: No such file.');
  });

  test('does not count failures across a call that worked', async () => {
    let failures = 0;
    const h = start({
      script: (_request, turn) =>
        turn < 8 ? { calls: [{ name: turn % 2 ? 'good' : 'bad', input: {} }] } : { text: 'Done.' },
      tools: [
        testTool('bad', () => (failures++, Promise.reject(new ToolError('no')))),
        testTool(
          'good',
          () => says('ok'),
          () => [{ kind: 'write', path: 'f' }],
        ),
      ],
    });
    expect(await h.run('go')).toMatchObject({ status: 'answered' });
    expect(failures).toBe(4);
  });

  test('counts failures across calls that only looked', async () => {
    const h = start({
      script: (_request, turn) => ({ calls: [{ name: turn % 2 ? 'good' : 'bad', input: {} }] }),
      tools: [testTool('bad', () => Promise.reject(new ToolError('no'))), testTool('good', () => says('ok'))],
    });
    expect(await h.run('go')).toMatchObject({ status: 'failed', turns: 5 });
  });

  test('stops at the turn limit with exit 5', async () => {
    const h = start({
      script: (_r, turn) => ({ calls: [{ name: 'ok', input: { turn } }] }),
      tools: [testTool('ok', () => says('ok'))],
      agent: { maxTurns: 3 },
    });
    const result = await h.run('go');
    expect(result).toMatchObject({ status: 'stopped', turns: 3 });
    expect(result.error?.exitCode).toBe(5);
  });

  test.each([
    ['an empty reply', { text: '' }, 'E_EMPTY_REPLY'],
    ['a reply cut at the limit', { text: 'half a', stopReason: 'max_tokens' as const }, 'E_REPLY_CUT'],
  ])('asks once more after %s, then fails', async (_name, turn, code) => {
    const h = start({ provider: scriptedProvider(() => turn) });
    const result = await h.run('go');
    expect(result.error?.code).toBe(code);
    expect(result.turns).toBe(2);
  });

  test('goes on after one empty reply, and the empty message is never sent again', async () => {
    const bodies: Message[][] = [];
    let calls = 0;
    const h = start({
      script: (request) => {
        bodies.push([...request.messages]);
        return calls++ === 0 ? {} : { text: 'Here I am.' };
      },
    });
    expect(await h.run('go')).toMatchObject({ status: 'answered', text: 'Here I am.' });
    expect(bodies[1]?.every((message) => message.content.length > 0)).toBe(true);
  });

  test('a refusal fails with the model’s words', async () => {
    const h = start({ script: [{ text: 'I will not.', stopReason: 'refusal' }] });
    expect((await h.run('go')).error?.message).toContain('I will not.');
  });

  test('steering messages reach the model between turns', async () => {
    const inbox = [[], [userMessage('also mind the docs')], []];
    const seen: string[] = [];
    const h = start({
      script: (request, turn) => {
        seen.push(request.messages.map((message) => textOf(message.content)).join('|'));
        return turn === 0 ? { calls: [{ name: 'ok', input: {} }] } : { text: 'Done.' };
      },
      tools: [testTool('ok', () => says('ok'))],
      context: { inbox: () => inbox.shift() ?? [] },
    });
    await h.run('go');
    expect(seen[0]).not.toContain('docs');
    expect(seen[1]).toContain('also mind the docs');
  });

  test('a provider’s failure ends the run with its exit code, the text streamed so far is not in the log', async () => {
    const provider: ModelProvider = {
      ...scriptedProvider([]),
      async *stream() {
        yield { type: 'text.delta', text: 'half' };
        throw new ProviderError('server', 'The server is down.');
      },
    };
    const h = start({ provider });
    const result = await h.run('go');
    expect(result).toMatchObject({ status: 'failed', error: { exitCode: 6, code: 'E_PROVIDER_SERVER' } });
    expect(h.events.filter((event) => event.type === 'message.added')).toHaveLength(1);
  });

  test('an interrupt while a tool works stops the run and leaves the call without a result', async () => {
    const controller = new AbortController();
    const h = start({
      script: [{ calls: [{ name: 'slow', input: {} }] }],
      tools: [
        testTool('slow', async (_input, { signal }) => {
          setTimeout(() => controller.abort(interruptedError()), 10);
          await new Promise((_resolve, reject) =>
            signal.addEventListener('abort', () => reject(signal.reason as Error)),
          );
          return says('never');
        }),
      ],
      context: { signal: controller.signal },
    });
    const result = await h.run('go');
    expect(result).toMatchObject({ status: 'stopped', error: { exitCode: 130 } });
    expect(h.kinds()).not.toContain('tool.finished');
    expect(h.kinds().at(-1)).toBe('run.finished');
  });

  test('a time limit stops it with exit 5', async () => {
    const controller = new AbortController();
    controller.abort(limitError('Time is up.'));
    const h = start({ script: [{ text: 'x' }], context: { signal: controller.signal } });
    expect((await h.run('go')).error?.exitCode).toBe(5);
  });

  test('a bug in a tool is not swallowed', async () => {
    const h = start({
      script: [{ calls: [{ name: 'bug', input: {} }] }],
      tools: [testTool('bug', () => Promise.reject(new TypeError('oops')))],
    });
    await expect(h.run('go')).rejects.toThrow('oops');
  });

  test('an unknown agent is an error the human sees', async () => {
    const h = start({});
    await expect(h.run('go', { agent: 'nobody' })).rejects.toSatisfy((error) => isCopilotError(error));
  });

  test('tools stream progress while they work', async () => {
    const h = start({
      script: [{ calls: [{ name: 'slow', input: {} }] }],
      tools: [
        testTool('slow', async function* (_input, { run: id, callId }) {
          yield { type: 'tool.progress', run: id, callId, text: 'half way' };
          return { content: [] };
        }),
      ],
    });
    await h.run('go');
    expect(h.events).toContainEqual(expect.objectContaining({ type: 'tool.progress', text: 'half way' }));
  });
});

describe('an agent under another', () => {
  test('carries its own run id and its parent’s, and its answer comes back', async () => {
    const h = start({
      script: (request) => {
        const asked = textOf(request.messages[0]?.content ?? []);
        if (asked === 'inner task') return { text: 'inner answer' };
        return request.messages.length === 1 ? { calls: [{ name: 'delegate', input: {} }] } : { text: 'outer answer' };
      },
      tools: [
        testTool('delegate', async function* (_input, context) {
          const inner = yield* context.delegate({ agent: 'coder', messages: [userMessage('inner task')] });
          return says(inner.text);
        }),
      ],
    });
    const result = await h.run('outer task');
    expect(result.text).toBe('outer answer');
    const starts = h.events.filter((event) => event.type === 'run.started');
    expect(starts).toHaveLength(2);
    expect(starts[1]).toMatchObject({ parent: starts[0]?.run });
    expect(starts[1]?.run).not.toBe(starts[0]?.run);
    const inner = h.events.filter((event) => event.run === starts[1]?.run).map((event) => event.type);
    expect(inner).toContain('run.finished');
  });
});

describe('permission', () => {
  const asking = (answers: { allow: boolean; feedback?: string }[]) => {
    const questions: string[] = [];
    return {
      questions,
      ask: async (question: { tool: string }) => {
        questions.push(question.tool);
        return answers.shift() ?? { allow: false };
      },
    };
  };
  const writer = testTool(
    'writer',
    () => says('written'),
    () => [{ kind: 'write', path: 'f.txt' }],
  );
  const policyFor = (mode: 'ask' | 'plan', ...denied: string[]) =>
    rulePolicy({
      mode,
      rules: denied.map((subject) => parseSubject('deny', subject)),
      roots: [],
      readable: [],
      home: '/',
    });

  test('a yes lets the call run, and who decided is recorded', async () => {
    const { ask, questions } = asking([{ allow: true }]);
    const h = start({
      script: [{ calls: [{ name: 'writer', input: {} }] }],
      tools: [writer],
      policy: policyFor('ask'),
      context: { ask },
    });
    await h.run('go');
    expect(questions).toEqual(['writer']);
    expect(h.events).toContainEqual(expect.objectContaining({ type: 'tool.decided', verdict: 'allow', by: 'user' }));
    expect(h.events).toContainEqual(expect.objectContaining({ type: 'tool.finished', isError: false }));
  });

  test('a no is told to the model with the human’s reason and what would allow it is recorded', async () => {
    const { ask } = asking([{ allow: false, feedback: 'Not that file.' }]);
    const h = start({
      script: [{ calls: [{ name: 'writer', input: {} }] }],
      tools: [writer],
      policy: policyFor('ask'),
      context: { ask },
    });
    await h.run('go');
    const finished = h.events.find((event) => event.type === 'tool.finished');
    expect(finished?.type === 'tool.finished' && textOf(finished.content)).toContain('Not that file.');
    expect(h.events).toContainEqual(
      expect.objectContaining({
        type: 'tool.decided',
        verdict: 'deny',
        hint: expect.stringContaining('allow: write') as string,
      }),
    );
  });

  test('a denial by rule never asks', async () => {
    const { ask, questions } = asking([]);
    const h = start({
      script: [{ calls: [{ name: 'writer', input: {} }] }],
      tools: [writer],
      policy: policyFor('ask', 'write(**)'),
      context: { ask },
    });
    await h.run('go');
    expect(questions).toEqual([]);
    expect(h.events).toContainEqual(
      expect.objectContaining({ type: 'tool.decided', verdict: 'deny', by: 'rule', rule: 'deny: write(**)' }),
    );
  });

  test('effects name real absolute paths', async () => {
    const h = start({ script: [{ calls: [{ name: 'writer', input: {} }] }], tools: [writer] });
    await h.run('go');
    const decided = h.events.find((event) => event.type === 'tool.decided');
    expect(decided?.type === 'tool.decided' && decided.effects).toEqual([
      { kind: 'write', path: `${h.project.root}/f.txt` },
    ]);
  });
});

describe('structured output', () => {
  const schema = { type: 'object' };
  const problems = async (_schema: object, value: unknown) =>
    typeof value === 'object' && value !== null && 'ok' in value ? [] : ['/ must have "ok"'];

  test('a fitting answer becomes the result, also inside a fence', async () => {
    const h = start({ script: [{ text: '```json\n{"ok": true}\n```' }], context: { problemsWith: problems } });
    expect((await h.run('go', { outputSchema: schema })).result).toEqual({ ok: true });
  });

  test('one repair turn is given, with what was wrong', async () => {
    const h = start({ script: [{ text: 'no json' }, { text: '{"ok": 1}' }], context: { problemsWith: problems } });
    const result = await h.run('go', { outputSchema: schema });
    expect(result.result).toEqual({ ok: 1 });
    expect(JSON.stringify(h.events)).toContain('not JSON');
  });

  test('a second misfit fails with exit 1', async () => {
    const h = start({ script: [{ text: '{}' }, { text: '{}' }], context: { problemsWith: problems } });
    expect((await h.run('go', { outputSchema: schema })).error).toMatchObject({ code: 'E_OUTPUT_SCHEMA', exitCode: 1 });
  });
});
