// The library's client over real providers and local servers that speak their protocols.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { setTimeout } from 'node:timers/promises';
import { createClient, type ChatChunk } from '../../../bin/client.ts';
import builtins from '../../../plugins/index.ts';
import type { Config } from '../../../src/core/config.ts';
import { wireServer, type Script, type WireServer } from '../../support/wire/wire-server.ts';

const tool = {
  type: 'function' as const,
  function: { name: 'weather', description: 'Says the weather.', parameters: { type: 'object', properties: {} } },
};
const hello = [{ role: 'user' as const, content: 'hello' }];

describe('the client', () => {
  let home = '';
  const servers: WireServer[] = [];
  const clients: ReturnType<typeof createClient>[] = [];
  beforeEach(() => void (home = mkdtempSync(join(tmpdir(), 'llm-copilot-client-'))));
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await Promise.all(servers.splice(0).map((server) => server.close()));
    rmSync(home, { recursive: true, force: true });
  });
  const start = async (script: Script): Promise<WireServer> => {
    const server = await wireServer(script);
    servers.push(server);
    return server;
  };
  const clientOf = (env: Record<string, string>, config: Config = {}) => {
    const client = createClient({
      env: { HOME: home, XDG_CONFIG_HOME: join(home, 'config'), LLM_COPILOT_DATA_DIR: join(home, 'data'), ...env },
      cwd: home,
      config,
    });
    clients.push(client);
    return client;
  };
  const both = async (anthropic: Script, openai: Script) => {
    const [a, b] = [await start(anthropic), await start(openai)];
    const env = {
      ANTHROPIC_API_KEY: 'a-key',
      ANTHROPIC_BASE_URL: a.url,
      OPENAI_API_KEY: 'o-key',
      OPENAI_BASE_URL: `${b.url}/v1`,
    };
    return { a, b, env };
  };
  const chunksOf = async (stream: AsyncIterable<ChatChunk>): Promise<ChatChunk[]> => {
    const chunks: ChatChunk[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    return chunks;
  };

  test('answers in the shape of chat completions and says who answered, at what cost', async () => {
    const { a, env } = await both(
      [{ text: 'Hi.', usage: { inputTokens: 100, outputTokens: 7, cacheReadTokens: 50 } }],
      [],
    );
    const answer = await clientOf(env).chat.completions.create({
      model: 'anthropic/claude-sonnet-5-5',
      messages: [{ role: 'system', content: 'Be brief.' }, ...hello],
      max_tokens: 50,
    });
    expect(answer).toMatchObject({
      object: 'chat.completion',
      model: 'anthropic/claude-sonnet-5-5',
      choices: [{ index: 0, message: { role: 'assistant', content: 'Hi.' }, finish_reason: 'stop' }],
      usage: {
        prompt_tokens: 150,
        completion_tokens: 7,
        total_tokens: 157,
        prompt_tokens_details: { cached_tokens: 50 },
      },
      extensions: { provider_used: 'anthropic/claude-sonnet-5-5', used_fallback: false, attempts: 1, losses: [] },
    });
    expect(answer.extensions.cost_usd).toBeGreaterThan(0);
    expect(a.requests[0]!.body).toMatchObject({ max_tokens: 50 });
  });

  test('goes over to the next model and says what failed and what was lost', async () => {
    const { env } = await both(() => ({ fault: 'status', status: 401 }), [{ text: 'From the other.' }]);
    const client = clientOf(env, { model: 'anthropic/claude-sonnet-5-5', fallbackModel: 'openai-chat/gpt-5.4' });
    const { extensions, choices } = await client.chat.completions.create({
      messages: hello,
      top_k: 4,
      logit_bias: {},
    } as never);
    expect(choices[0]!.message.content).toBe('From the other.');
    expect(extensions).toMatchObject({ provider_used: 'openai-chat/gpt-5.4', used_fallback: true, attempts: 2 });
    expect(Object.keys(extensions.provider_errors)).toEqual(['anthropic/claude-sonnet-5-5']);
    expect(extensions.losses).toContainEqual(expect.objectContaining({ code: 'Drop', path: '$.logit_bias' }));
    expect(extensions.losses).toContainEqual(
      expect.objectContaining({ code: 'Drop', path: expect.stringContaining('top_k') as string }),
    );
  });

  test('streams; a failover in the middle voids what came before', async () => {
    const { env } = await both([{ fault: 'truncate', text: 'Half an' }], [{ text: 'A whole answer.' }]);
    const client = clientOf(env, { model: 'anthropic/claude-sonnet-5-5', fallbackModel: 'openai-chat/gpt-5.4' });
    const chunks = await chunksOf(await client.chat.completions.create({ messages: hello, stream: true }));
    const restart = chunks.findIndex(({ extensions }) => extensions && 'restarted' in extensions);
    const said = (part: readonly ChatChunk[]): string =>
      part.map(({ choices }) => choices[0]?.delta.content ?? '').join('');
    expect(said(chunks.slice(0, restart))).toBe('Half an');
    expect(said(chunks.slice(restart))).toBe('A whole answer.');
    expect(chunks.at(-1)).toMatchObject({
      choices: [{ finish_reason: 'stop' }],
      extensions: { provider_used: 'openai-chat/gpt-5.4', used_fallback: true },
    });
  });

  test('carries tools, their calls and results there and back', async () => {
    const { a, env } = await both(
      [{ calls: [{ id: 'c1', name: 'weather', input: { city: 'Bern' } }] }, { text: 'Sun.' }],
      [],
    );
    const client = clientOf(env, { model: 'anthropic/claude-sonnet-5-5' });
    const first = await client.chat.completions.create({ messages: hello, tools: [tool] });
    const { message, finish_reason } = first.choices[0]!;
    expect(finish_reason).toBe('tool_calls');
    expect(message).toMatchObject({
      content: null,
      tool_calls: [{ id: 'c1', type: 'function', function: { name: 'weather', arguments: '{"city":"Bern"}' } }],
    });
    const second = await client.chat.completions.create({
      messages: [...hello, { ...message }, { role: 'tool', tool_call_id: 'c1', content: 'sunny' }],
      tools: [tool],
    });
    expect(second.choices[0]!.message.content).toBe('Sun.');
    expect(a.requests[1]!.body).toMatchObject({
      messages: [
        { role: 'user' },
        { role: 'assistant', content: [{ type: 'tool_use', id: 'c1', input: { city: 'Bern' } }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c1' }] },
      ],
    });
  });

  test('refuses what it cannot send, before anything is sent', async () => {
    const { a, env } = await both([], []);
    const client = clientOf(env, { model: 'anthropic/claude-sonnet-5-5' });
    await expect(client.chat.completions.create({ messages: [] })).rejects.toMatchObject({ exitCode: 2 });
    const picture = {
      role: 'user' as const,
      content: [{ type: 'image_url' as const, image_url: { url: 'https://x/y.png' } }],
    };
    await expect(client.chat.completions.create({ messages: [picture] })).rejects.toThrow(/data: URL/);
    await expect(client.chat.completions.create({ model: 'antropic/x', messages: hello })).rejects.toThrow(
      /did you mean/,
    );
    expect(a.requests).toEqual([]);
  });

  test.each<[string, object | null, RegExp]>([
    ['no body', null, /the body must be an object/],
    ['no messages', { messages: null }, /messages must be a list/],
    ['a message that is null', { messages: [null] }, /messages\[0\] must be an object/],
    ['content that is a number', { messages: [{ role: 'user', content: 5 }] }, /messages\[0\]\.content must be/],
    ['a part that is text', { messages: [{ role: 'user', content: ['x'] }] }, /content\[0\] must be an object/],
    [
      'a kind of part nobody knows',
      { messages: [{ role: 'user', content: [{ type: 'input_audio' }] }] },
      /\.type must/,
    ],
    [
      'a role nobody knows',
      { messages: [{ role: 'robot', content: 'x' }] },
      /messages\[0\]\.role must be one of system/,
    ],
    ['a result of no call', { messages: [{ role: 'tool', content: 'x' }] }, /tool_call_id must be/],
    [
      'a call without a function',
      { messages: [{ role: 'assistant', tool_calls: [{ id: 'a' }] }] },
      /\.function must be/,
    ],
    ['no room for an answer', { messages: hello, max_tokens: -5 }, /max_tokens must be a whole number/],
    ['a temperature that is text', { messages: hello, temperature: 'hot' }, /temperature must be a number/],
    ['a tool of the server', { messages: hello, tools: [{ type: 'web_search' }] }, /tools\[0\]\.type must be function/],
    ['a form without a schema', { messages: hello, response_format: { type: 'json_schema' } }, /json_schema must be/],
    ['a model that is a number', { messages: hello, model: 5 }, /model must be text/],
  ])('refuses a body with %s', async (_what, body, why) => {
    const failed = clientOf({}).chat.completions.create(body as never);
    await expect(failed).rejects.toMatchObject({ exitCode: 2, message: expect.stringMatching(why) as string });
  });

  test('takes what is null for left out', async () => {
    const { a, env } = await both([{ text: 'one' }], []);
    const left = [
      'stop',
      'tools',
      'tool_choice',
      'seed',
      'temperature',
      'max_tokens',
      'response_format',
      'model',
      'user',
    ];
    const client = clientOf(env, { model: 'anthropic/claude-sonnet-5-5' });
    const { extensions } = await client.chat.completions.create({
      messages: hello,
      ...Object.fromEntries(left.map((name) => [name, null])),
    });
    expect(extensions.losses).toEqual([]);
    expect(Object.keys(a.requests[0]!.body as object)).not.toContain('temperature');
  });

  test('counts attempts, and says what those may have cost that broke off', async () => {
    const { env } = await both(
      [{ fault: 'truncate', text: 'Half' }, { fault: 'status', status: 529 }, { text: 'All.' }],
      [],
    );
    const client = clientOf(env, { model: 'anthropic/claude-sonnet-5-5' });
    const { extensions } = await client.chat.completions.create({ messages: hello, top_k: 4, max_tokens: 100 });
    expect(extensions).toMatchObject({ used_fallback: false, attempts: 3 });
    expect(Object.keys(extensions.provider_errors)).toEqual(['anthropic/claude-sonnet-5-5']);
    expect(extensions.cost_usd).toBeGreaterThan(0);
    expect(extensions.assumed_usd).toBeGreaterThan(0.001);
  });

  test('a wait for a limit is no failure, no restart and loses no loss', async () => {
    const { env } = await both([], async (_request, index) => {
      if (index === 0) await setTimeout(300);
      return { text: `answer ${index}`, usage: { inputTokens: 10, outputTokens: 2 } };
    });
    const limits = { 'openai-chat': { tokens_per_minute: 3000 } };
    const client = clientOf(env, { model: 'openai-chat/gpt-4.1', rateLimits: limits });
    // Is taken to use most of the minute's tokens, so that the next one waits until it is known to have used few.
    const long = [{ role: 'user' as const, content: 'some words '.repeat(600) }];
    const first = client.chat.completions.create({ messages: long });
    await setTimeout(100);
    const stream = await client.chat.completions.create({ messages: long, top_k: 4, stream: true });
    const chunks = await chunksOf(stream);
    expect((await first).choices[0]!.message.content).toBe('answer 0');
    expect(chunks.some(({ extensions }) => extensions && 'restarted' in extensions)).toBe(false);
    expect(chunks.at(-1)?.extensions).toMatchObject({
      attempts: 1,
      provider_errors: {},
      losses: [expect.objectContaining({ code: 'Drop', path: expect.stringContaining('top_k') as string })],
    });
  });

  test('goes over to another model when a conversation is too long for the first', async () => {
    const body = {
      type: 'error',
      error: { type: 'invalid_request_error', message: 'prompt is too long: 3 > 2 maximum' },
    };
    const { env } = await both(() => ({ fault: 'status', status: 400, body }), [{ text: 'Long enough.' }]);
    const client = clientOf(env, { model: 'anthropic/claude-sonnet-5-5', fallbackModel: 'openai-chat/gpt-5.4' });
    const talk = [...hello, { role: 'assistant' as const, content: 'Hi.' }, ...hello];
    const { choices, extensions } = await client.chat.completions.create({ messages: talk });
    expect(choices[0]!.message.content).toBe('Long enough.');
    expect(extensions).toMatchObject({ provider_used: 'openai-chat/gpt-5.4', used_fallback: true });
    expect(Object.keys(extensions.provider_errors)).toEqual(['anthropic/claude-sonnet-5-5']);
  });

  test.each<[string, (stream: AsyncIterable<ChatChunk>, abort: () => void) => Promise<void>]>([
    [
      'left after a piece',
      async (stream) => {
        for await (const _ of stream) return;
      },
    ],
    [
      'closed before it was read',
      async (stream) => {
        await stream[Symbol.asyncIterator]().return?.();
      },
    ],
    [
      'aborted and never read',
      async (_stream, abort) => {
        abort();
        await setTimeout(1);
      },
    ],
    [
      'aborted while it is read',
      async (stream, abort) => {
        let pieces = 0;
        const read = async (): Promise<void> => {
          for await (const _ of stream) if (++pieces === 2) abort();
        };
        await expect(read()).rejects.toThrow('enough');
      },
    ],
  ])('a stream that is %s frees its place and its connection', async (_how, leave) => {
    const { a, env } = await both(
      (_request, index) =>
        index === 0 ? { fault: 'drip', everyMs: 20, answer: { text: 'many words '.repeat(200) } } : { text: 'Next.' },
      [],
    );
    const client = clientOf(env, { model: 'anthropic/claude-sonnet-5-5', concurrency: { maxCalls: 1 } });
    const controller = new AbortController();
    const stream = await client.chat.completions.create(
      { messages: hello, stream: true },
      { signal: controller.signal },
    );
    await leave(stream, () => controller.abort(new Error('enough')));
    const next = await client.chat.completions.create({ messages: hello });
    expect(next.choices[0]!.message.content).toBe('Next.');
    await expect.poll(() => a.requests[0]!.hungUp).toBe(true);
  });

  test('closes after the calls under way, and opens again', async () => {
    const { env } = await both(async (_request, index) => {
      await setTimeout(100);
      return { text: `answer ${index}` };
    }, []);
    const client = clientOf(env, { model: 'anthropic/claude-sonnet-5-5', budget: { day: 5 } });
    const underWay = client.chat.completions.create({ messages: hello });
    await setTimeout(50);
    client.close();
    expect((await underWay).choices[0]!.message.content).toBe('answer 0');
    expect((await client.chat.completions.create({ messages: hello })).choices[0]!.message.content).toBe('answer 1');
  });

  test('tries again after a configuration that was wrong', async () => {
    const { env } = await both([{ text: 'Now.' }], []);
    const variables: Record<string, string> = { ...env };
    const keyOf = variables.ANTHROPIC_API_KEY!;
    delete variables.ANTHROPIC_API_KEY;
    const all = { HOME: home, LLM_COPILOT_DATA_DIR: join(home, 'data'), ...variables };
    const client = createClient({
      env: all,
      cwd: home,
      config: { model: 'anthropic/claude-sonnet-5-5' },
      plugins: builtins,
    });
    clients.push(client);
    await expect(client.chat.completions.create({ messages: hello })).rejects.toMatchObject({ exitCode: 3 });
    Object.assign(all, { ANTHROPIC_API_KEY: keyOf });
    expect((await client.chat.completions.create({ messages: hello })).choices[0]!.message.content).toBe('Now.');
  });

  test('refuses a configuration that is wrong', async () => {
    const client = clientOf({}, { modle: 'anthropic/x' } as never);
    await expect(client.chat.completions.create({ messages: hello })).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining('did you mean "model"') as string,
    });
  });

  test('two clients keep apart, each with its own key', async () => {
    const [one, two] = [await start([{ text: 'one' }]), await start([{ text: 'two' }])];
    const said = await Promise.all(
      [one, two].map(async ({ url }, index) => {
        const env = { ANTHROPIC_API_KEY: `key-${index}`, ANTHROPIC_BASE_URL: url };
        const client = clientOf(env, { model: 'anthropic/claude-sonnet-5-5' });
        return (await client.chat.completions.create({ messages: hello })).choices[0]!.message.content;
      }),
    );
    expect(said).toEqual(['one', 'two']);
    expect([one, two].map(({ requests }) => requests[0]!.headers.authorization)).toEqual([
      'Bearer key-0',
      'Bearer key-1',
    ]);
  });

  test('holds the budgets of the configuration', async () => {
    const { a, env } = await both([{ text: 'one' }, { text: 'two' }], []);
    const client = clientOf(env, { model: 'anthropic/claude-sonnet-5-5', maxTokens: 700 });
    await expect(
      client.chat.completions.create({ messages: [{ role: 'user', content: 'x'.repeat(5000) }], max_tokens: 300 }),
    ).rejects.toMatchObject({ exitCode: 5 });
    expect(a.requests).toEqual([]);
  });

  test('a hundred chats at a time share it, and each gets its own answer', async () => {
    const server = await start((asked) => {
      const { messages } = asked.body as { messages: { content: { text: string }[] }[] };
      return { text: `answer to ${messages[0]!.content[0]!.text}` };
    });
    const client = clientOf(
      { ANTHROPIC_API_KEY: 'key', ANTHROPIC_BASE_URL: server.url },
      { model: 'anthropic/claude-sonnet-5-5' },
    );
    const answers = await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const { choices } = await client.chat.completions.create({
          messages: [{ role: 'user', content: `question ${index}` }],
        });
        return choices[0]!.message.content;
      }),
    );
    expect(answers).toEqual(answers.map((_, index) => `answer to question ${index}`));
  });
});
