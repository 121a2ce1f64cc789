// What only one of the protocols has.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { setup as anthropicSetup } from '../../plugins/anthropic/provider.ts';
import { chatBody } from '../../plugins/openai/chat-request.ts';
import { noQuirks } from '../../plugins/openai/presets.ts';
import { setup as openaiSetup } from '../../plugins/openai/provider.ts';
import type { Message } from '../../src/core/message.ts';
import type { ModelProvider, Request } from '../../src/core/provider.ts';
import { testHost } from '../support/wire/host.ts';
import { wireServer, type Script, type WireServer } from '../support/wire/wire-server.ts';
import type { bodies } from './provider-bodies.ts';
import { collect, hello, make, streamed, subjects, type Settings } from './provider-subjects.ts';

let server: WireServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const start = async (name: keyof typeof bodies, script: Script, more: Settings = {}): Promise<ModelProvider> => {
  server = await wireServer(script);
  const subject = subjects.find((one) => one.name === name)!;
  return make(subject, subject.env(server.url), more);
};
const bodyOf = (index: number): Record<string, unknown> => server!.requests[index]!.body as Record<string, unknown>;
const failureOf = (provider: ModelProvider): Promise<unknown> =>
  collect(provider).then(
    () => 'no failure',
    (error: unknown) => error,
  );
const after = (content: Message['content']): Request => ({
  ...hello,
  messages: [...hello.messages, { role: 'assistant', content }, ...hello.messages],
});

const chunk = (delta: unknown, finish_reason: string | null = null) => ({
  choices: [{ index: 0, delta, finish_reason }],
});

const wholes = [
  ['anthropic', [{ type: 'message_stop' }]],
  ['openai', [{ type: 'response.completed', response: {} }]],
  ['openai-chat', [chunk({}, 'stop'), '[DONE]']],
  ['gemini', [{ candidates: [{ finishReason: 'STOP' }] }]],
] as const;

it.each(wholes)('%s does not wait for a server that keeps the connection open, and closes it', async (name, events) => {
  const provider = await start(name, [{ fault: 'raw', events, keepOpen: true }], { stallTimeoutMs: 60_000 });
  await collect(provider);
  await expect.poll(() => server?.requests[0]?.hungUp).toBe(true);
});

it.each(wholes)('%s does not mind a connection that breaks when all has come', async (name, events) => {
  const provider = await start(name, [{ fault: 'raw', events: [...events, ':'], cut: true, everyMs: 5 }]);
  expect((await collect(provider)).reply.stopReason).toBe('end');
});

