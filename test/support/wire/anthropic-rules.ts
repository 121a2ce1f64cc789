// What the Messages API refuses with 400. Rules: platform.claude.com/docs/en/api/messages, …/build-with-claude/thinking and
// …/agents-and-tools/tool-use (read 2026-11-27); texts as its users quote them in public issues.
import type { Protocol } from './turn.ts';

interface Block {
  type: string;
  text?: string;
  thinking?: string;
  signature?: string;
  data?: string;
  id?: string;
  name?: string;
  input?: unknown;
  tool_use_id?: string;
  content?: string | Block[];
  source?: { type?: string; media_type?: string; data?: string };
  cache_control?: unknown;
}
interface Message {
  role: string;
  content: string | Block[];
}
interface Body {
  model?: string;
  max_tokens?: number;
  system?: string | Block[];
  messages?: Message[];
  tools?: { name: string; input_schema?: { type?: string }; cache_control?: unknown }[];
  thinking?: { type: string };
  temperature?: number;
  top_p?: number;
}

const topLevel = new Set([
  ...[
    'model',
    'messages',
    'max_tokens',
    'system',
    'tools',
    'tool_choice',
    'thinking',
    'stream',
    'temperature',
    'top_p',
  ],
  ...['top_k', 'stop_sequences', 'metadata', 'service_tier', 'output_config', 'container', 'cache_control'],
]);
const mediaTypes = ['image/jpeg', 'image/png', 'image/gif', 'image/webp'];

/** What this process signed: every text a signature was given for, and the encrypted reasoning. */
const signed = new Map<string, Set<string>>();
const encrypted = new Set<string>();

/** Keeps what a server signs. */
export const signs = (signature: string, thinking: string): void => {
  signed.set(signature, (signed.get(signature) ?? new Set()).add(thinking));
};
/** Keeps reasoning a server encrypted. */
export const encrypts = (data: string): void => void encrypted.add(data);

const blocksOf = ({ content }: Message): Block[] =>
  typeof content === 'string' ? [{ type: 'text', text: content }] : content;

const isTable = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);

const blockProblem = (block: Block, role: string, at: string): string | undefined => {
  switch (block.type) {
    case 'text':
      if (!block.text) return `${at}: text content blocks must be non-empty`;
      return block.text.trim() === '' ? `${at}: text content blocks must contain non-whitespace text` : undefined;
    case 'image':
      if (role !== 'user') return `${at}: image blocks are not permitted in assistant messages`;
      return mediaTypes.includes(block.source?.media_type ?? '') && block.source?.data
        ? undefined
        : `${at}.image.source.base64.media_type: Input should be ${mediaTypes.join(', ')}`;
    case 'thinking':
      if (role !== 'assistant') return `${at}: thinking blocks may only be in assistant messages`;
      if (block.cache_control) return `${at}.thinking.cache_control: Extra inputs are not permitted`;
      return signed.get(block.signature ?? '')?.has(block.thinking ?? '')
        ? undefined
        : `${at}: Invalid \`signature\` in \`thinking\` block`;
    case 'redacted_thinking':
      if (role !== 'assistant') return `${at}: redacted_thinking blocks may only be in assistant messages`;
      return encrypted.has(block.data ?? '') ? undefined : `${at}: Invalid \`data\` in \`redacted_thinking\` block`;
    case 'tool_use':
      if (role !== 'assistant') return `${at}: \`tool_use\` blocks can only be in \`assistant\` messages`;
      if (!/^[a-zA-Z0-9_-]{1,64}$/.test(block.id ?? ''))
        return `${at}.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'`;
      if (!/^[a-zA-Z0-9_-]{1,128}$/.test(block.name ?? ''))
        return `${at}.tool_use.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'`;
      return isTable(block.input) ? undefined : `${at}.tool_use.input: Input should be a valid dictionary`;
    case 'tool_result': {
      if (role !== 'user') return `${at}: \`tool_result\` blocks can only be in \`user\` messages`;
      const inner = typeof block.content === 'string' ? [] : (block.content ?? []);
      const wrong = inner.find(({ type }) => type !== 'text' && type !== 'image');
      if (wrong) return `${at}.tool_result.content: \`${wrong.type}\` is not allowed`;
      return inner.flatMap((one, index) => blockProblem(one, role, `${at}.content.${index}`) ?? [])[0];
    }
    default:
      return `${at}: Input tag '${block.type}' found using 'type' does not match any of the expected tags`;
  }
};

