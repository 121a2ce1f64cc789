// The library's client over real providers and local servers that speak their protocols.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createClient, type ChatChunk } from '../../../bin/client.ts';
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
