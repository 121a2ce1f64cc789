import type { Capabilities } from '../core/capabilities.ts';
import { textOf, type Block, type Message } from '../core/message.ts';
import type { Request, ToolSpec } from '../core/provider.ts';
import { textPieces } from './token-pieces.ts';
import { toolText } from './tool-text.ts';

/** An encoding that is known exactly. */
type Encoding = 'o200k_base' | 'cl100k_base';

type Count = (text: string) => number;

// Texts hold what they hold: `<|endoftext|>` in a file is no end.
const asText = { allowedSpecial: new Set<string>(), disallowedSpecial: new Set<string>() };

const loaders: Readonly<Record<Encoding, () => Promise<Count>>> = {
  o200k_base: async () => {
    const { countTokens: count } = await import('gpt-tokenizer/encoding/o200k_base');
    return (text) => count(text, asText);
  },
  cl100k_base: async () => {
    const { countTokens: count } = await import('gpt-tokenizer/encoding/cl100k_base');
    return (text) => count(text, asText);
  },
};
const loaded = new Map<Encoding, Promise<Count>>();
const counterFor = (encoding: Encoding): Promise<Count> => {
  const known = loaded.get(encoding) ?? loaders[encoding]();
  loaded.set(encoding, known);
  return known;
};

const encodingFor = (name: string | undefined): Encoding => (name === 'cl100k_base' ? name : 'o200k_base');

/** Characters of hard text that are counted one by one; of what comes after them, every 32nd piece stands for 32. */
const hardAllowance = 32_768;
const hardStride = 32;

const countPieces = (text: string, count: Count): number => {
  let tokens = 0;
  let hard = { characters: 0, tokens: 0, skipped: 0, pieces: 0 };
  for (const piece of textPieces(text)) {
    if (!piece.hard) {
      tokens += count(piece.text);
      continue;
    }
    const { length } = piece.text;
    hard = { ...hard, pieces: hard.pieces + 1 };
    if (hard.characters < hardAllowance || hard.pieces % hardStride === 0) {
      const found = count(piece.text);
      tokens += found;
      hard = { ...hard, characters: hard.characters + length, tokens: hard.tokens + found };
    } else hard = { ...hard, skipped: hard.skipped + length };
  }
  return tokens + (hard.skipped === 0 ? 0 : Math.round((hard.skipped * hard.tokens) / hard.characters));
};

/**
 * Tokens of a text. Exact for ordinary text; runs of more than 256 characters without a space are counted in parts, and of
 * more than 32,768 characters of such runs or of text that is mostly not ASCII a sample is counted.
 * @param encoding `o200k_base` or `cl100k_base`; any other name counts as the first.
 */
export const countTokens = async (text: string, encoding?: string): Promise<number> =>
  countPieces(text, await counterFor(encodingFor(encoding)));

/** What a tokeniser nobody publishes makes of a text, next to o200k_base, and how far the estimate may be off. */
interface Family {
  factor: number;
  margin: number;
  /** What the provider adds when there are tools, in its own tokens. */
  withTools: number;
}

/**
 * Anthropic says that its tokeniser from Claude Opus 4.7, Sonnet 5 and Fable 5 on makes about 30 % more tokens than the one
 * before (platform.claude.com/docs/en/build-with-claude/token-counting, read 2026-11-27); that the earlier one makes about
 * 15 % more than o200k_base is an assumption. With tools it adds a prompt of 346 tokens (its documentation of tool use, for
 * Claude 3.5 to 4.5, read 2026-11-27). Others are taken to be like o200k_base.
 */
const families: Readonly<Partial<Record<string, Family>>> = {
  o200k_base: { factor: 1, margin: 0.05, withTools: 0 },
  cl100k_base: { factor: 1, margin: 0.05, withTools: 0 },
  claude: { factor: 1.15, margin: 0.2, withTools: 346 },
  'claude-5': { factor: 1.5, margin: 0.2, withTools: 346 },
};
const unknownFamily: Family = { factor: 1, margin: 0.25, withTools: 0 };

// Of chat messages at OpenAI: github.com/openai/openai-cookbook, "How to count tokens with tiktoken", read 2026-11-27.
const perMessage = 4;
const perAnswer = 3;
const perCall = 3;
/** A picture of about a megapixel: at OpenAI 765, at Anthropic 1,400 (their documentation, read 2026-11-21). */
const perPicture = 1100;
const perTools = 9;
/** The system prompt and the tools share what stands around them. */
const sharedFrame = 4;

const argumentsOf = (input: unknown): string => (typeof input === 'string' ? input : JSON.stringify(input ?? {}));

const sizeOf = (block: Block, count: Count): number => {
  switch (block.type) {
    case 'text':
      return countPieces(block.text, count);
    case 'thinking':
      return countPieces(block.text, count);
    case 'image':
      return perPicture;
    case 'tool_call':
      return perCall + countPieces(block.name, count) + countPieces(argumentsOf(block.input), count);
    case 'tool_result': {
      const pictures = block.content.filter(({ type }) => type === 'image').length;
      return perMessage + countPieces(textOf(block.content), count) + pictures * perPicture;
    }
  }
};

const messageSizes = new WeakMap<Message, Partial<Record<Encoding, number>>>();
const toolSizes = new WeakMap<readonly ToolSpec[], Partial<Record<Encoding, number>>>();

const cached = <K extends object>(
  sizes: WeakMap<K, Partial<Record<Encoding, number>>>,
  key: K,
  encoding: Encoding,
  measure: () => number,
): number => {
  const known = sizes.get(key) ?? {};
  const size = (known[encoding] ??= measure());
  sizes.set(key, known);
  return size;
};

/** How a model's tokens are counted, and the share by which a count may be off in either direction. */
export const tokeniserOf = ({
  constraints,
}: Pick<Capabilities, 'constraints'>): { encoding: string; factor: number; margin: number } => {
  const { encoding: name } = constraints.tokens;
  const { factor, margin } = families[name ?? ''] ?? unknownFamily;
  return { encoding: encodingFor(name), factor, margin };
};

/**
 * Input tokens of a whole request, with what stands around messages and tools, and the share by which the count may be off
 * in either direction. Each message is counted once in its life. Pictures are taken to be about a megapixel, which the
 * margin does not cover.
 */
export const countRequest = async (
  { system, tools, messages }: Pick<Request, 'system' | 'tools' | 'messages'>,
  { constraints }: Pick<Capabilities, 'constraints'>,
): Promise<{ tokens: number; margin: number }> => {
  const name = constraints.tokens.encoding;
  const encoding = encodingFor(name);
  const count = await counterFor(encoding);
  const { factor, margin, withTools } = families[name ?? ''] ?? unknownFamily;
  const hasTools = tools.length > 0;
  // With tools, a line break is put after the system prompt.
  const padded = hasTools && !system.endsWith('\n') ? `${system}\n` : system;
  let tokens = perAnswer + (system === '' ? 0 : perMessage + countPieces(padded, count));
  if (hasTools) tokens += cached(toolSizes, tools, encoding, () => perTools + countPieces(toolText(tools), count));
  if (hasTools && system !== '') tokens -= sharedFrame;
  for (const message of messages)
    tokens += cached(messageSizes, message, encoding, () =>
      message.content.reduce((sum, block) => sum + sizeOf(block, count), ownFrame(message)),
    );
  return { tokens: Math.round(tokens * factor) + (hasTools ? withTools : 0), margin };
};

/** Results of tools are messages of their own; a message of nothing else has no frame. */
const ownFrame = ({ content }: Message): number =>
  content.length > 0 && content.every(({ type }) => type === 'tool_result') ? 0 : perMessage;
