// What servers report, as they reported it (documentation and issues, read 2026-11-27), and what it means.
import { expect, it } from 'vitest';
import { usageOf } from '../../plugins/openai/usage.ts';

const none = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };

it.each([
  [
    'OpenAI, Chat Completions',
    {
      prompt_tokens: 2006,
      completion_tokens: 300,
      total_tokens: 2306,
      prompt_tokens_details: { cached_tokens: 1920, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 192, accepted_prediction_tokens: 0 },
    },
    { inputTokens: 86, outputTokens: 300, cacheReadTokens: 1920, reasoningTokens: 192 },
  ],
  [
    'OpenAI, Responses',
    {
      input_tokens: 75,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: 1186,
      output_tokens_details: { reasoning_tokens: 1024 },
      total_tokens: 1261,
    },
    { inputTokens: 75, outputTokens: 1186, reasoningTokens: 1024 },
  ],
  [
    'DeepSeek',
    {
      prompt_tokens: 20,
      completion_tokens: 7,
      total_tokens: 27,
      prompt_cache_hit_tokens: 12,
      prompt_cache_miss_tokens: 8,
      completion_tokens_details: { reasoning_tokens: 5 },
    },
    { inputTokens: 8, outputTokens: 7, cacheReadTokens: 12, reasoningTokens: 5 },
  ],
  [
    'DeepSeek, with both spellings',
    {
      prompt_tokens: 8537,
      completion_tokens: 1,
      total_tokens: 8538,
      prompt_tokens_details: { cached_tokens: 7936 },
      prompt_cache_hit_tokens: 7936,
      prompt_cache_miss_tokens: 601,
    },
    { inputTokens: 601, outputTokens: 1, cacheReadTokens: 7936 },
  ],
  [
    'Mistral',
    {
      prompt_audio_seconds: null,
      prompt_tokens: 3021,
      total_tokens: 3082,
      completion_tokens: 61,
      request_count: null,
      num_cached_tokens: 2944,
      prompt_tokens_details: null,
      prompt_token_details: { cached_tokens: 2944 },
    },
    { inputTokens: 77, outputTokens: 61, cacheReadTokens: 2944 },
  ],
  [
    'Groq',
    {
      queue_time: 0.037493756,
      prompt_tokens: 18,
      prompt_time: 0.000680594,
      completion_tokens: 556,
      completion_time: 0.463333333,
      total_tokens: 574,
      total_time: 0.464013927,
      prompt_tokens_details: { cached_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 503 },
    },
    { inputTokens: 18, outputTokens: 556, reasoningTokens: 503 },
  ],
  [
    'OpenRouter',
    {
      completion_tokens: 2,
      completion_tokens_details: { reasoning_tokens: 0 },
      cost: 0.95,
      cost_details: { upstream_inference_cost: 19 },
      prompt_tokens: 194,
      prompt_tokens_details: { cached_tokens: 0, cache_write_tokens: 100, audio_tokens: 0 },
      total_tokens: 196,
    },
    { inputTokens: 94, outputTokens: 2, cacheWriteTokens: 100 },
  ],
  [
    'vLLM',
    { prompt_tokens: 15, total_tokens: 45, completion_tokens: 30, prompt_tokens_details: null },
    { inputTokens: 15, outputTokens: 30 },
  ],
  ['Ollama', { prompt_tokens: 26, completion_tokens: 298, total_tokens: 324 }, { inputTokens: 26, outputTokens: 298 }],
  [
    'Gemini, which leaves thoughts out of the completion',
    { completion_tokens: 198, prompt_tokens: 20, total_tokens: 623 },
    { inputTokens: 20, outputTokens: 603, reasoningTokens: 405 },
  ],
  [
    'a gateway to Gemini, where nothing but thoughts came',
    {
      completion_tokens: 0,
      total_tokens: 81,
      prompt_tokens: 21,
      completion_tokens_details: { reasoning_tokens: 60 },
    },
    { inputTokens: 21, outputTokens: 60, reasoningTokens: 60 },
  ],
  [
    'xAI',
    {
      prompt_tokens: 125,
      completion_tokens: 48,
      total_tokens: 173,
      prompt_tokens_details: { text_tokens: 125, audio_tokens: 0, image_tokens: 0, cached_tokens: 98 },
      completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
    },
    { inputTokens: 27, outputTokens: 48, cacheReadTokens: 98 },
  ],
  ['numbers that are none', { prompt_tokens: '9', completion_tokens: -4, total_tokens: NaN }, {}],
  [
    'a cache larger than the prompt',
    { prompt_tokens: 5, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 9 } },
    { outputTokens: 1, cacheReadTokens: 9 },
  ],
] as const)('what %s reports is counted once and by its kind', (_server, reported, expected) => {
  expect(usageOf(reported)).toEqual({ ...none, ...expected });
});

it('something that is no report counts as none', () => {
  for (const nothing of [null, undefined, 7, 'usage']) expect(usageOf(nothing)).toBeUndefined();
});
