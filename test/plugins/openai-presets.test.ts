// Servers that speak Chat Completions, each with its own ways.
import { afterEach, describe, expect, it } from 'vitest';
import plugin from '../../plugins/openai/index.ts';
import { connectionOf } from '../../plugins/openai/connection.ts';
import { presets } from '../../plugins/openai/presets.ts';
import { setup } from '../../plugins/openai/provider.ts';
import { userMessage, type Message } from '../../src/core/message.ts';
import type { ModelProvider } from '../../src/core/provider.ts';
import { collect, hello } from '../contract/provider-subjects.ts';
import { testHost } from '../support/wire/host.ts';
import { wireServer, type Script, type WireServer } from '../support/wire/wire-server.ts';

let server: WireServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const presetOf = (name: string) => presets.find((one) => one.name === name)!;
const start = async (name: string, script: Script, model = 'm'): Promise<ModelProvider> => {
  server = await wireServer(script);
  const { keyEnv, urlEnv } = presetOf(name);
  const env = { [urlEnv]: `${server.url}/v1`, ...(keyEnv[0] !== undefined && { [keyEnv[0]]: 'key' }) };
  return setup(testHost(env)).providers![name]!(model);
};
const sent = (index: number): { messages: Record<string, unknown>[] } =>
  server!.requests[index]!.body as { messages: Record<string, unknown>[] };
const after = (content: Message['content']): Message[] => [
  userMessage('hi'),
  { role: 'assistant', content },
  {
    role: 'user',
    content: content.flatMap((block) =>
      block.type === 'tool_call'
        ? [{ type: 'tool_result' as const, callId: block.callId, content: [], isError: false }]
        : [],
    ),
  },
];

describe('the manifest', () => {
  it('offers OpenAI first and makes everything it names', () => {
    const names = plugin.providers!.map(({ name }) => name);
    expect(names.slice(0, 2)).toEqual(['openai', 'openai-chat']);
    for (const name of ['azure-openai', 'ollama', 'lmstudio', 'vllm', 'openrouter', 'groq', 'mistral', 'deepseek'])
      expect(names).toContain(name);
    const made = setup(testHost({}));
    expect(Object.keys(made.providers!)).toEqual(names);
    expect(Object.keys(made.embedders!)).toEqual(plugin.embedders!.map(({ name }) => name));
  });

  it.each(presets.filter(({ keyEnv }) => keyEnv.length > 0).map(({ name }) => name))(
    '%s without a key says which variable to set, and where a key is to be had',
    (name) => {
      const { keyEnv, title } = presetOf(name);
      expect(() => setup(testHost({ OPENAI_API_KEY: 'other' })).providers![name]!('m')).toThrow(
        expect.objectContaining({
          exitCode: 3,
          message: `No key for ${title}: ${keyEnv[0]} is not set`,
          hint: expect.stringMatching(/^Set \w+ to a key from https:/) as string,
        }),
      );
    },
  );

  it.each(['ollama', 'lmstudio', 'vllm'])('%s needs no key, but sends one that is set', async (name) => {
    await collect(await start(name, [{ text: 'ok' }]));
    expect(server?.requests[0]?.headers.authorization).toBe('Bearer none');
    const { urlEnv, optionalKeyEnv: [keyName = ''] = [] } = presetOf(name);
    const host = testHost({ [urlEnv]: server!.url, [keyName]: 'own', OPENAI_API_KEY: 'not this' });
    await collect(setup(host).providers![name]!('m')).catch(() => undefined);
    expect(server?.requests[1]).toMatchObject({
      path: '/v1/chat/completions',
      headers: { authorization: 'Bearer own' },
    });
  });
});

