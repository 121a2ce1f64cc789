// What Chat Completions refuses with 400: OpenAI's own rules, and those compatible servers add. Rules: the API reference and
// developers.openai.com/api/docs/guides/function-calling (read 2026-11-27); texts as its users quote them in public issues.
import type { Protocol } from './turn.ts';

interface Message {
  role: string;
  content?: string | { type: string; text?: string; image_url?: { url?: string } }[] | null;
  tool_call_id?: string;
  tool_calls?: { id: string; type?: string; function: { name: string; arguments: unknown } }[];
}
interface Body {
  model?: string;
  messages?: Message[];
  tools?: { function: { name: string } }[];
  parallel_tool_calls?: boolean;
  max_tokens?: number;
  max_completion_tokens?: number;
  response_format?: { type?: string };
}

const topLevel = new Set([
  ...['model', 'messages', 'max_tokens', 'max_completion_tokens', 'stream', 'stream_options', 'tools', 'tool_choice'],
  ...['parallel_tool_calls', 'temperature', 'top_p', 'stop', 'seed', 'response_format', 'frequency_penalty', 'user'],
  ...['presence_penalty', 'n', 'logprobs', 'top_logprobs', 'reasoning_effort', 'metadata', 'store', 'service_tier'],
  ...['logit_bias', 'prediction', 'prompt_cache_key', 'safety_identifier', 'verbosity', 'modalities'],
]);

const nameProblem = (name: string, at: string): string | undefined => {
  if (name.length > 64)
    return `Invalid '${at}': string too long. Expected a string with maximum length 64, but got a string with length ${name.length} instead.`;
  return /^[a-zA-Z0-9_-]+$/.test(name)
    ? undefined
    : `Invalid '${at}': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.`;
};

const isObjectText = (text: unknown): boolean => {
  if (typeof text !== 'string') return false;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
};

const contentProblem = ({ role, content, tool_calls }: Message, at: string): string | undefined => {
  if (content === null || content === undefined)
    return role === 'assistant' && tool_calls ? undefined : `Invalid value for 'content': expected a string, got null.`;
  if (typeof content === 'string')
    return content === '' && role !== 'tool' && !tool_calls ? `Invalid '${at}.content': must not be empty.` : undefined;
  if (content.length === 0) return `Invalid '${at}.content': empty array. Expected an array with minimum length 1.`;
  const allowed = role === 'user' ? ['text', 'image_url', 'input_audio', 'file'] : ['text'];
  const wrong = content.find(({ type }) => !allowed.includes(type));
  if (wrong) return `Invalid '${at}.content': '${wrong.type}' is only allowed in messages with role 'user'.`;
  return content.some(({ type, text }) => type === 'text' && !text)
    ? `Invalid '${at}.content': empty text.`
    : undefined;
};

const callsProblem = ({ tool_calls }: Message, at: string): string | undefined => {
  if (tool_calls?.length === 0)
    return `Invalid '${at}.tool_calls': empty array. Expected an array with minimum length 1, but got an empty array instead.`;
  for (const [index, { id, type, function: called }] of (tool_calls ?? []).entries()) {
    const place = `${at}.tool_calls[${index}]`;
    if (!id) return `Missing required parameter: '${place}.id'.`;
    if (id.length > 40)
      return `Invalid '${place}.id': string too long. Expected a string with maximum length 40, but got a string with length ${id.length} instead.`;
    if (type !== 'function') return `Missing required parameter: '${place}.type'.`;
    const problem = nameProblem(called.name, `${place}.function.name`);
    if (problem !== undefined) return problem;
    // vLLM and others read an object from it.
    if (!isObjectText(called.arguments)) return `Invalid '${place}.function.arguments': not the JSON of an object.`;
  }
  return undefined;
};

const orderProblem = (messages: readonly Message[]): string | undefined => {
  let open = new Set<string>();
  const missing = (): string =>
    `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: ${[...open].join(', ')}`;
  for (const [index, message] of messages.entries()) {
    const at = `messages[${index}]`;
    const { role } = message;
    if (!['system', 'developer', 'user', 'assistant', 'tool'].includes(role))
      return `Invalid value: '${role}'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'.`;
    const problem = contentProblem(message, at) ?? callsProblem(message, at);
    if (problem !== undefined) return problem;
    if (role === 'tool') {
      if (!open.delete(message.tool_call_id ?? ''))
        return "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.";
      continue;
    }
    if (open.size > 0) return missing();
    open = new Set(message.tool_calls?.map(({ id }) => id));
    if (open.size < (message.tool_calls?.length ?? 0)) return `Duplicate value for 'tool_call_id' in ${at}.`;
  }
  return open.size > 0 ? missing() : undefined;
};

/** Why Chat Completions refuses a body; undefined when it does not. */
export const chatProblem: NonNullable<Protocol['problemWith']> = (given) => {
  const body = given as Body;
  const unknown = Object.keys(body).find((key) => !topLevel.has(key));
  if (unknown !== undefined) return `Unrecognized request argument supplied: ${unknown}`;
  if (!body.model) return 'you must provide a model parameter';
  const { messages = [], tools } = body;
  if (messages.length === 0) return "[] is too short - 'messages'";
  if (tools?.length === 0) return "Invalid 'tools': empty array. Expected an array with minimum length 1.";
  for (const [index, tool] of (tools ?? []).entries()) {
    const problem = nameProblem(tool.function.name, `tools[${index}].function.name`);
    if (problem !== undefined) return problem;
  }
  if (body.parallel_tool_calls !== undefined && !tools)
    return "'parallel_tool_calls' is only allowed when 'tools' are specified.";
  if (body.response_format?.type === 'json_object' && !/json/i.test(JSON.stringify(messages)))
    return "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.";
  return orderProblem(messages);
};
