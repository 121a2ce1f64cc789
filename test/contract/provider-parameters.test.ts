// Everything a request may ask for beside the conversation, on each wire.
import { afterEach, describe, expect, it } from 'vitest';
import type { Manifest } from '../../src/core/capabilities.ts';
import type { Request } from '../../src/core/provider.ts';
import { wireServer, type WireServer } from '../support/wire/wire-server.ts';
import { collect, hello, make, subjects } from './provider-subjects.ts';

let server: WireServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const sent = async (name: string, request: Partial<Request>, model: Manifest = {}): Promise<unknown> => {
  server = await wireServer([{ text: '{}' }]);
  const subject = subjects.find((one) => one.name === name)!;
  await collect(await make(subject, subject.env(server.url), { model }), { ...hello, ...request });
  return server.requests[0]!.body;
};

const schema = { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] };
const tool = { name: 'read', description: 'Reads.', inputSchema: { type: 'object' } };
const all: Partial<Request> = {
  tools: [tool],
  parameters: {
    temperature: 0.2,
    top_p: 0.9,
    top_k: 40,
    frequency_penalty: 0.5,
    presence_penalty: -0.5,
    repetition_penalty: 1.1,
  },
  stop: ['END', '###'],
  seed: 7,
  output: { type: 'json_schema', name: 'answer', schema },
  parallelTools: false,
};
const jsonFormat = { type: 'json_schema', name: 'answer', schema, strict: false };
const chatTool = {
  type: 'function',
  function: { name: 'read', description: 'Reads.', parameters: { type: 'object' } },
};
const chatMessages = [{ role: 'user', content: 'hi' }];
const chatWhole = {
  model: 'test-model',
  max_tokens: 100,
  stream: true,
  stream_options: { include_usage: true },
  temperature: 0.2,
  top_p: 0.9,
  frequency_penalty: 0.5,
  presence_penalty: -0.5,
  stop: ['END', '###'],
  seed: 7,
  response_format: { type: 'json_schema', json_schema: { name: 'answer', schema, strict: false } },
  tools: [chatTool],
  parallel_tool_calls: false,
  messages: chatMessages,
};

describe('a request with parameters, stops, a seed, a form and calls one by one', () => {
  it('is whole in Chat Completions', async () => {
    expect(await sent('openai-chat', all)).toEqual(chatWhole);
  });

  it('has what OpenRouter takes beyond that', async () => {
    expect(await sent('openrouter', all)).toEqual({ ...chatWhole, top_k: 40, repetition_penalty: 1.1 });
  });

  it("has Mistral's name for the seed, and nothing it would refuse", async () => {
    const { stream_options: _, seed, ...rest } = chatWhole;
    expect(await sent('mistral', all)).toEqual({ ...rest, random_seed: seed });
  });

  it('says nothing of parallel calls to Ollama, which does not know them', async () => {
    const { parallel_tool_calls: _, ...rest } = chatWhole;
    expect(await sent('ollama', all)).toEqual(rest);
  });

  it('has in Responses what that API knows', async () => {
    expect(await sent('openai', all)).toEqual({
      model: 'test-model',
      max_output_tokens: 100,
      stream: true,
      store: false,
      temperature: 0.2,
      top_p: 0.9,
      text: { format: jsonFormat },
      tools: [{ type: 'function', name: 'read', description: 'Reads.', parameters: { type: 'object' }, strict: false }],
      parallel_tool_calls: false,
      input: [{ role: 'user', content: [{ type: 'input_text', text: 'hi' }] }],
    });
  });

  it("has in Anthropic's Messages what that API knows, and no thinking, which would exclude it", async () => {
    expect(await sent('anthropic', all, { features: { json_schema: true, thinking: true } })).toEqual({
      model: 'test-model',
      max_tokens: 100,
      stream: true,
      temperature: 0.2,
      top_p: 0.9,
      top_k: 40,
      stop_sequences: ['END', '###'],
      output_config: { format: { type: 'json_schema', schema } },
      tools: [
        {
          name: 'read',
          description: 'Reads.',
          input_schema: { type: 'object' },
          cache_control: { type: 'ephemeral' },
        },
      ],
      tool_choice: { type: 'auto', disable_parallel_tool_use: true },
      messages: [{ role: 'user', content: [{ type: 'text', text: 'hi', cache_control: { type: 'ephemeral' } }] }],
    });
  });
});

describe('Anthropic', () => {
  it('asks for a schema only where the model knows them, and never for JSON of any form', async () => {
    expect(await sent('anthropic', { output: { type: 'json_schema', name: 'a', schema } })).not.toHaveProperty(
      'output_config',
    );
    await server?.close();
    const json = await sent('anthropic', { output: { type: 'json' } }, { features: { json_schema: true } });
    expect(json).not.toHaveProperty('output_config');
  });

  it('goes on thinking with parameters that let it', async () => {
    const gentle = { parameters: { temperature: 1, top_p: 0.95 }, stop: ['  '] };
    const body = await sent('anthropic', gentle, { features: { thinking: true } });
    expect(body).toMatchObject({ thinking: { type: 'adaptive' }, temperature: 1, top_p: 0.95 });
    // The API refuses stops of nothing but white space.
    expect(body).not.toHaveProperty('stop_sequences');
  });
});

it.each([
  ['openai-chat', { response_format: { type: 'json_object' } }],
  ['openai', { text: { format: { type: 'json_object' } } }],
])('JSON of any form is asked for by its own name: %s', async (name, format) => {
  expect(await sent(name, { output: { type: 'json' } })).toMatchObject(format);
});

it.each(['openai-chat', 'openai', 'anthropic'])(
  'without tools %s is told nothing of how to call them',
  async (name) => {
    const body = await sent(name, { parallelTools: false, stop: [], parameters: {} });
    for (const field of ['parallel_tool_calls', 'tool_choice', 'stop', 'stop_sequences', 'temperature', 'seed'])
      expect(body).not.toHaveProperty(field);
  },
);
