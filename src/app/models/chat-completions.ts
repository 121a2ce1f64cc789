import { usageError } from '../../base/errors.ts';
import { parameterNames, type ParameterName } from '../../core/capabilities.ts';
import type { Loss } from '../../core/loss.ts';
import { text, type Block, type Message } from '../../core/message.ts';
import type { Request, StopReason, Usage } from '../../core/provider.ts';

/** A call of a tool, as OpenAI's Chat Completions have it (its API reference, read 2026-11-27). */
export interface ToolCallParam {
  id: string;
  type: 'function';
  function: { name: string; arguments: string };
}

/** A part of a message. */
export type PartParam = { type: 'text'; text: string } | { type: 'image_url'; image_url: { url: string } };

/** A message as it is given. */
export type MessageParam =
  | { role: 'system' | 'developer'; content: string | readonly PartParam[] }
  | { role: 'user'; content: string | readonly PartParam[] }
  | { role: 'assistant'; content?: string | readonly PartParam[] | null; tool_calls?: readonly ToolCallParam[] }
  | { role: 'tool'; tool_call_id: string; content: string | readonly PartParam[] };

/** What `chat.completions.create` takes. Fields it does not know are left out of the request, which `losses` says. */
export interface ChatBody {
  /** `provider/model`; the router of the configuration chooses when left out. */
  model?: string;
  messages: readonly MessageParam[];
  tools?: readonly { type: 'function'; function: { name: string; description?: string; parameters?: object } }[];
  tool_choice?: unknown;
  parallel_tool_calls?: boolean;
  max_tokens?: number;
  max_completion_tokens?: number;
  temperature?: number;
  top_p?: number;
  top_k?: number;
  frequency_penalty?: number;
  presence_penalty?: number;
  repetition_penalty?: number;
  stop?: string | readonly string[];
  seed?: number;
  response_format?:
    { type: 'text' } | { type: 'json_object' } | { type: 'json_schema'; json_schema: { name: string; schema: object } };
  stream?: boolean;
}

/** Who answered, and what it took. */
export interface ChatExtensions {
  provider_used: string;
  used_fallback: boolean;
  attempts: number;
  losses: readonly Loss[];
  /** The last failure of each model that failed. */
  provider_errors: Readonly<Record<string, string>>;
  /** Of the answer; null when its price or its usage is not known. */
  cost_usd: number | null;
  /** What attempts of unknown usage, such as those that broke off, may have cost at most; null when a price is not known. */
  assumed_usd: number | null;
}

interface ChatUsage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  prompt_tokens_details: { cached_tokens: number };
  completion_tokens_details: { reasoning_tokens: number };
}

/** A whole answer. */
export interface ChatCompletion {
  id: string;
  object: 'chat.completion';
  created: number;
  model: string;
  choices: {
    index: number;
    message: {
      role: 'assistant';
      content: string | null;
      reasoning_content?: string;
      tool_calls?: ToolCallParam[];
    };
    finish_reason: string;
  }[];
  /** Null when the provider did not say. */
  usage: ChatUsage | null;
  extensions: ChatExtensions;
}

/** A piece of an answer. The last one has usage and extensions. */
export interface ChatChunk {
  id: string;
  object: 'chat.completion.chunk';
  created: number;
  model: string;
  choices: {
    index: number;
    delta: {
      content?: string;
      reasoning_content?: string;
      tool_calls?: (ToolCallParam & { index: number })[];
    };
    finish_reason: string | null;
  }[];
  usage?: ChatUsage | null;
  extensions?: ChatExtensions | { restarted: true };
}

const known: ReadonlySet<string> = new Set([
  ...['model', 'messages', 'tools', 'tool_choice', 'parallel_tool_calls', 'max_tokens', 'max_completion_tokens'],
  ...['stop', 'seed', 'response_format', 'stream', 'stream_options', ...parameterNames],
]);

const imageOf = (url: string): Block => {
  const [, mediaType, base64] = /^data:(image\/[\w.+-]+);base64,([\w+/=]+)$/.exec(url) ?? [];
  if (mediaType === undefined || base64 === undefined)
    throw usageError(
      'A picture must be a data: URL with base64.',
      'Fetch it first: a client loads nothing from the web by itself.',
    );
  return { type: 'image', mediaType, base64 };
};

const blocksOf = (content: string | readonly PartParam[] | null | undefined): Block[] =>
  typeof content === 'string'
    ? [text(content)]
    : (content ?? []).map((part) => (part.type === 'text' ? text(part.text) : imageOf(part.image_url.url)));

const inputOf = (json: string): unknown => {
  try {
    return JSON.parse(json === '' ? '{}' : json) as unknown;
  } catch {
    return json;
  }
};

