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

interface GeminiBody {
  systemInstruction?: { parts: Part[] };
  tools?: { functionDeclarations: { name: string }[] }[];
  contents: {
    role: 'user' | 'model';
    parts: (Part & {
      thought?: boolean;
      functionCall?: { id: string; name: string; args: unknown };
      functionResponse?: { id: string; response: { output?: string; error?: string } };
    })[];
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

const fromGemini = (body: GeminiBody): Conversation => ({
  system: textOf(body.systemInstruction?.parts),
  tools: (body.tools ?? []).flatMap((tool) => tool.functionDeclarations.map(({ name }) => name)),
  messages: merged(
    body.contents.map(({ role, parts }) =>
      message(role === 'user' ? 'user' : 'assistant', {
        text: textOf(parts.filter(({ thought }) => !thought)),
        toolCalls: parts.flatMap(({ functionCall: call }) =>
          call ? [{ id: call.id, name: call.name, input: call.args }] : [],
        ),
        toolResults: parts.flatMap(({ functionResponse: result }) =>
          result
            ? [
                {
                  id: result.id,
                  text: result.response.output ?? result.response.error ?? '',
                  isError: result.response.error !== undefined,
                },
              ]
            : [],
        ),
      }),
    ),
  ),
});

/** What the model saw in a request of any of the protocols. */
export const conversationOf = (request: WireRequest): Conversation => {
  if (request.path.includes(':streamGenerateContent')) return fromGemini(request.body as GeminiBody);
  const [path = ''] = request.path.split('?');
  if (path.endsWith('/messages')) return fromAnthropic(request.body as AnthropicBody);
  if (path.endsWith('/responses')) return fromResponses(request.body as ResponsesBody);
  if (path.endsWith('/chat/completions')) return fromChat(request.body as ChatBody);
  throw new Error(`not a model's endpoint: ${request.path}`);
};
