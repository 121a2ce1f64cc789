import type { Manifest, ParameterName, ProviderManifest } from 'llm-copilot-agent';

/** What a server does otherwise than OpenAI's own Chat Completions API, as it was documented or seen. */
export interface Quirks {
  /** The name of the output limit; the newer one is unknown to most servers, some refuse what they do not know. */
  maxTokens: 'max_tokens' | 'max_completion_tokens';
  /** Whether it knows `stream_options`; those that do not report usage anyway. */
  streamOptions: boolean;
  /** Whether it knows `parallel_tool_calls`. */
  parallelToolCalls: boolean;
  seed: 'seed' | 'random_seed';
  /** Sampling parameters it takes beyond OpenAI's. */
  parameters: readonly ParameterName[];
  /** It refuses a user's words right after the results of calls: the model has to speak in between. */
  speaksAfterResults: boolean;
  /** How reasoning goes back to it, if at all; `google` are signatures on calls. */
  reasoning: 'reasoning_content' | 'google' | undefined;
}

/** A server that speaks an API of OpenAI: what it is called, where it is, and what is special about it. */
export interface Preset extends ProviderManifest {
  /** How it is called in messages; the host's name when left out, for nobody knows which server it is. */
  title?: string;
  baseUrl: string;
  /** The variable that says it is elsewhere. */
  urlEnv: string;
  keyPage?: string;
  quirks?: Partial<Quirks>;
  /** What holds for all its models, under the tables. */
  capabilities?: Manifest;
  /** What to do about a model it does not have; `{model}` stands for its name. */
  missingModel?: string;
  embeddings?: { defaultModel: string; maxBatch: number; base64?: true };
}

const sampling = { supported: true, min: 0, max: 2 };
const penalty = { supported: true, min: -2, max: 2 };
const topP = { supported: true, min: 0, max: 1 };
const usual: Manifest = {
  features: { json_mode: true, json_schema: true, seed_support: true },
  parameters: { temperature: sampling, top_p: topP, frequency_penalty: penalty, presence_penalty: penalty },
};
const window = (max_context_window: number, max_output_tokens: number): Manifest => ({
  constraints: { tokens: { max_context_window, max_output_tokens } },
});

// Where they were read, on 2026-11-27: models and fields at docs.ollama.com/api/openai-compatibility,
// lmstudio.ai/docs/developer/openai-compat, docs.vllm.ai (OpenAI-compatible server), openrouter.ai/docs,
// console.groq.com/docs/models and /docs/openai, docs.mistral.ai/api, api-docs.deepseek.com (quick_start/pricing and
// guides/thinking_mode), ai.google.dev/gemini-api/docs/openai; names of variables as aider and LiteLLM use them.
/** Every preset, in the order they are shown. */
export const presets: readonly Preset[] = [
  {
    name: 'openrouter',
    title: 'OpenRouter',
    keyEnv: ['OPENROUTER_API_KEY'],
    keyPage: 'https://openrouter.ai/settings/keys',
    baseUrl: 'https://openrouter.ai/api/v1',
    urlEnv: 'OPENROUTER_BASE_URL',
    defaultModel: 'anthropic/claude-sonnet-5',
    quirks: { parameters: ['top_k', 'repetition_penalty'] },
    capabilities: { ...usual, ...window(128_000, 8192) },
  },
  {
    name: 'groq',
    title: 'Groq',
    keyEnv: ['GROQ_API_KEY'],
    keyPage: 'https://console.groq.com/keys',
    baseUrl: 'https://api.groq.com/openai/v1',
    urlEnv: 'GROQ_BASE_URL',
    defaultModel: 'openai/gpt-oss-120b',
    quirks: { maxTokens: 'max_completion_tokens' },
    capabilities: {
      features: { json_mode: true, seed_support: true },
      parameters: { temperature: sampling, top_p: topP },
      ...window(131_072, 32_768),
    },
  },
  {
    name: 'mistral',
    title: 'Mistral',
    keyEnv: ['MISTRAL_API_KEY'],
    keyPage: 'https://console.mistral.ai/api-keys',
    baseUrl: 'https://api.mistral.ai/v1',
    urlEnv: 'MISTRAL_BASE_URL',
    defaultModel: 'mistral-medium-latest',
    quirks: { streamOptions: false, seed: 'random_seed', speaksAfterResults: true },
    capabilities: {
      ...usual,
      constraints: {
        tokens: { max_context_window: 128_000, max_output_tokens: 16_384 },
        messages: { tool_call_id: '[a-zA-Z0-9]{9}' },
      },
    },
    // At most 16,384 tokens in one call.
    embeddings: { defaultModel: 'mistral-embed', maxBatch: 16 },
  },
  {
    name: 'deepseek',
    title: 'DeepSeek',
    keyEnv: ['DEEPSEEK_API_KEY'],
    keyPage: 'https://platform.deepseek.com/api_keys',
    baseUrl: 'https://api.deepseek.com/v1',
    urlEnv: 'DEEPSEEK_BASE_URL',
    defaultModel: 'deepseek-flash',
    quirks: { parallelToolCalls: false, reasoning: 'reasoning_content' },
    capabilities: {
      features: { json_mode: true, thinking: true, prompt_caching: true },
      parameters: { temperature: sampling, top_p: topP },
      ...window(1_000_000, 65_536),
    },
  },
  {
    name: 'gemini-openai',
    title: 'Gemini',
    keyEnv: ['GEMINI_API_KEY'],
    keyPage: 'https://aistudio.google.com/apikey',
    table: 'gemini',
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta/openai',
    urlEnv: 'GEMINI_OPENAI_BASE_URL',
    defaultModel: 'gemini-3.8-flash',
    quirks: { parallelToolCalls: false, reasoning: 'google' },
    capabilities: { features: { json_mode: true, json_schema: true } },
  },
  {
    name: 'ollama',
    title: 'Ollama',
    keyEnv: [],
    optionalKeyEnv: ['OLLAMA_API_KEY'],
    baseUrl: 'http://127.0.0.1:11434/v1',
    urlEnv: 'OLLAMA_HOST',
    local: { url: 'http://127.0.0.1:11434/api/tags', urlEnv: 'OLLAMA_HOST' },
    defaultModel: 'gpt-oss:20b',
    quirks: { parallelToolCalls: false },
    capabilities: usual,
    missingModel: 'Fetch it with "ollama pull {model}", or see what is there with "ollama list".',
    embeddings: { defaultModel: 'nomic-embed-text', maxBatch: 64 },
  },
  {
    name: 'lmstudio',
    title: 'LM Studio',
    keyEnv: [],
    optionalKeyEnv: ['LM_STUDIO_API_KEY'],
    baseUrl: 'http://127.0.0.1:1234/v1',
    urlEnv: 'LM_STUDIO_API_BASE',
    local: { url: 'http://127.0.0.1:1234/v1/models', urlEnv: 'LM_STUDIO_API_BASE' },
    defaultModel: 'openai/gpt-oss-20b',
    quirks: { parallelToolCalls: false, parameters: ['top_k'] },
    // It takes a schema, but no plain JSON mode.
    capabilities: { ...usual, features: { json_schema: true, seed_support: true } },
    missingModel: 'Fetch it with "lms get {model}", or see what is there with "lms ls".',
    embeddings: { defaultModel: 'text-embedding-nomic-embed-text-v1.5', maxBatch: 64 },
  },
  {
    name: 'vllm',
    title: 'vLLM',
    keyEnv: [],
    optionalKeyEnv: ['VLLM_API_KEY'],
    baseUrl: 'http://127.0.0.1:8000/v1',
    urlEnv: 'VLLM_BASE_URL',
    defaultModel: 'openai/gpt-oss-20b',
    quirks: { parameters: ['top_k', 'repetition_penalty'] },
    capabilities: usual,
    missingModel: 'vLLM serves the models it was started with: see /v1/models, or start "vllm serve {model}".',
    embeddings: { defaultModel: 'BAAI/bge-m3', maxBatch: 64 },
  },
];

