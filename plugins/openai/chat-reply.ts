import type { ChatCompletionChunk } from 'openai/resources/chat/completions/completions';
import type { CompletionUsage } from 'openai/resources/completions';
import type { Block, Delta, Reply, StopReason, Usage } from 'llm-copilot-agent';
import { parseArguments } from './json.ts';

interface Call {
  index: number | undefined;
  id: string;
  name: string;
  json: string;
}

type Finish = ChatCompletionChunk.Choice['finish_reason'];

/** A Chat Completions stream as it is folded. */
export interface ChatState {
  text: string;
  thinking: string;
  refused: boolean;
  calls: Call[];
  finish: Finish;
  usage: Usage | undefined;
}

/** A stream nothing was read of yet. */
export const chatState = (): ChatState => ({
  text: '',
  thinking: '',
  refused: false,
  calls: [],
  finish: null,
  usage: undefined,
});

/** What servers send beyond OpenAI's own chunks: DeepSeek and vLLM `reasoning_content`, OpenRouter and newer vLLM `reasoning`. */
type AnyDelta = Partial<ChatCompletionChunk.Choice.Delta> & {
  reasoning_content?: string | null;
  reasoning?: string | null;
};

const foldCall = (calls: Call[], fragment: Partial<ChatCompletionChunk.Choice.Delta.ToolCall>): void => {
  const { index, id, function: piece } = fragment;
  // Some servers leave the index out; there a new id begins a new call.
  const known =
    index === undefined
      ? id === undefined || calls.at(-1)?.id === id
        ? calls.at(-1)
        : undefined
      : calls.find((call) => call.index === index);
  const call = known ?? { index, id: id ?? `call_${globalThis.crypto.randomUUID()}`, name: '', json: '' };
  if (!known) calls.push(call);
  call.name ||= piece?.name ?? '';
  call.json += piece?.arguments ?? '';
};

const usageOf = (usage: CompletionUsage): Usage => {
  const cacheReadTokens = usage.prompt_tokens_details?.cached_tokens ?? 0;
  const cacheWriteTokens = usage.prompt_tokens_details?.cache_write_tokens ?? 0;
  const inputTokens = Math.max(0, usage.prompt_tokens - cacheReadTokens - cacheWriteTokens);
  return { inputTokens, outputTokens: usage.completion_tokens, cacheReadTokens, cacheWriteTokens };
};

/** Takes one chunk in. */
export const foldChat = (state: ChatState, chunk: Partial<ChatCompletionChunk>): Delta | undefined => {
  if (chunk.usage) state.usage = usageOf(chunk.usage);
  const choice = chunk.choices?.[0];
  if (!choice) return undefined;
  state.finish = choice.finish_reason ?? state.finish;
  const delta: AnyDelta = choice.delta;
  for (const fragment of delta.tool_calls ?? []) foldCall(state.calls, fragment);
  const thinking = delta.reasoning_content ?? delta.reasoning ?? '';
  state.thinking += thinking;
  state.refused ||= Boolean(delta.refusal);
  const text = `${delta.content ?? ''}${delta.refusal ?? ''}`;
  state.text += text;
  if (text !== '') return { type: 'text.delta', text };
  return thinking === '' ? undefined : { type: 'thinking.delta', text: thinking };
};

const stopOf = (finish: Finish, state: ChatState): StopReason => {
  if (finish === 'length') return 'max_tokens';
  if (finish === 'content_filter' || state.refused) return 'refusal';
  return state.calls.length > 0 ? 'tool_calls' : 'end';
};

/** The reply of a folded stream; undefined when no finish reason came. */
export const chatReply = (state: ChatState): Reply | undefined => {
  if (state.finish === null) return undefined;
  const content: Block[] = [
    ...(state.thinking === '' ? [] : [{ type: 'thinking' as const, text: state.thinking, by: 'openai' }]),
    ...(state.text === '' ? [] : [{ type: 'text' as const, text: state.text }]),
    ...state.calls.map((call) => ({
      type: 'tool_call' as const,
      callId: call.id,
      name: call.name,
      input: parseArguments(call.json),
    })),
  ];
  return { content, stopReason: stopOf(state.finish, state), usage: state.usage };
};
