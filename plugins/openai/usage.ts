import type { Usage } from 'llm-copilot-agent';

/** What a server reports, whatever it calls things; anything may be missing, null or of another type. */
export type Reported = Readonly<Record<string, unknown>>;

const isTable = (value: unknown): value is Reported => typeof value === 'object' && value !== null;

const countIn = (table: unknown, ...names: readonly string[]): number => {
  if (!isTable(table)) return 0;
  for (const name of names) {
    const value = table[name];
    if (typeof value === 'number' && Number.isFinite(value) && value > 0) return Math.round(value);
  }
  return 0;
};

/**
 * Tokens as Chat Completions and Responses servers report them; undefined when it is no report at all. Input leaves the
 * cache out. Where the total is more than its parts (Gemini, xAI), the rest is reasoning that was paid as output.
 */
export const usageOf = (reported: unknown): Usage | undefined => {
  if (!isTable(reported)) return undefined;
  const ofInput = reported.prompt_tokens_details ?? reported.input_tokens_details ?? reported.prompt_token_details;
  const ofOutput = reported.completion_tokens_details ?? reported.output_tokens_details;
  const input = countIn(reported, 'prompt_tokens', 'input_tokens');
  const named = countIn(reported, 'completion_tokens', 'output_tokens');
  const outputTokens = Math.max(named, countIn(reported, 'total_tokens') - input);
  // DeepSeek and Mistral also have names of their own.
  const cacheReadTokens =
    countIn(ofInput, 'cached_tokens') || countIn(reported, 'prompt_cache_hit_tokens', 'num_cached_tokens');
  const cacheWriteTokens = countIn(ofInput, 'cache_write_tokens');
  // Some servers count it outside of the answer.
  const reasoningTokens = Math.min(
    outputTokens,
    countIn(ofOutput, 'reasoning_tokens') || countIn(reported, 'reasoning_tokens') || outputTokens - named,
  );
  return {
    inputTokens: Math.max(0, input - cacheReadTokens - cacheWriteTokens),
    outputTokens,
    cacheReadTokens,
    cacheWriteTokens,
    ...(reasoningTokens > 0 && { reasoningTokens }),
  };
};