describe('Anthropic', () => {
  it('keeps reasoning it may not show and sends it back', async () => {
    const provider = await start('anthropic', [{ redactedThinking: 'blob+/=', text: 'hm' }, { text: 'ok' }]);
    const { reply } = await collect(provider);
    await collect(provider, after(reply.content));
    expect(bodyOf(1)).toMatchObject({
      messages: [
        {},
        {
          content: [
            { type: 'redacted_thinking', data: 'blob+/=' },
            { type: 'text', text: 'hm' },
          ],
        },
        {},
      ],
    });
  });

  it('goes on without earlier reasoning when the API says that its conversation has changed', async () => {
    const refusal = {
      error: {
        type: 'invalid_request_error',
        message:
          'messages.1.content.0: Invalid `signature` in `thinking` block. The block is bound to a different conversation.',
      },
    };
    const provider = await start('anthropic', [
      { fault: 'status', status: 400, body: refusal },
      { thinking: 'new', text: 'ok' },
      { text: 'ok' },
    ]);
    const old = { type: 'thinking', text: 'old', signature: 'sigOld', by: 'anthropic' } as const;
    const { reply } = await collect(provider, after([old, { type: 'text', text: 'so' }]));
    expect(bodyOf(0)).toMatchObject({ messages: [{}, { content: [{ type: 'thinking' }, {}] }, {}] });
    expect(bodyOf(1)).toMatchObject({ messages: [{}, { content: [{ type: 'text', text: 'so' }] }, {}] });
    await collect(provider, after([old, ...reply.content]));
    expect(bodyOf(2)).toMatchObject({ messages: [{}, { content: [{ signature: 'sig1' }, { text: 'ok' }] }, {}] });
  });

  it('leaves it to others to warn of a model that will be retired', async () => {
    const spy = vi.spyOn(console, 'warn');
    server = await wireServer([{ text: 'ok' }]);
    const host = testHost({ ANTHROPIC_API_KEY: 'key', ANTHROPIC_BASE_URL: server.url });
    await collect(anthropicSetup(host).providers!.anthropic!('claude-sonnet-4-5'));
    expect(spy).not.toHaveBeenCalled();
    spy.mockRestore();
  });

  it('does not ask a third time when the API still refuses', async () => {
    const body = { error: { type: 'invalid_request_error', message: 'Invalid signature in thinking block' } };
    const provider = await start('anthropic', () => ({ fault: 'status', status: 400, body }));
    expect(await failureOf(provider)).toMatchObject({ kind: 'invalid_request' });
    expect(server?.requests).toHaveLength(2);
  });

  it('does not wait for a limit on spending to pass', async () => {
    const body = {
      error: { type: 'rate_limit_error', message: 'Limit', details: { error_code: 'x_spend_limit_reached' } },
    };
    expect(await failureOf(await start('anthropic', [{ fault: 'status', status: 429, body }]))).toMatchObject({
      kind: 'invalid_request',
      retryable: false,
    });
  });

  it('marks no cache where only reasoning stands, and takes a body without an error for what it is', async () => {
    const provider = await start('anthropic', [{ text: 'ok' }, { fault: 'status', status: 400, body: 'null' }]);
    const alone: Message = {
      role: 'assistant',
      content: [{ type: 'thinking', text: 'x', signature: 's', by: 'anthropic' }],
    };
    await collect(provider, { ...hello, messages: [alone] });
    expect(bodyOf(0).messages).toEqual([
      { role: 'assistant', content: [{ type: 'thinking', thinking: 'x', signature: 's' }] },
    ]);
    expect(await failureOf(provider)).toMatchObject({ message: 'Anthropic answered 400: null' });
  });

  it('passes over what it does not know and keeps the last count of tokens', async () => {
    const provider = await start('anthropic', [
      {
        fault: 'raw',
        events: [
          { type: 'message_start', message: { usage: { input_tokens: 3, output_tokens: 1 } } },
          { type: 'brand_new_event' },
          { type: 'content_block_start', index: 0, content_block: { type: 'brand_new_block' } },
          { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'lost' } },
          { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '' } },
          { type: 'content_block_delta', index: 1, delta: { type: 'citations_delta' } },
          { type: 'content_block_start', index: 2, content_block: { type: 'thinking', thinking: '', signature: '' } },
          { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 2, input_tokens: 4 } },
          { type: 'message_stop' },
        ],
      },
      { fault: 'raw', events: [{ type: 'content_block_delta', index: 0 }, { type: 'message_start' }] },
    ]);
    expect((await collect(provider)).reply).toEqual({
      content: [],
      stopReason: 'end',
      usage: { inputTokens: 4, outputTokens: 2, cacheReadTokens: 0, cacheWriteTokens: 0 },
    });
    expect(await failureOf(provider)).toMatchObject({ kind: 'malformed', cause: expect.any(TypeError) as Error });
  });
});

