import { CopilotError, exitCodes } from '../base/errors.ts';
import type { Event, Transient } from '../core/event.ts';
import { originOf, text, textOf, userMessage, type Block, type Message } from '../core/message.ts';
import type { Capabilities } from '../core/capabilities.ts';
import type { ModelProvider, Request, Usage } from '../core/provider.ts';
import { callModel, type Told } from './models/call-model.ts';

/** Characters per token, on the safe side for code; real counts from the provider replace it as they come in. */
const charsPerToken = 3;
const imageTokens = 1600;
/** Share of the window at which the conversation is compacted, and the share it is brought down to. */
const fullAt = 0.8;
const shrinkTo = 0.5;
/** Tool output longer than this is trimmed when it is old. */
const trimToChars = 600;
/** Messages that take less are never too long: what is refused then was refused for something else. */
const leastMessageTokens = 2000;
/** Messages at the end that are never trimmed first. */
const recentMessages = 6;

/** Tokens of a text, estimated. */
export const estimateTokens = (value: string): number => Math.ceil(value.length / charsPerToken);

const sizes = new WeakMap<Message, number>();

const blockTokens = (block: Block): number => {
  switch (block.type) {
    case 'text':
      return estimateTokens(block.text);
    case 'thinking':
      return estimateTokens(block.text + (block.signature ?? ''));
    case 'image':
      return imageTokens;
    case 'tool_call':
      return estimateTokens(block.name + JSON.stringify(block.input));
    case 'tool_result':
      return block.content.reduce((sum, inner) => sum + blockTokens(inner), 8);
  }
};

const messageTokens = (message: Message): number => {
  let size = sizes.get(message);
  if (size === undefined) {
    size = message.content.reduce((sum, block) => sum + blockTokens(block), 4);
    sizes.set(message, size);
  }
  return size;
};

/** Tokens of messages, estimated; each is looked at once. */
export const estimateMessages = (messages: readonly Message[]): number =>
  messages.reduce((sum, message) => sum + messageTokens(message), 0);

const sizesOfTools = new WeakMap<Request['tools'], number>();

/** Input tokens of a whole request, estimated; tools and messages are looked at once. */
export const estimateRequest = ({ system, tools, messages }: Request): number => {
  let toolTokens = sizesOfTools.get(tools);
  if (toolTokens === undefined) {
    toolTokens = estimateTokens(JSON.stringify(tools));
    sizesOfTools.set(tools, toolTokens);
  }
  return estimateTokens(system) + toolTokens + estimateMessages(messages);
};

/** How full a model's window is. */
export interface ContextWindow {
  /** Output tokens to ask for. */
  readonly maxOutputTokens: number;
  /** Tokens of the conversation, measured where the provider told, estimated for the rest. */
  tokens(messages: readonly Message[]): number;
  isFull(messages: readonly Message[]): boolean;
  /** Takes the provider's own count for everything up to now. */
  saw(messages: readonly Message[], usage: Usage | undefined): void;
  /** A provider refused these as too long: its window is smaller than we thought, or as small as it says. */
  shrink(messages: readonly Message[], windowTokens?: number): void;
  /** What a compaction must come down to, for messages alone. */
  goal(): number;
  /** The conversation was rewritten: what was counted so far no longer holds. */
  recount(): void;
}

/** The window of a model; `fixedTokens` is what system prompt and tools take. */
export const windowOf = (capabilities: Capabilities, fixedTokens: number): ContextWindow => {
  const {
    max_context_window: whole,
    max_input_tokens: input = whole,
    max_output_tokens: most,
  } = capabilities.constraints.tokens;
  const maxOutputTokens = Math.min(most, Math.max(1024, Math.floor(whole / 4)));
  let limit = Math.min(input, whole - maxOutputTokens);
  // Provider's count minus our estimate at that time: corrects later estimates in both directions.
  let correction = fixedTokens;
  // A conversation only grows between two compactions: each message is counted once.
  let counted = 0;
  let sum = 0;
  const count = (messages: readonly Message[]): number => {
    sum += estimateMessages(messages.slice(counted));
    counted = messages.length;
    return sum;
  };
  const tokens = (messages: readonly Message[]): number => count(messages) + correction;
  return {
    maxOutputTokens,
    tokens,
    isFull: (messages) => tokens(messages) > limit * fullAt,
    saw: (messages, usage) => {
      if (!usage) return;
      const real = usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens + usage.outputTokens;
      // A count far off the estimate is no count of this conversation (some servers report only part of it).
      const estimate = count(messages) + fixedTokens;
      if (real > estimate / 4 && real < estimate * 4) correction = real - count(messages);
    },
    shrink: (messages, windowTokens = Infinity) => {
      const known = windowTokens - Math.min(maxOutputTokens, windowTokens / 4);
      const least = Math.min(limit, (fixedTokens + leastMessageTokens) / fullAt);
      limit = Math.floor(Math.max(least, Math.min(limit * 0.6, tokens(messages) * 0.6, known)));
    },
    goal: () => Math.max(1000, limit * shrinkTo - fixedTokens),
    recount: () => {
      counted = 0;
      sum = 0;
    },
  };
};