type SystemParam = Extract<MessageParam, { role: 'system' | 'developer' }>;

const isSystem = (param: MessageParam): param is SystemParam => param.role === 'system' || param.role === 'developer';

const messageOf = (param: Exclude<MessageParam, SystemParam>): Message => {
  switch (param.role) {
    case 'user':
      return { role: 'user', content: blocksOf(param.content), origin: 'user' };
    case 'assistant':
      return {
        role: 'assistant',
        content: [
          ...blocksOf(param.content).filter((block) => block.type !== 'text' || block.text !== ''),
          ...(param.tool_calls ?? []).map(({ id, function: { name, arguments: json } }): Block => ({
            type: 'tool_call',
            callId: id,
            name,
            input: inputOf(json),
          })),
        ],
      };
    case 'tool':
      return {
        role: 'user',
        content: [
          { type: 'tool_result', callId: param.tool_call_id, content: blocksOf(param.content), isError: false },
        ],
      };
  }
};

/** Results of one turn stand in one message. */
const together = (messages: readonly Message[]): Message[] => {
  const joined: Message[] = [];
  for (const message of messages) {
    const last = joined.at(-1);
    // Looking at the first is enough: results are never mixed with anything else.
    const areResults = [last, message].every((one) => one?.content[0]?.type === 'tool_result');
    if (last && areResults) last.content.push(...message.content);
    else joined.push({ ...message, content: [...message.content] });
  }
  return joined;
};

const outputOf = (format: ChatBody['response_format']): Pick<Request, 'output'> => {
  if (format?.type === 'json_object') return { output: { type: 'json' } };
  if (format?.type === 'json_schema') return { output: { type: 'json_schema', ...format.json_schema } };
  return {};
};

const dropped = (name: string, value: unknown, message: string): Loss => ({
  code: 'Drop',
  path: `$.${name}`,
  message,
  severity: 'warning',
  before: value,
});

/**
 * The request a checked body asks for, and what of the body has no place in it.
 * @throws CopilotError exit 2 for a picture that would have to be fetched.
 */
export const requestOf = (body: ChatBody, mostOutput: number): { request: Request; losses: Loss[] } => {
  const losses = Object.entries(body).flatMap(([name, value]) =>
    known.has(name) || value === undefined || (name === 'n' && value === 1)
      ? []
      : [dropped(name, value, `${name} is not known here`)],
  );
  const { tool_choice: choice } = body;
  if (choice !== undefined && choice !== 'auto' && choice !== 'none')
    losses.push(dropped('tool_choice', choice, 'tools can be left to the model or taken away, not be asked for'));
  const systems = body.messages.flatMap((param) => (isSystem(param) ? blocksOf(param.content) : []));
  const messages = body.messages.flatMap((param) => (isSystem(param) ? [] : [messageOf(param)]));
  const parameters = Object.fromEntries(
    parameterNames.flatMap((name): [ParameterName, number][] => {
      const value = body[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const { stop } = body;
  const request: Request = {
    system: systems.map((block) => (block.type === 'text' ? block.text : '')).join('\n\n'),
    tools:
      choice === 'none'
        ? []
        : (body.tools ?? []).map(
            ({ function: { name, description = '', parameters: schema = { type: 'object' } } }) => ({
              name,
              description,
              inputSchema: schema,
            }),
          ),
    messages: together(messages),
    maxOutputTokens: body.max_completion_tokens ?? body.max_tokens ?? mostOutput,
    ...(Object.keys(parameters).length > 0 ? { parameters } : {}),
    ...(stop === undefined ? {} : { stop: typeof stop === 'string' ? [stop] : stop }),
    ...(body.seed === undefined ? {} : { seed: body.seed }),
    ...(body.parallel_tool_calls === undefined ? {} : { parallelTools: body.parallel_tool_calls }),
    ...outputOf(body.response_format),
  };
  return { request, losses };
};

const reasons: Readonly<Record<StopReason, string>> = {
  end: 'stop',
  tool_calls: 'tool_calls',
  max_tokens: 'length',
  refusal: 'content_filter',
};

/** A stop reason by OpenAI's name. */
export const finishReasonOf = (reason: StopReason): string => reasons[reason];

/** Usage by OpenAI's names: its prompt tokens hold those of the cache. */
export const usageOf = (usage: Usage): ChatUsage => {
  const prompt = usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;
  return {
    prompt_tokens: prompt,
    completion_tokens: usage.outputTokens,
    total_tokens: prompt + usage.outputTokens,
    prompt_tokens_details: { cached_tokens: usage.cacheReadTokens },
    completion_tokens_details: { reasoning_tokens: usage.reasoningTokens ?? 0 },
  };
};