/** OpenAI's own two APIs, and any other server through `OPENAI_BASE_URL`. */
export const openai: readonly Preset[] = [
  {
    // Default read from https://developers.openai.com/api/docs/models/gpt-6.2-sol on 2026-11-21.
    name: 'openai',
    keyEnv: ['OPENAI_API_KEY'],
    keyPage: 'https://platform.openai.com/api-keys',
    baseUrl: 'https://api.openai.com/v1',
    urlEnv: 'OPENAI_BASE_URL',
    settingsEnv: ['OPENAI_ORG_ID', 'OPENAI_PROJECT_ID'],
    defaultModel: 'gpt-6.2-sol',
    capabilities: { features: { json_mode: true, json_schema: true } },
    embeddings: { defaultModel: 'text-embedding-3-small', maxBatch: 256, base64: true },
  },
  {
    // Newer models of OpenAI itself call tools only through Responses (their model pages, read 2026-11-21).
    name: 'openai-chat',
    keyEnv: ['OPENAI_API_KEY'],
    keyPage: 'https://platform.openai.com/api-keys',
    table: 'openai',
    baseUrl: 'https://api.openai.com/v1',
    urlEnv: 'OPENAI_BASE_URL',
    settingsEnv: ['OPENAI_ORG_ID', 'OPENAI_PROJECT_ID'],
    defaultModel: 'gpt-5.4',
    capabilities: { features: { json_mode: true, json_schema: true, seed_support: true } },
  },
];

/** Azure's deployments of OpenAI's models; a model's name is that of a deployment. */
export const azure: Preset = {
  name: 'azure-openai',
  title: 'Azure OpenAI',
  keyEnv: ['AZURE_OPENAI_API_KEY', 'AZURE_OPENAI_AD_TOKEN'],
  keyPage: 'https://ai.azure.com (the resource, Keys and Endpoint)',
  table: 'openai',
  baseUrl: '',
  urlEnv: 'AZURE_OPENAI_ENDPOINT',
  settingsEnv: ['OPENAI_API_VERSION', 'AZURE_OPENAI_API_VERSION'],
  defaultModel: 'gpt-5.4',
  quirks: { maxTokens: 'max_completion_tokens' },
  capabilities: { features: { json_mode: true, json_schema: true, seed_support: true } },
  missingModel: 'The model is the name of a deployment of the resource: azure-openai/<deployment>. Is "{model}" one?',
  embeddings: { defaultModel: 'text-embedding-3-small', maxBatch: 256, base64: true },
};

/** What is so where a preset says nothing. */
export const noQuirks: Quirks = {
  maxTokens: 'max_tokens',
  streamOptions: true,
  parallelToolCalls: true,
  seed: 'seed',
  parameters: [],
  speaksAfterResults: false,
  reasoning: undefined,
};
