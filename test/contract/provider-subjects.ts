// The providers the contract is held against, and how to talk to them.
import anthropicPlugin from '../../plugins/anthropic/index.ts';
import geminiPlugin from '../../plugins/gemini/index.ts';
import openaiPlugin from '../../plugins/openai/index.ts';
import { userMessage } from '../../src/core/message.ts';
import type { Manifest } from '../../src/core/capabilities.ts';
import type { Delta, ModelProvider, Reply, Request } from '../../src/core/provider.ts';
import { testHost } from '../support/wire/host.ts';
import type { bodies } from './provider-bodies.ts';

/** A provider under contract. */
export interface Subject {
  name: string;
  /** Whose protocol it speaks. */
  wire: keyof typeof bodies;
  plugin: typeof anthropicPlugin;
  env: (url: string) => Record<string, string>;
  keyEnv: string;
  /** It works without a key. */
  keyless?: true;
  urlEnv: string;
  /** What differs from the protocol's body of {@link everything}. */
  differs?: (body: Record<string, unknown>) => Record<string, unknown>;
  path: string;
  /** What a 400 says when the prompt is too long. */
  tooLong: unknown;
  /** The code that says in the middle of a stream that the limit is reached. */
  rateLimited: string;
}

const openaiEnv = (url: string) => ({ OPENAI_API_KEY: 'key', OPENAI_BASE_URL: `${url}/v1/` });
const chatSubject = (
  name: string,
  keyEnv: string,
  urlEnv: string,
  base: string,
  more: Partial<Subject> = {},
): Subject => ({
  name,
  wire: 'openai-chat',
  plugin: openaiPlugin,
  env: (url) => ({ [keyEnv]: 'key', [urlEnv]: `${url}${base}/` }),
  keyEnv,
  urlEnv,
  path: `${base}/chat/completions`,
  tooLong: { error: { code: 400, message: "This model's maximum context length is 4096 tokens." } },
  rateLimited: 'rate_limit_exceeded',
  ...more,
});

const limitedByNewName = ({ max_tokens, ...body }: Record<string, unknown>): Record<string, unknown> => ({
  ...body,
  max_completion_tokens: max_tokens,
});

const forMistral = ({ stream_options: _, ...body }: Record<string, unknown>): Record<string, unknown> => {
  const messages = body.messages as { role: string }[];
  const bridge = { role: 'assistant', content: 'I have the results.' };
  return { ...body, messages: [...messages.slice(0, -1), bridge, ...messages.slice(-1)] };
};

const contextLength = {
  error: { code: 'context_length_exceeded', message: 'Your input exceeds the context window of this model.' },
};
/** Every provider. */
export const subjects: Subject[] = [
  {
    name: 'anthropic',
    wire: 'anthropic',
    plugin: anthropicPlugin,
    env: (url) => ({ ANTHROPIC_API_KEY: 'key', ANTHROPIC_BASE_URL: `${url}/` }),
    keyEnv: 'ANTHROPIC_API_KEY',
    urlEnv: 'ANTHROPIC_BASE_URL',
    path: '/v1/messages',
    tooLong: {
      error: { type: 'invalid_request_error', message: 'prompt is too long: 200001 tokens > 200000 maximum' },
    },
    rateLimited: 'rate_limit_error',
  },
  {
    name: 'openai',
    wire: 'openai',
    plugin: openaiPlugin,
    env: openaiEnv,
    keyEnv: 'OPENAI_API_KEY',
    urlEnv: 'OPENAI_BASE_URL',
    path: '/v1/responses',
    tooLong: contextLength,
    rateLimited: 'rate_limit_exceeded',
  },
  chatSubject('openai-chat', 'OPENAI_API_KEY', 'OPENAI_BASE_URL', '/v1'),
  chatSubject('azure-openai', 'AZURE_OPENAI_API_KEY', 'AZURE_OPENAI_ENDPOINT', '', {
    path: '/openai/deployments/test-model/chat/completions?api-version=2024-10-21',
    differs: limitedByNewName,
  }),
  chatSubject('openrouter', 'OPENROUTER_API_KEY', 'OPENROUTER_BASE_URL', '/api/v1'),
  chatSubject('groq', 'GROQ_API_KEY', 'GROQ_BASE_URL', '/openai/v1', { differs: limitedByNewName }),
  chatSubject('mistral', 'MISTRAL_API_KEY', 'MISTRAL_BASE_URL', '/v1', { differs: forMistral }),
  chatSubject('ollama', 'OLLAMA_API_KEY', 'OLLAMA_HOST', '', { keyless: true, path: '/v1/chat/completions' }),
  {
    name: 'gemini',
    wire: 'gemini',
    plugin: geminiPlugin,
    env: (url) => ({ GEMINI_API_KEY: 'key', GEMINI_BASE_URL: `${url}/` }),
    keyEnv: 'GEMINI_API_KEY',
    urlEnv: 'GEMINI_BASE_URL',
    path: '/v1beta/models/test-model:streamGenerateContent?alt=sse',
    tooLong: {
      error: {
        code: 400,
        message: 'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).',
        status: 'INVALID_ARGUMENT',
      },
    },
    rateLimited: 'RESOURCE_EXHAUSTED',
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