const toolProblem = (messages: readonly Message[]): string | undefined => {
  const seen = new Set<string>();
  for (const [index, message] of messages.entries()) {
    const blocks = blocksOf(message);
    const results = blocks.filter(({ type }) => type === 'tool_result').map(({ tool_use_id = '' }) => tool_use_id);
    const asked =
      index > 0 ? blocksOf(messages[index - 1]!).flatMap(({ type, id }) => (type === 'tool_use' ? id! : [])) : [];
    const stray = results.find((id) => !asked.includes(id));
    if (stray !== undefined)
      return `messages.${index}.content.0: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${stray}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`;
    const missing = asked.filter((id) => results.filter((result) => result === id).length !== 1);
    if (missing.length > 0)
      return `messages.${index - 1}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${missing.join(', ')}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`;
    if (blocks.slice(0, results.length).some(({ type }) => type !== 'tool_result'))
      return `messages.${index}: \`tool_result\` blocks must come first in a message that has them`;
    for (const { type, id = '' } of blocks) {
      if (type !== 'tool_use') continue;
      if (seen.has(id)) return `messages.${index}: \`tool_use\` ids must be unique`;
      seen.add(id);
    }
  }
  return blocksOf(messages.at(-1)!).some(({ type }) => type === 'tool_use')
    ? `messages.${messages.length - 1}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after`
    : undefined;
};

const countMarks = (value: unknown): number => JSON.stringify(value).split('"cache_control":{').length - 1;

/** Why the Messages API refuses a body; undefined when it does not. */
export const anthropicProblem: NonNullable<Protocol['problemWith']> = (given) => {
  const body = given as Body;
  const unknown = Object.keys(body).find((key) => !topLevel.has(key));
  if (unknown !== undefined) return `${unknown}: Extra inputs are not permitted`;
  if (!body.model) return 'model: Field required';
  if (body.max_tokens === undefined) return 'max_tokens: Field required';
  if (!Number.isInteger(body.max_tokens) || body.max_tokens < 1)
    return 'max_tokens: Input should be greater than or equal to 1';
  if ((body.temperature ?? 0) < 0 || (body.temperature ?? 0) > 1) return 'temperature: range: 0..1';
  const { messages = [], tools = [], system = [] } = body;
  if (messages.length === 0) return 'messages: at least one message is required';
  const prompt = typeof system === 'string' ? [] : system;
  if (prompt.some(({ text }) => !text?.trim())) return 'system: text content blocks must be non-empty';
  const wrongTool = tools.findIndex(({ name, input_schema }) => !/^[a-zA-Z0-9_-]{1,128}$/.test(name) || !input_schema);
  if (wrongTool >= 0) return `tools.${wrongTool}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'`;
  if (new Set(tools.map(({ name }) => name)).size < tools.length) return 'tools: Tool names must be unique.';
  const marks = countMarks(body);
  if (marks > 4) return `A maximum of 4 blocks with cache_control may be provided. Found ${marks}.`;
  if (messages[0]!.role !== 'user') return 'messages: first message must use the "user" role';
  for (const [index, message] of messages.entries()) {
    const { role } = message;
    if (role !== 'user' && role !== 'assistant') return `messages.${index}.role: Input should be 'user' or 'assistant'`;
    if (messages[index - 1]?.role === role)
      return `messages: roles must alternate between "user" and "assistant", but found multiple "${role}" roles in a row`;
    const blocks = blocksOf(message);
    if (blocks.length === 0)
      return `messages.${index}: all messages must have non-empty content except for the optional final assistant message`;
    const wrong = blocks.flatMap((block, at) => blockProblem(block, role, `messages.${index}.content.${at}`) ?? [])[0];
    if (wrong !== undefined) return wrong;
    if (role === 'assistant' && (blocks.at(-1)?.type ?? '').includes('thinking'))
      return `messages.${index}: The final block in an assistant message cannot be \`thinking\`.`;
  }
  const lastAssistant = messages.findLast(({ role }) => role === 'assistant');
  // Only with a budget: adaptive thinking takes turns that begin otherwise.
  if (
    body.thinking?.type === 'enabled' &&
    lastAssistant &&
    blocksOf(lastAssistant).some(({ type }) => type === 'tool_use') &&
    !(blocksOf(lastAssistant)[0]?.type ?? '').includes('thinking')
  )
    return 'Expected `thinking` or `redacted_thinking`, but found `tool_use`. When `thinking` is enabled, a final `assistant` message must start with a thinking block';
  return toolProblem(messages);
};
