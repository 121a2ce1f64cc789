import type {
  Response,
  ResponseOutputItem,
  ResponseReasoningItem,
  ResponseStreamEvent,
} from 'openai/resources/responses/responses';
import type { Block, Delta, Reply, StopReason, ThinkingBlock } from 'llm-copilot-agent';
import { eventError, type Service } from './errors.ts';
import { argumentText, parseArguments } from './json.ts';
import type { ReasoningSignature } from './responses-request.ts';
import { usageOf } from './usage.ts';

/** A Responses stream as it is folded. */
export interface ResponsesState {
  /** Items the server finished, in its order. */
  items: ResponseOutputItem[];
  final: Response | undefined;
}

const thinkingBlock = (item: ResponseReasoningItem): ThinkingBlock => {
  const parts = item.summary.length > 0 ? item.summary : (item.content ?? []);
  const text = parts.map((part) => part.text).join('\n\n');
  if (!item.encrypted_content) return { type: 'thinking', text, by: 'openai' };
  const { id, summary, encrypted_content } = item;
  const signature: ReasoningSignature = { id, summary, encrypted_content };
  return { type: 'thinking', text, signature: JSON.stringify(signature), by: 'openai' };
};

const blocksOf = (item: ResponseOutputItem): Block[] => {
  switch (item.type) {
    case 'message':
      return item.content
        .map((part) => (part.type === 'refusal' ? part.refusal : part.text))
        .filter((text) => text !== '')
        .map((text) => ({ type: 'text', text }));
    case 'function_call':
      return [
        {
          type: 'tool_call',
          callId: item.call_id,
          name: item.name,
          input: parseArguments(argumentText(item.arguments)),
        },
      ];
    case 'reasoning':
      return [thinkingBlock(item)];
    default:
      // The server's own tools are not asked for.
      return [];
  }
};

const stopOf = (final: Response, items: readonly ResponseOutputItem[]): StopReason => {
  const reason = final.incomplete_details?.reason;
  if (reason === 'max_output_tokens') return 'max_tokens';
  const refused = items.some((item) => item.type === 'message' && item.content.some(({ type }) => type === 'refusal'));
  if (reason === 'content_filter' || refused) return 'refusal';
  return items.some((item) => item.type === 'function_call') ? 'tool_calls' : 'end';
};

/** Takes one event in. @throws ProviderError what the server says went wrong. */
export const foldResponses = (
  service: Service,
  state: ResponsesState,
  event: ResponseStreamEvent,
): Delta | undefined => {
  switch (event.type) {
    case 'response.output_text.delta':
    case 'response.refusal.delta':
      return { type: 'text.delta', text: event.delta };
    case 'response.reasoning_summary_text.delta':
    case 'response.reasoning_text.delta':
      return { type: 'thinking.delta', text: event.delta };
    case 'response.reasoning_summary_part.added':
      return event.summary_index > 0 ? { type: 'thinking.delta', text: '\n\n' } : undefined;
    case 'response.output_item.added':
      return event.item.type === 'function_call' ? { type: 'call.started', name: event.item.name } : undefined;
    case 'response.output_item.done':
      state.items.push(event.item);
      return undefined;
    case 'response.completed':
    case 'response.incomplete':
      state.final = event.response;
      return undefined;
    case 'response.failed':
      throw eventError(service, event.response.error ?? {});
    case 'error':
      throw eventError(service, event);
    default:
      return undefined;
  }
};

/** The reply of a folded stream; undefined when its last event is missing. */
export const responsesReply = ({ items, final }: ResponsesState): Reply | undefined =>
  final && {
    content: items.flatMap(blocksOf),
    stopReason: stopOf(final, items),
    usage: usageOf(final.usage),
  };
