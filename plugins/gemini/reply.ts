import { createHash } from 'node:crypto';
import {
  callsOf,
  ProviderError,
  type Block,
  type Delta,
  type Reply,
  type Request,
  type StopReason,
  type Usage,
} from 'llm-copilot-agent';
import { onThought } from './signatures.ts';
import type { Chunk, Part, UsageMetadata } from './wire.ts';

/** A part while it grows. */
interface Growing {
  kind: 'thought' | 'text' | 'call';
  text: string;
  signature: string | undefined;
  call: Part['functionCall'];
}

interface State {
  parts: Growing[];
  /** A signature that came alone, for the next part. */
  pending: string | undefined;
  finish: string | undefined;
  /** What the API says of it beyond the reason. */
  finishMessage: string | undefined;
  blocked: boolean;
  usage: Usage | undefined;
}

/** Reasons of https://ai.google.dev/api/generate-content#FinishReason, read 2026-11-27. */
const refusals = /^(?:(?:IMAGE_)?(?:SAFETY|RECITATION|PROHIBITED_CONTENT)|BLOCKLIST|SPII|LANGUAGE|MODEL_ARMOR)$/;
const malformed =
  /^(?:MALFORMED_(?:FUNCTION_CALL|RESPONSE)|UNEXPECTED_TOOL_CALL|TOO_MANY_TOOL_CALLS|MISSING_THOUGHT_SIGNATURE)$/;

const usageOf = (wire: UsageMetadata): Usage => {
  const {
    promptTokenCount: prompt = 0,
    cachedContentTokenCount: cached = 0,
    toolUsePromptTokenCount: tools = 0,
  } = wire;
  const { candidatesTokenCount: answer = 0, thoughtsTokenCount: thoughts } = wire;
  return {
    inputTokens: Math.max(0, prompt + tools - cached),
    outputTokens: answer + (thoughts ?? 0),
    cacheReadTokens: cached,
    // Nothing is charged for filling a cache nobody asked for.
    cacheWriteTokens: 0,
    ...(thoughts !== undefined && { reasoningTokens: thoughts }),
  };
};

const grow = ({ parts }: State, kind: 'thought' | 'text', text: string): Growing => {
  const last = parts.at(-1);
  if (last?.kind === kind) {
    last.text += text;
    return last;
  }
  const part = { kind, text, signature: undefined, call: undefined };
  parts.push(part);
  return part;
};

/** @throws TypeError for a part that is none. */
const foldPart = (state: State, part: Part): Delta | undefined => {
  const { functionCall: call, text, thoughtSignature: signature } = part;
  if (call) {
    if (typeof call.name !== 'string') throw new TypeError('a call without a name');
    state.parts.push({ kind: 'call', text: '', signature: signature ?? state.pending, call });
    state.pending = undefined;
    return { type: 'call.started', name: call.name };
  }
  // Kinds of parts that were not asked for are left out.
  if (typeof text !== 'string') return undefined;
  if (part.thought) {
    const thought = grow(state, 'thought', text);
    thought.signature = signature ?? thought.signature;
    return text === '' ? undefined : { type: 'thinking.delta', text };
  }
  const last = state.parts.at(-1);
  if (text === '') {
    // A signature may come in a part of its own: after the text it signs, else before the call.
    if (last?.kind === 'text') last.signature = signature ?? last.signature;
    else state.pending = signature ?? state.pending;
    return undefined;
  }
  const growing = grow(state, 'text', text);
  growing.signature = signature ?? state.pending ?? growing.signature;
  state.pending = undefined;
  return { type: 'text.delta', text };
};

function* fold(state: State, { candidates, promptFeedback, usageMetadata }: Chunk): Generator<Delta> {
  if (usageMetadata) state.usage = usageOf(usageMetadata);
  if (promptFeedback?.blockReason) state.blocked = true;
  const candidate = candidates?.[0];
  for (const part of candidate?.content?.parts ?? []) {
    const delta = foldPart(state, part);
    if (delta) yield delta;
  }
  state.finish = candidate?.finishReason ?? state.finish;
  state.finishMessage = candidate?.finishMessage ?? state.finishMessage;
}