const trimBlock = (block: Block, keep: number): Block => {
  if (block.type !== 'tool_result') return block;
  const length = block.content.reduce((sum, inner) => sum + (inner.type === 'text' ? inner.text.length : 4000), 0);
  if (length <= keep) return block;
  const head = textOf(block.content).slice(0, keep / 2);
  return {
    ...block,
    content: [text(`${head}\n[${length - head.length} characters of old output left out; call again if needed]`)],
  };
};

const trim = (messages: readonly Message[], keepLast: number, keep: number): Message[] =>
  messages.map((message, index) =>
    index >= messages.length - keepLast || !message.content.some((block) => block.type === 'tool_result')
      ? message
      : { ...message, content: message.content.map((block) => trimBlock(block, keep)) },
  );

/** First message of the tail that stays: an assistant message, so that no call is split from its result. */
const tailStart = (messages: readonly Message[], budget: number): number => {
  let start = messages.length;
  let size = 0;
  for (let index = messages.length - 1; index > 0; index--) {
    const message = messages[index];
    if (!message) break;
    size += messageTokens(message);
    if (size > budget) break;
    if (message.role === 'assistant') start = index;
  }
  return start;
};

const transcript = (messages: readonly Message[]): string =>
  messages
    .map((message) => {
      const lines = message.content.map((block) => {
        if (block.type === 'text') return block.text;
        if (block.type === 'tool_call') return `[call ${block.name} ${JSON.stringify(block.input)}]`;
        if (block.type === 'tool_result') return `[result${block.isError ? ' (error)' : ''}: ${textOf(block.content)}]`;
        return '';
      });
      return `${message.role}: ${lines.filter((line) => line !== '').join('\n')}`;
    })
    .join('\n\n');

const summaryInstructions =
  'You compact the record of a software task so that another engineer can finish it. State: what was asked and any ' +
  'constraints, what was found (files, lines, causes), what was changed and why, what was tried and failed, commands and ' +
  'their outcome, what remains. Facts only, no greeting, at most 600 words.';

const isTyped = (message: Message): boolean =>
  message.origin === 'user' && message.content.some((block) => block.type === 'text');

/**
 * Brings a conversation down: first old tool output is trimmed; when that is not enough, everything between the task
 * and the newest turns is summarised by the model. The task and everything the user typed stay verbatim, and no call is
 * split from its result. Changes `messages` in place and records the replacement.
 * @throws CopilotError `E_CONTEXT` when even the task alone does not fit.
 */
export async function* compact(
  messages: Message[],
  window: ContextWindow,
  provider: ModelProvider,
  { run, told }: { run: string; told: Told },
  signal: AbortSignal,
): AsyncGenerator<Event | Transient, void> {
  const beforeTokens = window.tokens(messages);
  const goal = window.goal();
  let replacement = trim(messages, recentMessages, trimToChars);
  if (estimateMessages(replacement) > goal) {
    const start = tailStart(replacement, goal / 2);
    const [first, ...rest] = replacement.slice(0, start);
    const kept = rest.filter(isTyped);
    if (first && rest.length > 0) {
      const origin = originOf(rest);
      const old = trim([first, ...rest], 0, trimToChars);
      const request = {
        system: summaryInstructions,
        tools: [],
        messages: [userMessage(transcript(old))],
        maxOutputTokens: Math.min(2048, window.maxOutputTokens),
      };
      const reply = yield* callModel(provider, request, { run, purpose: 'summary', told }, signal);
      const summary = userMessage(`Summary of the work so far, made to save room:\n\n${textOf(reply.content)}`);
      replacement = [
        first,
        ...kept,
        // What a summary of text from outside says is from outside too.
        { role: 'user', content: summary.content, ...(origin === undefined ? {} : { origin }) },
        ...replacement.slice(start),
      ];
    }
    if (estimateMessages(replacement) > goal * 1.5) replacement = trim(replacement, 0, trimToChars);
  }
  if (estimateMessages(replacement) > goal * (1 / shrinkTo))
    throw new CopilotError('The task does not fit into the model’s context window.', {
      code: 'E_CONTEXT',
      exitCode: exitCodes.provider,
      hint: 'Give a shorter task, or choose a model with a larger window.',
    });
  // Thinking is signed for what came before it; after a change before it some providers refuse it.
  replacement = replacement.map((message) => {
    const rest = message.content.filter((block) => block.type !== 'thinking');
    return rest.length === message.content.length || rest.length === 0 ? message : { ...message, content: rest };
  });
  messages.splice(0, messages.length, ...replacement);
  window.recount();
  yield { type: 'context.compacted', run, replacement, beforeTokens, afterTokens: window.tokens(messages) };
}
