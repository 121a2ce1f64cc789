// What the Responses API refuses with 400. Rules: developers.openai.com/api/docs/guides/function-calling and …/reasoning and
// the API reference (read 2026-11-27); texts as its users quote them in public issues.
import type { Protocol } from './turn.ts';

interface Item {
  type?: string;
  role?: string;
  id?: string;
  content?: string | { type: string; text?: string; image_url?: string }[];
  call_id?: string;
  name?: string;
  arguments?: unknown;
  output?: unknown;
  summary?: unknown[];
  encrypted_content?: string;
}
interface Body {
  model?: string;
  input?: string | Item[];
  tools?: { type: string; name: string; parameters?: unknown }[];
  parallel_tool_calls?: boolean;
  max_output_tokens?: number;
}

const topLevel = new Set([
  ...['model', 'input', 'instructions', 'max_output_tokens', 'stream', 'store', 'include', 'tools', 'tool_choice'],
  ...['parallel_tool_calls', 'reasoning', 'text', 'temperature', 'top_p', 'metadata', 'user', 'prompt_cache_key'],
  ...['previous_response_id', 'conversation', 'service_tier', 'truncation', 'safety_identifier', 'background'],
  ...['max_tool_calls', 'stream_options', 'top_logprobs', 'prompt', 'prompt_cache_retention'],
]);

const encrypted = new Map<string, Set<string>>();

/** Keeps reasoning a server encrypted: its item and content. */
export const encryptsItem = (id: string, content: string): void => {
  encrypted.set(id, (encrypted.get(id) ?? new Set()).add(content));
};

const messageProblem = ({ role, content }: Item, at: string): string | undefined => {
  if (!['user', 'assistant', 'system', 'developer'].includes(role ?? ''))
    return `Invalid value: '${role ?? ''}'. Supported values are: 'assistant', 'system', 'developer', and 'user'.`;
  if (typeof content === 'string') return content === '' ? `Invalid '${at}.content': empty string.` : undefined;
  if (!Array.isArray(content)) return `Missing required parameter: '${at}.content'.`;
  if (content.length === 0) return `Invalid '${at}.content': empty array. Expected an array with minimum length 1.`;
  const allowed = role === 'assistant' ? ['output_text', 'refusal'] : ['input_text', 'input_image', 'input_file'];
  for (const [index, part] of content.entries()) {
    if (!allowed.includes(part.type))
      return `Invalid value: '${part.type}'. Supported values are: ${allowed.map((type) => `'${type}'`).join(', ')}.`;
    if (
      part.type === 'input_image' &&
      !/^(data:image\/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+=*|https:)/.test(part.image_url ?? '')
    )
      return `Invalid '${at}.content[${index}].image_url'. Expected a valid URL, but got a value with an invalid format.`;
  }
  return undefined;
};

const tooLong = (value: string, most: number, at: string): string | undefined =>
  value.length > most
    ? `Invalid '${at}': string too long. Expected a string with maximum length ${most}, but got a string with length ${value.length} instead.`
    : undefined;

const itemsProblem = (items: readonly Item[]): string | undefined => {
  const open = new Set<string>();
  const ids = new Set<string>();
  for (const [index, item] of items.entries()) {
    const at = `input[${index}]`;
    switch (item.type) {
      case undefined:
      case 'message': {
        const problem = messageProblem(item, at);
        if (problem !== undefined) return problem;
        break;
      }
      case 'function_call': {
        const { call_id = '', name = '' } = item;
        if (call_id === '') return `Missing required parameter: '${at}.call_id'.`;
        const long = tooLong(call_id, 64, `${at}.call_id`) ?? tooLong(name, 64, `${at}.name`);
        if (long !== undefined) return long;
        if (!/^[a-zA-Z0-9_-]+$/.test(name))
          return `Invalid '${at}.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.`;
        if (typeof item.arguments !== 'string') return `Invalid type for '${at}.arguments': expected a string.`;
        if (open.has(call_id)) return `Duplicate function call with call_id ${call_id}.`;
        open.add(call_id);
        break;
      }
      case 'function_call_output': {
        const { call_id = '' } = item;
        if (!open.delete(call_id)) return `No tool call found for function call output with call_id ${call_id}.`;
        if (item.output === undefined) return `Missing required parameter: '${at}.output'.`;
        break;
      }
      case 'reasoning': {
        const { id = '', encrypted_content: content = '' } = item;
        if (ids.has(id))
          return `Duplicate item found with id ${id}. Remove duplicate items from your input and try again.`;
        ids.add(id);
        if (!Array.isArray(item.summary)) return `Missing required parameter: '${at}.summary'.`;
        if (!encrypted.get(id)?.has(content)) return `The encrypted content for item ${id} could not be verified.`;
        const next = items[index + 1];
        if (!next || next.role === 'user' || next.type === 'function_call_output')
          return `Item '${id}' of type 'reasoning' was provided without its required following item.`;
        break;
      }
      default:
        return `Invalid value: '${item.type}'. Supported values are: 'message', 'function_call', 'function_call_output' and 'reasoning'.`;
    }
    // The outputs of a turn stand together: an open call before the next message never gets its output.
    const isNextTurn = (item.type ?? 'message') === 'message' && item.role === 'user';
    const [missing] = open;
    if (missing !== undefined && (isNextTurn || index === items.length - 1))
      return `No tool output found for function call ${missing}.`;
  }
  return undefined;
};

/** Why the Responses API refuses a body; undefined when it does not. */
export const responsesProblem: NonNullable<Protocol['problemWith']> = (given) => {
  const body = given as Body;
  const unknown = Object.keys(body).find((key) => !topLevel.has(key));
  if (unknown !== undefined) return `Unknown parameter: '${unknown}'.`;
  if (!body.model) return "Missing required parameter: 'model'.";
  if ((body.max_output_tokens ?? 16) < 16)
    return `Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got ${body.max_output_tokens ?? 0} instead.`;
  const wrongTool = body.tools?.findIndex(({ name }) => !/^[a-zA-Z0-9_-]{1,64}$/.test(name)) ?? -1;
  if (wrongTool >= 0)
    return `Invalid 'tools[${wrongTool}].name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.`;
  if (typeof body.input === 'string') return undefined;
  if (!body.input || body.input.length === 0) return "Missing required parameter: 'input'.";
  return itemsProblem(body.input);
};
