import type {
  ResponseCreateParamsStreaming,
  ResponseInputContent,
  ResponseInputItem,
  ResponseReasoningItem,
} from 'openai/resources/responses/responses';
import {
  textOf,
  type Block,
  type Message,
  type Request,
  type ThinkingBlock,
  type ToolResultBlock,
} from 'llm-copilot-agent';
import { argumentsOf, dataUrl, resultText } from './json.ts';
import { turnsOf } from './turns.ts';

/** What must come back unchanged for the API to take a reasoning item again; the signature of its block, as JSON. */
export type ReasoningSignature = Pick<ResponseReasoningItem, 'id' | 'summary'> & { encrypted_content: string };

const partOf = (block: Block): ResponseInputContent[] => {
  if (block.type === 'text') return block.text === '' ? [] : [{ type: 'input_text', text: block.text }];
  return block.type === 'image' ? [{ type: 'input_image', detail: 'auto', image_url: dataUrl(block) }] : [];
};

const outputOf = ({ callId, content, isError }: ToolResultBlock): ResponseInputItem => {
  const text = resultText(textOf(content), isError);
  const images = content.filter((block) => block.type === 'image');
  return {
    type: 'function_call_output',
    call_id: callId,
    output:
      images.length === 0
        ? text
        : [...(text === '' ? [] : [{ type: 'input_text' as const, text }]), ...images.flatMap(partOf)],
  };
};

const userItems = (content: readonly Block[]): ResponseInputItem[] => {
  const parts = content.flatMap(partOf);
  return [
    ...content.filter((block) => block.type === 'tool_result').map(outputOf),
    ...(parts.length > 0 ? [{ role: 'user' as const, content: parts }] : []),
  ];
};

const reasoningItem = (block: ThinkingBlock, stale: ReadonlySet<string>): ResponseInputItem[] => {
  if (block.by !== 'openai' || block.signature === undefined || stale.has(block.signature)) return [];
  return [{ type: 'reasoning', ...(JSON.parse(block.signature) as ReasoningSignature) }];
};

const assistantItems = (content: readonly Block[], stale: ReadonlySet<string>): ResponseInputItem[] => {
  const items = content.flatMap((block): ResponseInputItem[] => {
    switch (block.type) {
      case 'thinking':
        return reasoningItem(block, stale);
      case 'text':
        return block.text === '' ? [] : [{ role: 'assistant', content: block.text }];
      case 'tool_call':
        return [
          { type: 'function_call', call_id: block.callId, name: block.name, arguments: argumentsOf(block.input) },
        ];
      case 'image':
      case 'tool_result':
        return [];
    }
  });
  // The API refuses reasoning that nothing follows, as when an answer was cut off.
  const end = items.findLastIndex((item) => item.type !== 'reasoning');
  return items.slice(0, end + 1);
};

const itemsOf = (
  { role, content }: Pick<Message, 'role' | 'content'>,
  stale: ReadonlySet<string>,
): ResponseInputItem[] => (role === 'user' ? userItems(content) : assistantItems(content, stale));

const formatOf = ({ output }: Request): Pick<ResponseCreateParamsStreaming, 'text'> => {
  if (!output) return {};
  if (output.type === 'json') return { text: { format: { type: 'json_object' } } };
  const { name, schema } = output;
  // Strict mode takes only a part of JSON Schema.
  return { text: { format: { type: 'json_schema', name, schema: schema as Record<string, unknown>, strict: false } } };
};

/**
 * The Responses API's body of a request; nothing is stored at the server. It knows neither stop sequences nor a seed.
 * `stale` holds signatures it no longer takes.
 */
export const responsesBody = (
  request: Request,
  model: string,
  thinking: boolean,
  stale: ReadonlySet<string>,
): ResponseCreateParamsStreaming => ({
  model,
  max_output_tokens: request.maxOutputTokens,
  stream: true,
  store: false,
  ...(thinking && { include: ['reasoning.encrypted_content'] }),
  ...(request.parameters?.temperature !== undefined && { temperature: request.parameters.temperature }),
  ...(request.parameters?.top_p !== undefined && { top_p: request.parameters.top_p }),
  ...formatOf(request),
  ...(request.system !== '' && { instructions: request.system }),
  ...(request.tools.length > 0 && {
    tools: request.tools.map((tool) => ({
      type: 'function',
      name: tool.name,
      description: tool.description,
      parameters: tool.inputSchema as Record<string, unknown>,
      strict: false,
    })),
    ...(request.parallelTools === false && { parallel_tool_calls: false }),
  }),
  input: turnsOf(request.messages).flatMap((message) => itemsOf(message, stale)),
});