describe('Responses', () => {
  it('goes on without earlier reasoning when the API cannot read it', async () => {
    const body = {
      error: { code: 'invalid_encrypted_content', message: 'The encrypted content could not be verified.' },
    };
    const provider = await start('openai', [{ fault: 'status', status: 400, body }, { text: 'ok' }]);
    const signature = JSON.stringify({ id: 'rs', summary: [], encrypted_content: 'enc' });
    await collect(
      provider,
      after([
        { type: 'thinking', text: '', signature, by: 'openai' },
        { type: 'text', text: 'so' },
      ]),
    );
    expect(bodyOf(0).input).toHaveLength(4);
    expect(bodyOf(1).input).toHaveLength(3);
  });

  it('leaves out reasoning that nothing follows', async () => {
    const provider = await start('openai', [{ text: 'ok' }]);
    const signature = JSON.stringify({ id: 'rs', summary: [], encrypted_content: 'enc' });
    const cut: Message['content'] = [
      { type: 'text', text: 'so' },
      { type: 'thinking', text: '', signature, by: 'openai' },
    ];
    await collect(provider, after(cut));
    expect(bodyOf(0).input).toMatchObject([{ role: 'user' }, { role: 'assistant' }, { role: 'user' }]);
  });

  it('sends a result that is only a picture as one', async () => {
    const provider = await start('openai', [{ text: 'ok' }]);
    const image = { type: 'image', mediaType: 'image/png', base64: 'aW1n' } as const;
    const result = { type: 'tool_result', callId: 'c', content: [image], isError: false } as const;
    await collect(provider, { ...hello, messages: [{ role: 'user', content: [{ ...result, content: [image] }] }] });
    expect(bodyOf(0).input).toMatchObject([{ output: [{ type: 'input_image' }] }]);
  });

  it('reads reasoning in parts, without a summary or without its encrypted form, refusals and counts without details', async () => {
    const done = (item: Record<string, unknown>) => ({ type: 'response.output_item.done', item });
    const part = (summary_index: number) => ({ type: 'response.reasoning_summary_part.added', summary_index });
    const provider = await start('openai', [
      {
        fault: 'raw',
        events: [
          part(0),
          { type: 'response.reasoning_summary_text.delta', delta: 'one' },
          part(1),
          { type: 'response.reasoning_summary_text.delta', delta: 'two' },
          done({ type: 'reasoning', id: 'r1', summary: [{ text: 'one' }, { text: 'two' }], encrypted_content: null }),
          { type: 'response.reasoning_text.delta', delta: 'raw' },
          done({ type: 'reasoning', id: 'r2', summary: [], content: [{ text: 'raw' }] }),
          done({ type: 'reasoning', id: 'r3', summary: [] }),
          done({ type: 'web_search_call' }),
          done({
            type: 'message',
            content: [
              { type: 'output_text', text: '' },
              { type: 'refusal', refusal: 'No.' },
            ],
          }),
          { type: 'response.completed', response: { usage: { input_tokens: 3, output_tokens: 4 } } },
        ],
      },
      { fault: 'raw', events: [{ type: 'response.completed', response: {} }] },
    ]);
    const { deltas, reply } = await collect(provider);
    expect(streamed(deltas, 'thinking.delta')).toBe('one\n\ntworaw');
    expect(reply).toEqual({
      content: [
        { type: 'thinking', text: 'one\n\ntwo', by: 'openai' },
        { type: 'thinking', text: 'raw', by: 'openai' },
        { type: 'thinking', text: '', by: 'openai' },
        { type: 'text', text: 'No.' },
      ],
      stopReason: 'refusal',
      usage: { inputTokens: 3, outputTokens: 4, cacheReadTokens: 0, cacheWriteTokens: 0 },
    });
    expect((await collect(provider)).reply).toEqual({ content: [], stopReason: 'end', usage: undefined });
  });

  it('takes a filter that cut the answer for a refusal', async () => {
    const response = { incomplete_details: { reason: 'content_filter' } };
    const provider = await start('openai', [{ fault: 'raw', events: [{ type: 'response.incomplete', response }] }]);
    expect((await collect(provider)).reply.stopReason).toBe('refusal');
  });

  it.each([
    [{ type: 'response.failed', response: { error: { code: 'server_error', message: 'oops' } } }, 'server'],
    [{ type: 'response.failed', response: { error: { code: 'image_too_large', message: 'oops' } } }, 'invalid_request'],
    [{ type: 'response.failed', response: { error: null } }, 'server'],
    [
      { type: 'error', error: { type: 'invalid_request_error', message: 'context window exceeded' } },
      'context_too_long',
    ],
    [{ type: 'error', code: 'context_length_exceeded', message: 'too long' }, 'context_too_long'],
  ])('reads the failure in %j', async (event, kind) => {
    expect(await failureOf(await start('openai', [{ fault: 'raw', events: [event] }]))).toMatchObject({ kind });
  });
});

