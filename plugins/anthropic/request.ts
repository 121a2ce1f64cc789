import type {
  ContentBlockParam,
  ImageBlockParam,
  MessageCreateParamsStreaming,
  MessageParam,
  TextBlockParam,
  Tool,
} from '@anthropic-ai/sdk/resources/messages/messages';
import type { Block, Capabilities, Message, Request, ThinkingBlock, ToolSpec } from 'llm-copilot-agent';

/** Marks encrypted reasoning in a signature; real signatures are base64 and hold no colon. */
const redactedMark = 'redacted:';

/** The signature that keeps a `redacted_thinking` block. */
export const redactedSignature = (data: string): string => `${redactedMark}${data}`;

const ephemeral = { type: 'ephemeral' } as const;

/** Ids of other providers may hold characters this API refuses. */
const idOf = (callId: string): string => callId.replace(/[^a-zA-Z0-9_-]/g, '_');

/** The API accepts only objects as a call's input. */
const inputOf = (input: unknown): unknown => {
  if (typeof input === 'string') return { invalid_json: input };
  return typeof input === 'object' && input !== null && !Array.isArray(input) ? input : { value: input };
};

const plainBlock = (block: Block): (TextBlockParam | ImageBlockParam)[] => {
  if (block.type === 'text') return block.text.trim() === '' ? [] : [{ type: 'text', text: block.text }];
  if (block.type !== 'image') return [];
  const mediaType = block.mediaType as 'image/png';
  return [{ type: 'image', source: { type: 'base64', media_type: mediaType, data: block.base64 } }];
};

const thinkingBlock = (block: ThinkingBlock, stale: ReadonlySet<string>): ContentBlockParam[] => {
  if (block.by !== 'anthropic' || !block.signature || stale.has(block.signature)) return [];
  return block.signature.startsWith(redactedMark)
    ? [{ type: 'redacted_thinking', data: block.signature.slice(redactedMark.length) }]
    : [{ type: 'thinking', thinking: block.text, signature: block.signature }];
};

const blockOf = (block: Block, stale: ReadonlySet<string>): ContentBlockParam[] => {
  switch (block.type) {
    case 'text':
    case 'image':
      return plainBlock(block);
    case 'thinking':
      return thinkingBlock(block, stale);
    case 'tool_call':
      return [{ type: 'tool_use', id: idOf(block.callId), name: block.name, input: inputOf(block.input) }];
    case 'tool_result': {
      const content = block.content.flatMap(plainBlock);
      return [
        {
          type: 'tool_result',
          tool_use_id: idOf(block.callId),
          ...(content.length > 0 && { content }),
          ...(block.isError && { is_error: true }),
        },
      ];
    }
  }
};

const isResult = (block: ContentBlockParam): boolean => block.type === 'tool_result';
/** As the API demands. */
const resultsFirst = (a: ContentBlockParam, b: ContentBlockParam): number => Number(isResult(b)) - Number(isResult(a));

// Messages never change, and a long conversation is sent whole at every turn: each is converted once.
const converted = new WeakMap<Message, ContentBlockParam[]>();

const blocksOf = (message: Message, stale: ReadonlySet<string>): ContentBlockParam[] => {
  const known = converted.get(message);
  if (known) return known;
  const blocks = message.content.flatMap((block) => blockOf(block, stale)).sort(resultsFirst);
  // What is stale may change from one request to the next.
  if (!message.content.some((block) => block.type === 'thinking')) converted.set(message, blocks);
  return blocks;
};

/** The API refuses reasoning at the end of an answer, as when it was cut off there. */
const withoutTail = <T extends { content: ContentBlockParam[] }>(turn: T): T => {
  const end = turn.content.findLastIndex(({ type }) => type !== 'thinking' && type !== 'redacted_thinking');
  return end < 0 || end === turn.content.length - 1 ? turn : { ...turn, content: turn.content.slice(0, end + 1) };
};