it.each([
  ['127.0.0.1:11434', 'http://127.0.0.1:11434/v1'],
  ['0.0.0.0', 'http://127.0.0.1:11434/v1'],
  ['0.0.0.0:8080', 'http://127.0.0.1:8080/v1'],
  [':11500', 'http://127.0.0.1:11500/v1'],
  ['gpu.local', 'http://gpu.local:11434/v1'],
  ['http://gpu.local', 'http://gpu.local/v1'],
  ['https://ollama.example/', 'https://ollama.example/v1'],
  ['http://gpu.local:11434/v1/', 'http://gpu.local:11434/v1'],
  ['[::]', 'http://127.0.0.1:11434/v1'],
  ['http://proxy/ollama/v1', 'http://proxy/ollama/v1'],
])('OLLAMA_HOST "%s" means %s', (value, url) => {
  expect(connectionOf(testHost({ OLLAMA_HOST: value }), presetOf('ollama'), 'm').baseUrl).toBe(url);
});

it.each([
  ['ollama', 404, { error: { message: "model 'm' not found, try pulling it first" } }, 'ollama pull m'],
  ['lmstudio', 400, { error: { message: 'Model not found', code: 'model_not_found' } }, 'lms get m'],
  ['vllm', 404, { object: 'error', message: 'The model `m` does not exist.', code: 404 }, 'vllm serve m'],
  ['openrouter', 400, { error: { message: 'm is not a valid model ID', code: 400 } }, '"m"'],
  ['groq', 404, { error: { message: 'The model `m` does not exist', code: 'model_not_found' } }, '"m"'],
  ['mistral', 400, { object: 'error', message: 'Invalid model: m', type: 'invalid_model', code: '1500' }, '"m"'],
  ['deepseek', 400, { error: { message: 'Model Not Exist', type: 'invalid_request_error' } }, '"m"'],
])('%s says with %i that it does not have the model, and what to do', async (name, status, body, words) => {
  await expect(collect(await start(name, [{ fault: 'status', status, body }]))).rejects.toMatchObject({
    kind: 'not_found',
    exitCode: 6,
    hint: expect.stringContaining(words) as string,
  });
});

it("shows Mistral's list of what it does not take", async () => {
  const detail = [{ type: 'extra_forbidden', loc: ['body', 'seed'], msg: 'Extra inputs are not permitted' }];
  const body = { object: 'error', message: { detail }, type: 'invalid_request_error' };
  await expect(collect(await start('mistral', [{ fault: 'status', status: 422, body }]))).rejects.toMatchObject({
    kind: 'invalid_request',
    message: expect.stringContaining('Extra inputs are not permitted') as string,
  });
});

it('learns the size of the window from a refusal', async () => {
  const message = "This model's maximum context length is 131,072 tokens. However, you requested 140000 tokens.";
  const script: Script = [{ fault: 'status', status: 400, body: { error: { message } } }];
  await expect(collect(await start('groq', script))).rejects.toMatchObject({
    kind: 'context_too_long',
    windowTokens: 131_072,
  });
});

it.each(['http', 'ftp'])('never shows the password of an address: %s', async (scheme) => {
  const host = testHost({ VLLM_BASE_URL: `${scheme}://user:hunter%2Fsecret@127.0.0.1:9/v1` });
  const error = await collect(setup(host).providers!.vllm!('m')).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ kind: 'invalid_request', hint: 'Check VLLM_BASE_URL.' });
  expect(String(error)).not.toMatch(/hunter/);
});

