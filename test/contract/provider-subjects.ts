// The providers the contract is held against, and how to talk to them.
import anthropicPlugin from '../../plugins/anthropic/index.ts';
import openaiPlugin from '../../plugins/openai/index.ts';
import { userMessage } from '../../src/core/message.ts';
import type { Manifest } from '../../src/core/capabilities.ts';
import type { Delta, ModelProvider, Reply, Request } from '../../src/core/provider.ts';
import { testHost } from '../support/wire/host.ts';
import type { bodies } from './provider-bodies.ts';

/** A provider under contract. */
export interface Subject {
  name: keyof typeof bodies;
  plugin: typeof anthropicPlugin;
  env: (url: string) => Record<string, string>;
  keyEnv: string;
  path: string;
  /** What a 400 says when the prompt is too long. */
  tooLong: unknown;
  /** The code that says in the middle of a stream that the limit is reached. */
  rateLimited: string;
}

const openaiEnv = (url: string) => ({ OPENAI_API_KEY: 'key', OPENAI_BASE_URL: `${url}/v1/` });
const contextLength = {
  error: { code: 'context_length_exceeded', message: 'Your input exceeds the context window of this model.' },
};
/** Every provider. */
export const subjects: Subject[] = [
  {
    name: 'anthropic',
    plugin: anthropicPlugin,
    env: (url) => ({ ANTHROPIC_API_KEY: 'key', ANTHROPIC_BASE_URL: `${url}/` }),
    keyEnv: 'ANTHROPIC_API_KEY',
    path: '/v1/messages',
    tooLong: {
      error: { type: 'invalid_request_error', message: 'prompt is too long: 200001 tokens > 200000 maximum' },
    },
    rateLimited: 'rate_limit_error',
  },
  {
    name: 'openai',
    plugin: openaiPlugin,
    env: openaiEnv,
    keyEnv: 'OPENAI_API_KEY',
    path: '/v1/responses',
    tooLong: contextLength,
    rateLimited: 'rate_limit_exceeded',
  },
  {
    name: 'openai-chat',
    plugin: openaiPlugin,
    env: openaiEnv,
    keyEnv: 'OPENAI_API_KEY',
    path: '/v1/chat/completions',
    tooLong: { error: { code: 400, message: "This model's maximum context length is 4096 tokens." } },
    rateLimited: 'rate_limit_exceeded',
  },
];

/** What the host knows and allows. */
export interface Settings {
  model?: Manifest;
  stallTimeoutMs?: number;
}

/** A provider for `test-model`. */
export const make = async (
  subject: Subject,
  env: Record<string, string>,
  more: Settings = {},
): Promise<ModelProvider> => {
  const loaded = await subject.plugin.load();
  const provider = loaded.setup(testHost(env, more)).providers?.[subject.name];
  if (!provider) throw new Error(`no provider ${subject.name}`);
  return provider('test-model');
};

/** The smallest request. */
export const hello: Request = { system: '', tools: [], messages: [userMessage('hi')], maxOutputTokens: 100 };

/** Reads an answer to its end. */
export const collect = async (
  provider: ModelProvider,
  request: Request = hello,
  signal = new AbortController().signal,
): Promise<{ deltas: Delta[]; reply: Reply }> => {
  const deltas: Delta[] = [];
  const stream = provider.stream(request, signal);
  for (;;) {
    const step = await stream.next();
    if (step.done) return { deltas, reply: step.value };
    deltas.push(step.value);
  }
};

/** All text of one kind that was streamed. */
export const streamed = (deltas: readonly Delta[], type: 'text.delta' | 'thinking.delta'): string =>
  deltas.map((delta) => (delta.type === type ? delta.text : '')).join('');
