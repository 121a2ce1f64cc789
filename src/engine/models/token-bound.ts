import type { Message } from '../../core/message.ts';
import type { Request, Usage } from '../../core/provider.ts';

/** What providers add around messages and tools by themselves, generously. */
const frameTokens = 600;
const messageFrameTokens = 16;
/** The dearest picture of the providers we know is below this (read 2026-11-21). */
const imageTokens = 6000;

const sizes = new WeakMap<Message, number>();

const mostTokensOf = (message: Message): number => {
  let size = sizes.get(message);
  if (size === undefined) {
    size = messageFrameTokens;
    for (const block of message.content) {
      const pictures = block.type === 'image' ? 1 : 0;
      const inner = block.type === 'tool_result' ? block.content.filter((one) => one.type === 'image').length : 0;
      const shown =
        block.type === 'tool_result' ? block.content.filter((one) => one.type !== 'image') : pictures > 0 ? '' : block;
      size += Buffer.byteLength(JSON.stringify(shown)) + (pictures + inner) * imageTokens;
    }
    sizes.set(message, size);
  }
  return size;
};

/** The most input tokens a request can be billed. */
export interface TokenBound {
  of(request: Request): number;
  /** What the provider counted for a request: it holds for whatever begins with the same messages. */
  saw(request: Request, usage: Usage): void;
}

/**
 * An upper bound, not an estimate: tokenisers that work on bytes never make more tokens of a text than it has bytes. What
 * a provider counted already is taken as counted, so only what is new is bounded that coarsely.
 */
export const tokenBound = (): TokenBound => {
  let seen: { request: Request; first?: Message; last?: Message; count: number; tokens: number } | undefined;
  const sum = (messages: readonly Message[]): number =>
    messages.reduce((total, message) => total + mostTokensOf(message), 0);
  return {
    of: (request) => {
      const { system, tools, messages } = request;
      if (
        seen?.request.system === system &&
        seen.request.tools === tools &&
        messages[0] === seen.first &&
        messages[seen.count - 1] === seen.last
      )
        return seen.tokens + sum(messages.slice(seen.count));
      return frameTokens + Buffer.byteLength(system) + Buffer.byteLength(JSON.stringify(tools)) + sum(messages);
    },
    saw: (request, usage) => {
      const tokens = usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;
      if (tokens <= 0) return;
      // The list itself goes on growing, or is written anew: what it began and ended with then is enough to know it by.
      const { messages } = request;
      const [first, last] = [messages[0], messages.at(-1)];
      seen = { request, count: messages.length, tokens, ...(first && { first }), ...(last && { last }) };
    },
  };
};
