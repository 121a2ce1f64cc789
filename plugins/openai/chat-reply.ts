import type { ChatCompletionChunk } from 'openai/resources/chat/completions/completions';
import type { Block, Delta, Reply, StopReason, Usage } from 'llm-copilot-agent';
import { argumentText, parseArguments } from './json.ts';
import type { CallSignature } from './reasoning.ts';
import { usageOf } from './usage.ts';

interface Call {
  index: number | undefined;
  id: string;
  name: string;
  json: string;
  signature?: string;
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
type AnyDelta = Omit<Partial<ChatCompletionChunk.Choice.Delta>, 'content'> & {
  content?: unknown;
  reasoning_content?: string | null;
  reasoning?: string | null;
};

/** Gemini's signatures, Groq's counts of older versions, and Azure's chunks, whose choices may lack a delta. */
type AnyFragment = Partial<ChatCompletionChunk.Choice.Delta.ToolCall> & { extra_content?: Partial<CallSignature> };
type AnyChunk = Partial<ChatCompletionChunk> & { x_groq?: { usage?: unknown } | null };

const foldCall = (calls: Call[], fragment: AnyFragment): void => {
  const { index, id, function: piece } = fragment;
  // Some servers leave the index out; there a new id begins a new call.
  const known =
    index === undefined
      ? id === undefined || calls.at(-1)?.id === id
        ? calls.at(-1)
        : undefined
      : calls.find((call) => call.index === index);
  const call = known ?? { index, id: '', name: '', json: '' };
  if (!known) calls.push(call);
  call.id ||= id ?? '';
  call.name ||= piece?.name ?? '';
  call.json += argumentText(piece?.arguments);
  const signature = fragment.extra_content?.google?.thought_signature;
  if (signature !== undefined) call.signature = signature;
};

/** Mistral's reasoning models send a list of parts (https://docs.mistral.ai/capabilities/reasoning, read 2026-11-27). */
interface AnyPart {
  type?: string;
  text?: string;
  thinking?: readonly { text?: string }[];
}

/** @throws TypeError for what is no content. */
const spokenIn = (content: unknown): { text: string; thinking: string } => {
  if (typeof content === 'string') return { text: content, thinking: '' };
  if (content === undefined || content === null) return { text: '', thinking: '' };
  if (!Array.isArray(content)) throw new TypeError('content of no known kind');
  let text = '';
  let thinking = '';
  for (const part of content as readonly AnyPart[]) {
    if (part.type === 'text') text += part.text ?? '';
    else if (part.type === 'thinking') thinking += (part.thinking ?? []).map((one) => one.text ?? '').join('');
  }
  return { text, thinking };
};

/** Takes one chunk in. @throws TypeError for one that is none. */
export const foldChat = (state: ChatState, chunk: AnyChunk): Delta | undefined => {
  state.usage = usageOf(chunk.usage ?? chunk.x_groq?.usage) ?? state.usage;
  const choice = chunk.choices?.[0];
  if (!choice) return undefined;
  state.finish = choice.finish_reason ?? state.finish;
  const delta: AnyDelta = (choice as Partial<ChatCompletionChunk.Choice>).delta ?? {};
  const callsBefore = state.calls.length;
  for (const fragment of delta.tool_calls ?? []) foldCall(state.calls, fragment);
  const spoken = spokenIn(delta.content);
  const thinking = delta.reasoning_content ?? delta.reasoning ?? spoken.thinking;
  state.thinking += thinking;
  state.refused ||= Boolean(delta.refusal);
  const text = `${spoken.text}${delta.refusal ?? ''}`;
  state.text += text;
  if (text !== '') return { type: 'text.delta', text };
  if (thinking !== '') return { type: 'thinking.delta', text: thinking };
  const begun = state.calls[callsBefore];
  return begun && { type: 'call.started', name: begun.name };
};

const stopOf = (finish: Finish, state: ChatState): StopReason => {
  if (finish === 'length') return 'max_tokens';
  if (finish === 'content_filter' || state.refused) return 'refusal';
  return state.calls.length > 0 ? 'tool_calls' : 'end';
};

const inOrder = (calls: readonly Call[]): Call[] => calls.toSorted((a, b) => (a.index ?? 0) - (b.index ?? 0));

/** The reply of a folded stream; undefined when no finish reason came. `by` is who takes its reasoning back. */
export const chatReply = (state: ChatState, by: string): Reply | undefined => {
  if (state.finish === null) return undefined;
  const content: Block[] = [
    ...(state.thinking === '' ? [] : [{ type: 'thinking' as const, text: state.thinking, by }]),
    ...(state.text === '' ? [] : [{ type: 'text' as const, text: state.text }]),
    ...inOrder(state.calls).flatMap((call): Block[] => [
      ...(call.signature === undefined ? [] : [{ type: 'thinking' as const, text: '', signature: call.signature, by }]),
      {
        type: 'tool_call',
        callId: call.id || `call_${globalThis.crypto.randomUUID()}`,
        name: call.name,
        input: parseArguments(call.json),
      },
    ]),
  ];
  return { content, stopReason: stopOf(state.finish, state), usage: state.usage };
};