/**
 * Makes ids for calls that have none of their own: the same for the same request and place, different from those of the
 * conversation and of the reply.
 */
const idMaker = ({ messages }: Request): ((call: NonNullable<Part['functionCall']>) => string) => {
  let known: Set<string> | undefined;
  let made = 0;
  return ({ id, name, args }) => {
    const taken = (known ??= new Set(messages.flatMap(({ content }) => callsOf(content).map(({ callId }) => callId))));
    let callId = typeof id === 'string' ? id : '';
    while (callId === '' || taken.has(callId)) {
      made += 1;
      const place = JSON.stringify([messages.length, made, name, args, messages.slice(-2)]);
      callId = `gemini-${createHash('sha256').update(place).digest('hex').slice(0, 16)}`;
    }
    taken.add(callId);
    return callId;
  };
};

const blocksOf = (parts: readonly Growing[], request: Request): Block[] => {
  const blocks: Block[] = [];
  const idOf = idMaker(request);
  for (const { kind, text, signature, call } of parts) {
    if (kind === 'thought') {
      if (text === '') continue;
      blocks.push({ type: 'thinking', text, by: 'gemini', ...(signature && { signature: onThought(signature) }) });
      continue;
    }
    if (signature) {
      const before = blocks.at(-1);
      if (before?.type === 'thinking' && before.signature === undefined) before.signature = signature;
      else blocks.push({ type: 'thinking', text: '', signature, by: 'gemini' });
    }
    blocks.push(
      call
        ? { type: 'tool_call', callId: idOf(call), name: call.name, input: call.args ?? {} }
        : { type: 'text', text },
    );
  }
  return blocks;
};

const stopOf = ({ finish = '', finishMessage, blocked }: State, content: readonly Block[]): StopReason => {
  if (blocked || refusals.test(finish)) return 'refusal';
  if (finish === 'MAX_TOKENS') return 'max_tokens';
  const isEmpty = !content.some(({ type }) => type === 'text' || type === 'tool_call');
  if (malformed.test(finish) || (finish !== 'STOP' && isEmpty)) {
    const more = typeof finishMessage === 'string' ? `: ${finishMessage.slice(0, 300)}` : '';
    throw new ProviderError('malformed', `Gemini ended its answer with ${finish}${more}`);
  }
  return content.some(({ type }) => type === 'tool_call') ? 'tool_calls' : 'end';
};

/**
 * Reads the events of an answer into deltas and a reply; `onComplete` is called once it is whole, though counts may follow.
 * @throws ProviderError `truncated` when they end before that, `malformed`, and what reading the events throws.
 */
export async function* readReply(
  events: AsyncIterable<unknown>,
  request: Request,
  onComplete: () => void,
): AsyncGenerator<Delta, Reply> {
  const state: State = {
    parts: [],
    pending: undefined,
    finish: undefined,
    finishMessage: undefined,
    blocked: false,
    usage: undefined,
  };
  for await (const event of events) {
    const deltas: Delta[] = [];
    try {
      deltas.push(...fold(state, event as Chunk));
    } catch (error) {
      const shown = JSON.stringify(event).slice(0, 200);
      throw new ProviderError('malformed', `Gemini sent an event that cannot be read: ${shown}`, { cause: error });
    }
    yield* deltas;
    if (state.finish !== undefined || state.blocked) onComplete();
  }
  if (state.finish === undefined && !state.blocked) {
    throw new ProviderError('truncated', 'Gemini ended its answer before it was complete');
  }
  const content = blocksOf(state.parts, request);
  return { content, stopReason: stopOf(state, content), usage: state.usage };
}
