// The library's client against servers that break the protocol on purpose: errors are typed, nobody's process falls over.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { createClient, type ChatCompletion } from '../../../bin/client.ts';

const key = 'sk-secret-1234567890-abcdef';
const models = {
  anthropic: 'anthropic/claude-sonnet-5-5',
  chat: 'openai-chat/gpt-5.4',
  responses: 'openai/gpt-5.4',
  gemini: 'gemini/gemini-3-pro',
};
type Api = keyof typeof models;
const apis = Object.keys(models) as Api[];

const sse = (events: readonly (object | string)[]): string =>
  events.map((event) => (typeof event === 'string' ? event : `data: ${JSON.stringify(event)}\n\n`)).join('');
const chunk = (delta: object, finish: string | null = null, usage?: unknown): object => ({
  choices: [{ index: 0, delta, finish_reason: finish }],
  usage,
});
const calls = (...fragments: object[]): object => chunk({ tool_calls: fragments });
const anthropic = (...events: ({ type: string } & Record<string, unknown>)[]): (object | string)[] =>
  [
    { type: 'message_start', message: { usage: { input_tokens: 5, output_tokens: 1 } } },
    ...events,
    { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 5 } },
    { type: 'message_stop' },
  ].map((event) => `event: ${event.type}\n${sse([event])}`);
const done = (item: object | null): object[] => [
  { type: 'response.output_item.done', item },
  { type: 'response.completed', response: {} },
];

let home = '';
const open: (() => Promise<void>)[] = [];
beforeAll(() => void (home = mkdtempSync(join(tmpdir(), 'llm-copilot-hostile-'))));
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

