import type { Block, Message, ToolResultBlock } from '../../../core/message.ts';
import { fitImage } from './fit-image.ts';
import type { Profile } from './profile.ts';
import type { Found } from './report.ts';
import { callText, resultBlocks } from './tool-protocol.ts';

/** An id of a call as it came, and as it is sent when no other call has that id. */
export interface UsedId {
  id: string;
  sent: string;
}

/** A message fitted to a model, as far as it does not depend on others. */
export interface Fitted {
  /** The same object when nothing had to change. */
  readonly message: Message;
  /** `at` is the place within the message, such as `.content[0]`. */
  readonly found: readonly { found: Found; at: string }[];
  readonly images: number;
  readonly calls: readonly UsedId[];
  readonly results: readonly UsedId[];
}

/** Names of functions that every provider takes: Anthropic takes 128 characters, OpenAI 64 (API references, 2026-11-27). */
const nameForm = /^[a-zA-Z0-9_-]{1,64}$/;

const nameOf = (name: string): string => name.replace(/[^a-zA-Z0-9_-]/g, '_').slice(0, 64) || 'unnamed';

const emulated: Found = {
  once: 'tools',
  code: 'Emulate',
  severity: 'warning',
  message: 'Earlier tool calls and results are told as text: the model has no tools.',
};

const fit = (message: Message, profile: Profile): Fitted => {
  const found: { found: Found; at: string }[] = [];
  const calls: UsedId[] = [];
  const results: UsedId[] = [];
  let images = 0;
  const sentAs = (id: string, at: string): string => {
    if (profile.callIds.fits(id)) return id;
    const sent = profile.callIds.replacement(id, 0);
    found.push({ found: renamed(id, sent, profile.name), at: `${at}.callId` });
    return sent ?? id;
  };
  const picture = (block: Extract<Block, { type: 'image' }>, at: string): Block => {
    const fitted = fitImage(block, profile);
    if (fitted.found) found.push({ found: fitted.found, at });
    else images++;
    return fitted.block;
  };
  const resultOf = (block: ToolResultBlock, at: string): Block[] => {
    const content = block.content.map((inner, index) =>
      inner.type === 'image' ? picture(inner, `${at}.content[${index}]`) : inner,
    );
    const result = content.every((inner, index) => inner === block.content[index]) ? block : { ...block, content };
    if (!profile.emulatesTools) {
      const sent = sentAs(block.callId, at);
      results.push({ id: block.callId, sent });
      return [sent === block.callId ? result : { ...result, callId: sent }];
    }
    found.push({ found: emulated, at });
    return resultBlocks(result);
  };
  const blocksOf = (block: Block, index: number): Block[] => {
    const at = `.content[${index}]`;
    switch (block.type) {
      case 'text':
        return [block];
      case 'image':
        return [picture(block, at)];
      case 'thinking':
        // A signature is sent to nobody but the provider that made it.
        if (block.by !== undefined && block.by === profile.thinkingBy) return [block];
        found.push({ found: dropped(block.by, profile), at });
        return [];
      case 'tool_call': {
        if (profile.emulatesTools) {
          found.push({ found: emulated, at });
          return [callText(block)];
        }
        const callId = sentAs(block.callId, at);
        calls.push({ id: block.callId, sent: callId });
        const name = nameForm.test(block.name) ? block.name : nameOf(block.name);
        if (name !== block.name) found.push({ found: namedAnew(block.name, name), at: `${at}.name` });
        return [callId === block.callId && name === block.name ? block : { ...block, callId, name }];
      }
      case 'tool_result':
        return resultOf(block, at);
    }
  };
  let content = message.content.flatMap(blocksOf);
  if (isHollow(content)) {
    found.push({ found: hollow, at: '' });
    content = [];
  }
  const isSame =
    content.length === message.content.length && content.every((block, index) => block === message.content[index]);
  return { message: isSame ? message : { ...message, content }, found, images, calls, results };
};

/** True for reasoning that led to nothing, as when an answer was cut. Anthropic and OpenAI refuse it (read 2026-11-27). */
const isHollow = (content: readonly Block[]): boolean =>
  content.some(({ type }) => type === 'thinking') &&
  content.every((block) => block.type === 'thinking' || (block.type === 'text' && block.text.trim() === ''));

const hollow: Found = {
  once: 'hollow',
  code: 'Drop',
  severity: 'info',
  message: 'Earlier reasoning that led to no answer is left out.',
};

const dropped = (by: string | undefined, { name, thinkingBy }: Profile): Found => ({
  once: `thinking ${by ?? ''}`,
  code: 'Drop',
  severity: 'info',
  message:
    thinkingBy === undefined
      ? `Earlier reasoning is left out: ${name} takes none back.`
      : `Earlier reasoning of ${by ?? 'an unknown provider'} is left out: only its own provider takes it back.`,
});

const namedAnew = (before: string, after: string): Found => ({
  code: 'MapFallback',
  severity: 'info',
  message: 'The name of an earlier tool call has characters or a length that providers refuse.',
  before: before.slice(0, 100),
  after,
});

/** The loss of an id that is sent in another form; or in its own, when no other can be made. */
export const renamed = (before: string, after: string | undefined, name: string): Found =>
  after === undefined
    ? {
        once: 'ids',
        code: 'Unsupported',
        severity: 'warning',
        message: `Ids of earlier tool calls do not have the form ${name} wants, and none could be made that has.`,
        before: before.slice(0, 100),
      }
    : {
        once: 'ids',
        code: 'MapFallback',
        severity: 'info',
        message: `Ids of earlier tool calls are sent in the form ${name} takes.`,
        before: before.slice(0, 100),
        after,
      };

/** A message as a model takes it; each is looked at once per model. */
export const fitMessage = (message: Message, profile: Profile): Fitted => {
  let fitted = profile.fitted.get(message);
  if (!fitted) {
    fitted = fit(message, profile);
    profile.fitted.set(message, fitted);
  }
  return fitted;
};
