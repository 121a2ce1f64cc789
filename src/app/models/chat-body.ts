import { usageError } from '../../base/errors.ts';
import { parameterNames } from '../../core/capabilities.ts';
import type { ChatBody } from './chat-completions.ts';

type Table = Readonly<Record<string, unknown>>;
/** Throws unless a value is what it should be. */
type Check = (value: unknown, path: string) => void;

const must = (holds: boolean, path: string, be: string): void => {
  if (!holds)
    throw usageError(
      `chat.completions.create: ${path} must be ${be}.`,
      'The body has the form of OpenAI’s Chat Completions.',
    );
};

const isTable = (value: unknown): value is Table =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const tableOf = (value: unknown, path: string): Table => {
  must(isTable(value), path, 'an object');
  return value as Table;
};

const text: Check = (value, path) => must(typeof value === 'string', path, 'text');
const name: Check = (value, path) => must(typeof value === 'string' && value !== '', path, 'text that is not empty');
const flag: Check = (value, path) => must(typeof value === 'boolean', path, 'true or false');
const number: Check = (value, path) => must(Number.isFinite(value), path, 'a number');
const whole: Check = (value, path) => must(Number.isSafeInteger(value), path, 'a whole number');
const count: Check = (value, path) =>
  must(Number.isSafeInteger(value) && (value as number) > 0, path, 'a whole number of 1 or more');

const listOf =
  (check: Check): Check =>
  (value, path) => {
    must(Array.isArray(value), path, 'a list');
    for (const [index, one] of (value as readonly unknown[]).entries()) check(one, `${path}[${index}]`);
  };

/** What is null is taken as left out, as OpenAI's own clients and server have it. */
const optional =
  (check: Check): Check =>
  (value, path) => {
    if (value !== undefined && value !== null) check(value, path);
  };

const fields =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value, path) => {
    const table = tableOf(value, path);
    for (const [key, check] of Object.entries(checks)) check(table[key], path === '' ? key : `${path}.${key}`);
  };

const part: Check = (value, path) => {
  const { type, image_url: image } = tableOf(value, path);
  must(type === 'text' || type === 'image_url', `${path}.type`, 'text or image_url');
  if (type === 'text') fields({ text })(value, path);
  else fields({ url: text })(image, `${path}.image_url`);
};

const content: Check = (value, path) => {
  must(typeof value === 'string' || Array.isArray(value), path, 'text or a list of parts');
  if (typeof value !== 'string') listOf(part)(value, path);
};

const toolCall = fields({ id: name, function: fields({ name, arguments: text }) });

const byRole: ReadonlyMap<unknown, Check> = new Map([
  ...['system', 'developer', 'user'].map((role): [unknown, Check] => [role, fields({ content })]),
  ['assistant', fields({ content: optional(content), tool_calls: optional(listOf(toolCall)) })],
  ['tool', fields({ tool_call_id: name, content })],
]);

const message: Check = (value, path) => {
  const { role } = tableOf(value, path);
  const check = byRole.get(role);
  must(check !== undefined, `${path}.role`, `one of ${[...byRole.keys()].join(', ')}`);
  check?.(value, path);
};

const tool: Check = (value, path) => {
  must(tableOf(value, path).type === 'function', `${path}.type`, 'function');
  fields({ function: fields({ name, description: optional(text), parameters: optional(tableOf) }) })(value, path);
};

const stop: Check = (value, path) => {
  if (typeof value !== 'string') listOf(text)(value, path);
};

const formats = ['text', 'json_object', 'json_schema'];
const format: Check = (value, path) => {
  const { type } = tableOf(value, path);
  must(formats.includes(type as string), `${path}.type`, `one of ${formats.join(', ')}`);
  if (type === 'json_schema') fields({ json_schema: fields({ name, schema: tableOf }) })(value, path);
};

const checks = fields({
  model: optional(name),
  messages: (value, path) => {
    listOf(message)(value, path);
    must((value as readonly unknown[]).length > 0, path, 'a list that is not empty');
  },
  tools: optional(listOf(tool)),
  parallel_tool_calls: optional(flag),
  max_tokens: optional(count),
  max_completion_tokens: optional(count),
  ...Object.fromEntries(parameterNames.map((parameter) => [parameter, optional(number)])),
  stop: optional(stop),
  seed: optional(whole),
  response_format: optional(format),
  stream: optional(flag),
});

/**
 * The body of a call as it can be worked with, without what is null in it.
 * @throws CopilotError exit 2 that names the first place that is wrong.
 */
export const checkedBody = (body: unknown): ChatBody => {
  must(isTable(body), 'the body', 'an object');
  checks(body, '');
  const given = Object.entries(body as Table).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(given) as unknown as ChatBody;
};