/** Alternating turns: neighbours of one role become one message, results first in theirs. */
const turnsOf = (
  messages: readonly Message[],
  stale: ReadonlySet<string>,
): { role: Message['role']; content: ContentBlockParam[] }[] => {
  const turns: { role: Message['role']; content: ContentBlockParam[] }[] = [];
  for (const message of messages) {
    const { role } = message;
    const blocks = blocksOf(message, stale);
    if (blocks.length === 0) continue;
    const last = turns.at(-1);
    if (last?.role !== role) turns.push({ role, content: blocks });
    else last.content = [...last.content, ...blocks].sort(resultsFirst);
  }
  return turns.map((turn) => (turn.role === 'assistant' ? withoutTail(turn) : turn));
};

/** A turn's blocks with the end of the cached prefix at the last one that may carry a mark; reasoning may not. */
const markCached = (content: readonly ContentBlockParam[]): ContentBlockParam[] => {
  const at = content.findLastIndex((block) => block.type !== 'thinking' && block.type !== 'redacted_thinking');
  return content.map((block, index) => (index === at ? { ...block, cache_control: ephemeral } : block));
};

const toolOf = (tool: ToolSpec, index: number, all: readonly ToolSpec[]): Tool => ({
  name: tool.name,
  description: tool.description,
  input_schema: tool.inputSchema as Tool.InputSchema,
  ...(index === all.length - 1 && { cache_control: ephemeral }),
});

/** Sampling parameters of older models; newer ones refuse them, which their manifests say. */
const samplingOf = ({ parameters = {} }: Request): Record<string, number> =>
  Object.fromEntries(
    (['temperature', 'top_p', 'top_k'] as const).flatMap((name) => {
      const value = parameters[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );

/** Models that think take no other temperature than 1, no `top_k`, and no small `top_p`. */
const letsThink = ({ temperature = 1, top_p = 1, top_k }: Record<string, number>): boolean =>
  temperature === 1 && top_p >= 0.95 && top_k === undefined;

/** The API has schemas only: JSON of any form is asked for in words, before a request comes here. */
const formatOf = ({ output }: Request, knowsSchemas: boolean): Pick<MessageCreateParamsStreaming, 'output_config'> => {
  if (output?.type !== 'json_schema' || !knowsSchemas) return {};
  return { output_config: { format: { type: 'json_schema', schema: output.schema as Record<string, unknown> } } };
};

/**
 * The Messages API's body of a request. Four cache marks, as many as the API allows: system, tools, the newest turn and
 * the user turn before it, where the previous request's cache ends. A sampling parameter the user chose goes before
 * thinking, which would exclude it. `stale` holds signatures of reasoning the API no longer takes.
 */
export const bodyOf = (
  request: Request,
  model: string,
  has: Pick<Capabilities['features'], 'thinking' | 'json_schema'>,
  stale: ReadonlySet<string>,
): MessageCreateParamsStreaming => {
  const turns = turnsOf(request.messages, stale);
  const newest = turns.at(-1);
  const previous = turns.findLast((turn) => turn !== newest && turn.role === 'user');
  if (newest) newest.content = markCached(newest.content);
  if (previous) previous.content = markCached(previous.content);
  const sampling = samplingOf(request);
  // A text of nothing but white space is refused.
  const stops = (request.stop ?? []).filter((text) => text.trim() !== '');
  return {
    model,
    max_tokens: request.maxOutputTokens,
    stream: true,
    // The model decides how much it thinks; without `summarized` newer models return no text to show.
    ...(has.thinking && letsThink(sampling) && { thinking: { type: 'adaptive', display: 'summarized' } }),
    ...sampling,
    ...(stops.length > 0 && { stop_sequences: stops }),
    ...formatOf(request, has.json_schema),
    ...(request.system.trim() !== '' && { system: [{ type: 'text', text: request.system, cache_control: ephemeral }] }),
    ...(request.tools.length > 0 && {
      tools: request.tools.map(toolOf),
      ...(request.parallelTools === false && { tool_choice: { type: 'auto', disable_parallel_tool_use: true } }),
    }),
    messages: turns satisfies MessageParam[],
  };
};
