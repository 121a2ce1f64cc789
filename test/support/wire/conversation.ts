import type { WireRequest } from './wire-server.ts';

/** A message as the model saw it, whatever protocol it came in. Neighbours of one role are one message. */
export interface SeenMessage {
  role: 'user' | 'assistant';
  text: string;
  toolCalls: { id: string; name: string; input: unknown }[];
  toolResults: { id: string; text: string; isError: boolean }[];
}

/** What the model saw in a request. */
export interface Conversation {
  system: string;
  tools: string[];
  messages: SeenMessage[];
}

interface Part {
  type?: string;
  text?: string;
}
interface AnthropicBlock extends Part {
  id?: string;
  name?: string;
  input?: unknown;
  tool_use_id?: string;
  is_error?: boolean;
  content?: string | Part[];
}
interface AnthropicBody {
  system?: string | Part[];
  tools?: { name: string }[];
  messages: { role: 'user' | 'assistant'; content: string | AnthropicBlock[] }[];
}
interface ResponsesBody {
  instructions?: string;
  tools?: { name: string }[];
  input: {
    type?: string;
    role?: 'user' | 'assistant';
    content?: string | Part[];
    call_id?: string;
    name?: string;
    arguments?: string;
    output?: string | Part[];
  }[];
}
interface ChatBody {
  tools?: { function: { name: string } }[];
  messages: {
    role: 'system' | 'user' | 'assistant' | 'tool';
    content?: string | Part[] | null;
    tool_call_id?: string;
    tool_calls?: { id: string; function: { name: string; arguments: string } }[];
  }[];
}

const textOf = (content: string | Part[] | null | undefined): string =>
  typeof content === 'string' ? content : (content ?? []).flatMap((part) => part.text ?? []).join('\n');

const message = (role: SeenMessage['role'], more: Partial<SeenMessage>): SeenMessage => ({
  role,
  text: '',
  toolCalls: [],
  toolResults: [],
  ...more,
});

const errorMark = 'Error: ';

/** The OpenAI protocols have no field for a failed result; the provider marks its text. */
const markedResult = (id: string, text: string): SeenMessage['toolResults'][number] =>
  text.startsWith(errorMark) ? { id, text: text.slice(errorMark.length), isError: true } : { id, text, isError: false };

const merged = (messages: readonly SeenMessage[]): SeenMessage[] =>
  messages.reduce<SeenMessage[]>((all, next) => {
    const last = all.at(-1);
    if (last?.role !== next.role) return [...all, next];
    last.text = [last.text, next.text].filter((text) => text !== '').join('\n');
    last.toolCalls.push(...next.toolCalls);
    last.toolResults.push(...next.toolResults);
    return all;
  }, []);

const fromAnthropic = (body: AnthropicBody): Conversation => ({
  system: textOf(body.system),
  tools: (body.tools ?? []).map((tool) => tool.name),
  messages: merged(
    body.messages.map(({ role, content }) => {
      if (typeof content === 'string') return message(role, { text: content });
      return message(role, {
        text: textOf(content.filter((block) => block.type === 'text')),
        toolCalls: content
          .filter((block) => block.type === 'tool_use')
          .map(({ id = '', name = '', input }) => ({ id, name, input })),
        toolResults: content
          .filter((block) => block.type === 'tool_result')
          .map((block) => ({
            id: block.tool_use_id ?? '',
            text: textOf(block.content),
            isError: block.is_error === true,
          })),
      });
    }),
  ),
});

const fromResponses = (body: ResponsesBody): Conversation => ({
  system: body.instructions ?? '',
  tools: (body.tools ?? []).map((tool) => tool.name),
  messages: merged(
    body.input.flatMap((item) => {
      const { call_id: id = '', name = '' } = item;
      switch (item.type) {
        case 'reasoning':
          return [];
        case 'function_call':
          return message('assistant', {
            toolCalls: [{ id, name, input: JSON.parse(item.arguments ?? '') as unknown }],
          });
        case 'function_call_output':
          return message('user', { toolResults: [markedResult(id, textOf(item.output))] });
        default:
          return message(item.role ?? 'user', { text: textOf(item.content) });
      }
    }),
  ),
});

const fromChat = (body: ChatBody): Conversation => ({
  system: textOf(body.messages.find(({ role }) => role === 'system')?.content),
  tools: (body.tools ?? []).map((tool) => tool.function.name),
  messages: merged(
    body.messages.flatMap(({ role, content, tool_call_id: id = '', tool_calls: calls = [] }) => {
      if (role === 'system') return [];
      if (role === 'tool') return message('user', { toolResults: [markedResult(id, textOf(content))] });
      const toolCalls = calls.map((call) => ({
        id: call.id,
        name: call.function.name,
        input: JSON.parse(call.function.arguments) as unknown,
      }));
      return message(role, { text: textOf(content), toolCalls });
    }),
  ),
});

/** What the model saw in a request of any of the three protocols. */
export const conversationOf = (request: WireRequest): Conversation => {
  switch (request.path) {
    case '/v1/messages':
      return fromAnthropic(request.body as AnthropicBody);
    case '/v1/responses':
      return fromResponses(request.body as ResponsesBody);
    case '/v1/chat/completions':
      return fromChat(request.body as ChatBody);
    default:
      throw new Error(`not a model's endpoint: ${request.path}`);
  }
};