describe('Chat Completions', () => {
  it('reads calls of servers that leave out indexes or ids', async () => {
    const fragment = (more: Record<string, unknown>) => chunk({ tool_calls: [more] });
    const provider = await start('openai-chat', [
      {
        fault: 'raw',
        events: [
          fragment({ id: 'a', function: { name: 'read', arguments: '{"p"' } }),
          fragment({ function: { arguments: ':1}' } }),
          fragment({ id: 'b', function: { name: 'list' } }),
          fragment({ id: 'b', function: { arguments: '{}' } }),
          fragment({ index: 5, function: { name: 'odd', arguments: '' } }),
          chunk({}, 'stop'),
        ],
      },
    ]);
    const { reply } = await collect(provider);
    expect(reply).toMatchObject({
      content: [
        { callId: 'a', name: 'read', input: { p: 1 } },
        { callId: 'b', name: 'list', input: {} },
        { callId: expect.stringMatching(/^call_.{36}$/) as string, name: 'odd', input: {} },
      ],
      stopReason: 'tool_calls',
      usage: undefined,
    });
  });

  it('reads reasoning under its other name, refusals, and counts without details', async () => {
    const provider = await start('openai-chat', [
      {
        fault: 'raw',
        events: [
          chunk({ reasoning: 'why' }),
          chunk({ refusal: 'No.' }),
          chunk({}, 'stop'),
          { choices: [], usage: { prompt_tokens: 3, completion_tokens: 4 } },
        ],
      },
    ]);
    expect((await collect(provider)).reply).toEqual({
      content: [
        { type: 'thinking', text: 'why', by: 'openai' },
        { type: 'text', text: 'No.' },
      ],
      stopReason: 'refusal',
      usage: { inputTokens: 3, outputTokens: 4, cacheReadTokens: 0, cacheWriteTokens: 0 },
    });
  });

  it.each([
    [{ code: 502, message: 'upstream' }, 'server'],
    [{ code: 429, message: 'slow' }, 'rate_limit'],
    [{ type: 'overloaded_error', message: 'busy' }, 'overloaded'],
    ['The prompt is too long', 'server'],
  ])('reads the failure in %j', async (error, kind) => {
    expect(await failureOf(await start('openai-chat', [{ fault: 'raw', events: [{ error }] }]))).toMatchObject({
      kind,
    });
  });

  it.each([
    [
      { error: { code: 'insufficient_quota', message: 'You exceeded your quota' } },
      429,
      'invalid_request',
      'your quota',
    ],
    [{ error: 'model "x" not found' }, 404, 'not_found', 'model "x" not found'],
    [{ message: 'odd' }, 400, 'invalid_request', '400: odd'],
    [{ object: 'error', message: 'maximum context length is 9' }, 400, 'context_too_long', 'is 9'],
    ['null', 400, 'invalid_request', '400'],
  ])('reads the error body %j of %i', async (body, status, kind, words) => {
    const error = await failureOf(await start('openai-chat', [{ fault: 'status', status, body }]));
    expect(error).toMatchObject({ kind, retryable: false, message: expect.stringContaining(words) as string });
  });

  it('tells OpenAI its limit by the newer name', () => {
    expect(chatBody(hello, 'gpt', { ...noQuirks, maxTokens: 'max_completion_tokens' })).toMatchObject({
      max_completion_tokens: 100,
    });
    expect(chatBody(hello, 'gpt', { ...noQuirks, maxTokens: 'max_completion_tokens' })).not.toHaveProperty(
      'max_tokens',
    );
  });

  it('sends calls without words as such', async () => {
    const provider = await start('openai-chat', [{ text: 'ok' }]);
    await collect(provider, after([{ type: 'tool_call', callId: 'c', name: 'list', input: {} }]));
    expect(bodyOf(0).messages).toMatchObject([{}, { content: null, tool_calls: [{ id: 'c' }] }, {}]);
  });

  it('needs no key where the server is not OpenAI, and names its organisation where one is set', async () => {
    server = await wireServer([{ text: 'ok' }]);
    const env = { OPENAI_BASE_URL: `${server.url}/v1`, OPENAI_ORG_ID: 'org', OPENAI_PROJECT_ID: 'proj' };
    await collect(openaiSetup(testHost(env)).providers!['openai-chat']!('llama3'));
    expect(server.requests[0]?.headers).toMatchObject({
      authorization: 'Bearer none',
      'openai-organization': 'org',
      'openai-project': 'proj',
    });
  });
});