const ask = async (
  api: Api,
  answer: (request: IncomingMessage, reply: ServerResponse) => void,
): Promise<ChatCompletion> => {
  const server = createServer((request, reply) => {
    reply.on('error', () => undefined);
    request.resume().on('end', () => answer(request, reply));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = createClient({
    env: {
      HOME: home,
      LLM_COPILOT_DATA_DIR: join(home, 'data'),
      ...{ ANTHROPIC_API_KEY: key, OPENAI_API_KEY: key, GEMINI_API_KEY: key },
      ...{ ANTHROPIC_BASE_URL: url, OPENAI_BASE_URL: `${url}/v1`, GEMINI_BASE_URL: url },
    },
    cwd: home,
    config: { stallTimeoutSeconds: 5 },
  });
  open.push(async () => {
    client.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return client.chat.completions.create({
    model: models[api],
    messages: [{ role: 'user', content: 'hello' }],
    tools: [{ type: 'function', function: { name: 't' } }],
  });
};
const askFor = (api: Api, events: readonly (object | string)[]): Promise<ChatCompletion> =>
  ask(api, (_request, reply) => reply.writeHead(200, { 'content-type': 'text/event-stream' }).end(sse(events)));
/** All an error shows, its causes too. */
const shownBy = (error: unknown): string => {
  const { message, stack, hint, cause } = error as Error & { hint?: string };
  return [message, stack, hint, cause === undefined ? '' : shownBy(cause)].join('\n');
};
const failure = async (asked: Promise<unknown>): Promise<Error & { kind?: string; exitCode?: number }> =>
  asked.then(
    () => new Error('it did not fail'),
    (error: unknown) => error as Error,
  );

describe('an answer that is nonsense is malformed', () => {
  test.each<[string, Api, readonly (object | string)[]]>([
    ['an event that is null', 'chat', [sse(['data: null\n\n'])]],
    ['content that is an object', 'chat', [chunk({ content: { a: 1 } }), chunk({}, 'stop')]],
    ['a tool name that is a number', 'chat', [calls({ index: 0, id: 'a', function: { name: 7 } }), chunk({}, 'stop')]],
    ['a call that is null', 'chat', [chunk({ tool_calls: [null] }), chunk({}, 'stop')]],
    [
      'text that is a number',
      'anthropic',
      anthropic(
        { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
        { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 5 } },
      ),
    ],
    [
      'a call without a name',
      'anthropic',
      anthropic({ type: 'content_block_start', index: 0, content_block: { type: 'tool_use' } }),
    ],
    [
      'two blocks with one index',
      'anthropic',
      anthropic(
        { type: 'content_block_start', index: 0, content_block: { type: 'text', text: 'one' } },
        { type: 'content_block_start', index: 0, content_block: { type: 'tool_use', id: 'a', name: 't' } },
      ),
    ],
    ['an item that is null', 'responses', done(null)],
    ['a message without content', 'responses', done({ type: 'message' })],
    ['a part that is null', 'gemini', [{ candidates: [{ content: { parts: [null] }, finishReason: 'STOP' }] }]],
  ])('%s (%s)', async (_what, api, events) => {
    expect(await failure(askFor(api, events))).toMatchObject({ kind: 'malformed', exitCode: 6 });
  });
});

describe('an error whose kind is a word of JavaScript is an error of the server', () => {
  test.each<[Api, object | string]>([
    ['anthropic', 'event: error\ndata: {"type":"error","error":{"type":"constructor","message":"x"}}\n\n'],
    ['chat', { error: { code: 'constructor', type: '__proto__', message: 'x' } }],
    ['responses', { type: 'error', code: 'toString', message: 'x' }],
    ['gemini', { error: { status: 'constructor', message: 'x' } }],
  ])('%s', async (api, event) => {
    expect(await failure(askFor(api, [event]))).toMatchObject({ kind: 'server', exitCode: 6 });
  });
});

describe('what can be understood is', () => {
  test('arguments that are an object, and calls whose fragments come out of order', async () => {
    const { choices } = await askFor('chat', [
      calls({ index: 1, function: { arguments: '{"b":' } }),
      calls({ index: 0, id: 'a', function: { name: 't', arguments: { a: 1 } } }),
      calls({ index: 1, id: 'b', function: { name: 't', arguments: '2}' } }),
      chunk({}, 'tool_calls'),
    ]);
    expect(choices[0]?.message.tool_calls).toEqual([
      { id: 'a', type: 'function', function: { name: 't', arguments: '{"a":1}' } },
      { id: 'b', type: 'function', function: { name: 't', arguments: '{"b":2}' } },
    ]);
  });

  test('content in parts', async () => {
    const { choices } = await askFor('chat', [
      chunk({ content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] }, { type: 'reference' }] }),
      chunk({ content: [{ type: 'text', text: 'said' }] }),
      chunk({ content: ' so' }),
      chunk({}, 'stop'),
    ]);
    expect(choices[0]?.message).toMatchObject({ content: 'said so', reasoning_content: 'hm' });
  });

  test('a text that begins without text, and a call whose input comes at once', async () => {
    const { choices } = await askFor(
      'anthropic',
      anthropic(
        { type: 'content_block_start', index: 0, content_block: { type: 'text' } },
        { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'hi' } },
        {
          type: 'content_block_start',
          index: 1,
          content_block: { type: 'tool_use', id: 'a', name: 't', input: { a: 1 } },
        },
      ),
    );
    expect(choices[0]?.message).toMatchObject({ content: 'hi', tool_calls: [{ function: { arguments: '{"a":1}' } }] });
  });

  test('keys of prototypes are keys', async () => {
    const input = '{"__proto__":{"polluted":1},"constructor":2}';
    const { choices } = await askFor('chat', [
      calls({ index: 0, id: 'a', function: { name: 't', arguments: input } }),
      chunk({}, 'tool_calls'),
    ]);
    expect(choices[0]?.message.tool_calls?.[0]?.function.arguments).toBe(input);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  test.each([
    { prompt_tokens: 9_007_199_254_740_991, completion_tokens: 1 },
    { prompt_tokens: -5, completion_tokens: 'NaN' },
    { prompt_tokens: 1, completion_tokens: 1, total_tokens: 1e15 },
  ])('an answer whose counts are none: %o', async (usage) => {
    const { choices, extensions, ...more } = await askFor('chat', [chunk({ content: 'x' }), chunk({}, 'stop', usage)]);
    expect([choices[0]?.message.content, more.usage, extensions.cost_usd]).toEqual(['x', null, null]);
  });
});

describe.each(apis)('a server that says the key again (%s)', (api) => {
  const hidden = `${key.slice(0, 5)}\u001b[0m${key.slice(5, 9)}\u200b${key.slice(9)}`;
  test.each<[string, (request: IncomingMessage, reply: ServerResponse) => void]>([
    [
      'in an error',
      (request, reply) =>
        reply.writeHead(400).end(JSON.stringify({ error: { message: JSON.stringify(request.headers) } })),
    ],
    [
      'in an error, with hidden characters in it',
      (_request, reply) => reply.writeHead(400).end(JSON.stringify({ error: { message: hidden } })),
    ],
    ['in a page', (_request, reply) => reply.writeHead(200, { 'content-type': `text/html; ${key}` }).end(`<p>${key}`)],
    [
      'in what is not JSON',
      (_request, reply) =>
        reply
          .writeHead(200, { 'content-type': 'text/event-stream' })
          .end(`event: thread.x\ndata: {"a": ${key} ${'x'.repeat(60)}\n\n`),
    ],
  ])('%s is not shown with it', async (_where, answer) => {
    const spies = (['error', 'warn', 'log'] as const).map((name) => vi.spyOn(console, name).mockReturnValue());
    const error = await failure(ask(api, answer));
    const said = spies.flatMap((spy) => spy.mock.calls);
    for (const spy of spies) spy.mockRestore();
    expect(error).toMatchObject({ exitCode: 6 });
    // Not even a part of it that would narrow it down.
    expect(shownBy(error)).not.toContain(key.slice(3, 12));
    expect(shownBy(error)).not.toMatch(/[\u001b\u200b]/);
    expect(said).toEqual([]);
  });
});

describe.each(apis)('an answer without end (%s)', (api) => {
  const endless = (reply: ServerResponse, piece: Buffer): void => {
    const send = (): void => {
      while (!reply.destroyed) if (!reply.write(piece)) return void reply.once('drain', send);
    };
    send();
  };
  test('that says what is wrong is read as far as it may say anything', { timeout: 20_000 }, async () => {
    const error = await failure(
      ask(api, (_request, reply) => endless(reply.writeHead(400), Buffer.alloc(65_536, 'x'))),
    );
    expect(error).toMatchObject({ kind: 'invalid_request' });
  });
});

test('a small answer that unpacks to a huge line is given up', { timeout: 30_000 }, async () => {
  const packed = gzipSync(Buffer.alloc(150 * 1024 * 1024, 'x'));
  const headers = { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' };
  const error = await failure(ask('chat', (_request, reply) => reply.writeHead(200, headers).end(packed)));
  expect(error).toMatchObject({ kind: 'malformed', message: expect.stringContaining('more than 128 MiB') as string });
});
