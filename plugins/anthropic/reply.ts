import type {
  MessageDeltaUsage,
  RawContentBlockDeltaEvent,
  RawContentBlockStartEvent,
  RawMessageStreamEvent,
  StopReason as WireStopReason,
  Usage as WireUsage,
} from '@anthropic-ai/sdk/resources/messages/messages';
import {
  ProviderError,
  type Block,
  type Delta,
  type Reply,
  type StopReason,
  type Usage,
  shown,
} from 'llm-copilot-agent';
import type { Answer } from './client.ts';

import { redactedSignature } from './request.ts';

/** A block while it grows; a call's input arrives as fragments of JSON. */
type Growing =
  | Exclude<Block, { type: 'tool_call' }>
  | { type: 'tool_call'; callId: string; name: string; json: string; input: unknown };

interface State {
  blocks: Map<number, Growing>;
  stop: WireStopReason | null;
  usage: Usage | undefined;
  complete: boolean;
}

/** @param given what came with the beginning: some servers send it whole there. */
const parseInput = (json: string, given: unknown): unknown => {
  if (json === '') return given ?? {};
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return json;
  }
};

const startBlock = ({ content_block: block }: RawContentBlockStartEvent): Growing | undefined => {
  switch (block.type) {
    case 'text':
      return { type: 'text', text: (block as Partial<typeof block>).text ?? '' };
    case 'thinking':
      return { type: 'thinking', text: block.thinking, signature: block.signature, by: 'anthropic' };
    case 'redacted_thinking':
      return { type: 'thinking', text: '', signature: redactedSignature(block.data), by: 'anthropic' };
    case 'tool_use':
      return { type: 'tool_call', callId: block.id, name: block.name, json: '', input: block.input };
    default:
      // Server tools are not asked for; a kind of block not known yet is left out.
      return undefined;
  }
};

const grow = (block: Growing, { delta }: RawContentBlockDeltaEvent): Delta | undefined => {
  if (delta.type === 'text_delta' && block.type === 'text') {
    block.text += delta.text;
    return { type: 'text.delta', text: delta.text };
  }
  if (delta.type === 'thinking_delta' && block.type === 'thinking') {
    block.text += delta.thinking;
    return { type: 'thinking.delta', text: delta.thinking };
  }
  if (delta.type === 'signature_delta' && block.type === 'thinking') block.signature = delta.signature;
  if (delta.type === 'input_json_delta' && block.type === 'tool_call') block.json += delta.partial_json;
  return undefined;
};

/** Totals so far: the later event's numbers replace the earlier ones where it has any. */
const usageOf = (wire: WireUsage | MessageDeltaUsage, before: Usage | undefined): Usage => {
  // Older models and compatible servers leave the details out.
  const details = (wire as Partial<MessageDeltaUsage>).output_tokens_details;
  const reasoningTokens = details?.thinking_tokens ?? before?.reasoningTokens ?? 0;
  return {
    inputTokens: wire.input_tokens ?? before?.inputTokens ?? 0,
    outputTokens: wire.output_tokens,
    cacheReadTokens: wire.cache_read_input_tokens ?? before?.cacheReadTokens ?? 0,
    cacheWriteTokens: wire.cache_creation_input_tokens ?? before?.cacheWriteTokens ?? 0,
    ...(reasoningTokens > 0 && { reasoningTokens }),
  };
};

const fold = (state: State, event: RawMessageStreamEvent): Delta | undefined => {
  switch (event.type) {
    case 'message_start':
      state.usage = usageOf(event.message.usage, undefined);
      return undefined;
    case 'content_block_start': {
      if (state.blocks.has(event.index)) throw new TypeError(`two blocks with the index ${event.index}`);
      const block = startBlock(event);
      if (block) state.blocks.set(event.index, block);
      return block?.type === 'tool_call' ? { type: 'call.started', name: block.name } : undefined;
    }
    case 'content_block_delta': {
      const block = state.blocks.get(event.index);
      return block && grow(block, event);
    }
    case 'message_delta':
      state.stop = event.delta.stop_reason;
      state.usage = usageOf(event.usage, state.usage);
      return undefined;
    case 'message_stop':
      state.complete = true;
      return undefined;
    default:
      // `content_block_stop`, and events the API may add.
      return undefined;
  }
};

const stopReason = (stop: WireStopReason | null, content: readonly Block[]): StopReason => {
  switch (stop) {
    case 'max_tokens':
    case 'model_context_window_exceeded':
      return 'max_tokens';
    case 'refusal':
      return 'refusal';
    default:
      return content.some((block) => block.type === 'tool_call') ? 'tool_calls' : 'end';
  }
};

const finishBlock = (block: Growing): Block[] => {
  if (block.type === 'tool_call') {
    return [{ type: 'tool_call', callId: block.callId, name: block.name, input: parseInput(block.json, block.input) }];
  }
  return (block.type === 'text' && block.text === '') ||
    (block.type === 'thinking' && block.text === '' && !block.signature)
    ? []
    : [block];
};

/**
 * Reads the events of an answer into deltas and a reply; `onComplete` is called at `message_stop`. `key` is never shown.
 * @throws ProviderError `truncated` when they end before it, `malformed`, and what reading the events throws.
 */
export async function* readReply(
  { limits, events }: Answer,
  key: string,
  onComplete: () => void,
): AsyncGenerator<Delta, Reply> {
  const state: State = { blocks: new Map(), stop: null, usage: undefined, complete: false };
  for await (const event of events) {
    let delta: Delta | undefined;
    try {
      delta = event === undefined ? limits : fold(state, event);
    } catch (error) {
      const words = shown(JSON.stringify(event), [key], 200);
      throw new ProviderError('malformed', `Anthropic sent an event that cannot be read: ${words}`, { cause: error });
    }
    if (delta) yield delta;
    if (state.complete) onComplete();
  }
  if (!state.complete) throw new ProviderError('truncated', 'Anthropic ended its answer before it was complete');
  const content = [...state.blocks.values()].flatMap(finishBlock);
  return { content, stopReason: stopReason(state.stop, content), usage: state.usage };
}