describe('DeepSeek', () => {
  const call = { type: 'tool_call', callId: 'c', name: 'read', input: {} } as const;

  it('gets its thoughts back with the calls they led to', async () => {
    const provider = await start('deepseek', [
      { thinking: 'Let me see.', calls: [{ id: 'c', name: 'read' }] },
      { text: 'ok' },
    ]);
    const { reply } = await collect(provider);
    expect(reply.content[0]).toEqual({ type: 'thinking', text: 'Let me see.', by: 'deepseek' });
    await collect(provider, { ...hello, messages: after(reply.content) });
    expect(sent(1).messages[1]).toMatchObject({ reasoning_content: 'Let me see.', tool_calls: [{ id: 'c' }] });
  });

  it('gets an empty thought with calls of other models, and none without calls', async () => {
    const provider = await start('deepseek', [{ text: 'ok' }]);
    const foreign: Message['content'] = [{ type: 'thinking', text: 'not for you', by: 'anthropic' }, call];
    const quiet: Message = {
      role: 'assistant',
      content: [
        { type: 'thinking', text: 'mine', by: 'deepseek' },
        { type: 'text', text: 'so' },
      ],
    };
    await collect(provider, { ...hello, messages: [...after(foreign), quiet, userMessage('and?')] });
    const [, first, , second] = sent(0).messages;
    expect(first).toMatchObject({ reasoning_content: '' });
    expect(second).toEqual({ role: 'assistant', content: 'so' });
  });
});

describe('Gemini through its compatible endpoint', () => {
  const signed = (id: string, thought_signature?: string) => ({
    index: id === 'a' ? 0 : 1,
    id,
    function: { name: 'read', arguments: '{}' },
    ...(thought_signature !== undefined && { extra_content: { google: { thought_signature } } }),
  });

  it('gets the signature of a call back with it', async () => {
    const tool_calls = [signed('a', 'sig+A=='), signed('b')];
    const provider = await start('gemini-openai', [
      { fault: 'raw', events: [{ choices: [{ delta: { tool_calls }, finish_reason: 'tool_calls' }] }, '[DONE]'] },
      { text: 'ok' },
    ]);
    const { reply } = await collect(provider);
    expect(reply.content).toMatchObject([
      { type: 'thinking', text: '', signature: 'sig+A==', by: 'gemini-openai' },
      { type: 'tool_call', callId: 'a' },
      { type: 'tool_call', callId: 'b' },
    ]);
    await collect(provider, { ...hello, messages: after(reply.content) });
    expect(sent(1).messages[1]?.tool_calls).toEqual([
      {
        id: 'a',
        type: 'function',
        function: { name: 'read', arguments: '{}' },
        extra_content: { google: { thought_signature: 'sig+A==' } },
      },
      { id: 'b', type: 'function', function: { name: 'read', arguments: '{}' } },
    ]);
  });

  it('is told which calls another model made, and gets no signature of others', async () => {
    const provider = await start('gemini-openai', [{ text: 'ok' }]);
    const content: Message['content'] = [
      { type: 'thinking', text: 'x', signature: 'claude', by: 'anthropic' },
      { type: 'tool_call', callId: 'a', name: 'read', input: {} },
      { type: 'tool_call', callId: 'b', name: 'read', input: {} },
    ];
    await collect(provider, { ...hello, messages: after(content) });
    const calls = sent(0).messages[1]?.tool_calls as { extra_content?: { google: { thought_signature: string } } }[];
    expect(calls[0]?.extra_content?.google.thought_signature).toBe('skip_thought_signature_validator');
    expect(calls[1]).not.toHaveProperty('extra_content');
  });
});

it('Mistral knows the ids of calls it takes, so that others are given such', () => {
  const host = testHost({ MISTRAL_API_KEY: 'key' });
  const { constraints } = setup(host).providers!.mistral!('m').capabilities();
  expect('abc123XYZ').toMatch(new RegExp(`^(?:${constraints.messages.tool_call_id})$`));
  expect('call_123').not.toMatch(new RegExp(`^(?:${constraints.messages.tool_call_id})$`));
});

it('Groq reports its counts also where only its own field has them', async () => {
  const usage = { prompt_tokens: 38, completion_tokens: 5, total_tokens: 43 };
  const provider = await start('groq', [
    {
      fault: 'raw',
      events: [
        { choices: [{ delta: { content: 'Hi' }, finish_reason: 'stop' }], x_groq: { id: 'req', usage } },
        '[DONE]',
      ],
    },
  ]);
  expect((await collect(provider)).reply.usage).toMatchObject({ inputTokens: 38, outputTokens: 5 });
});
