import { text, type Block, type ImageBlock, type Message, type Origin } from '../../../core/message.ts';
import { omitted } from './fit-image.ts';
import { fitMessage, type Fitted } from './fit-message.ts';
import type { Profile } from './profile.ts';
import { renameCalls } from './rename-calls.ts';
import type { Report } from './report.ts';

const withoutImages = new WeakMap<Message, { count: number; message: Message }>();

/** The message without its first `count` pictures; `tell` hears of each. */
const omitImages = (
  message: Message,
  count: number,
  why: string,
  tell: (image: ImageBlock, at: string) => void,
): Message => {
  let left = count;
  const omit = (block: Block, at: string): Block => {
    if (block.type === 'tool_result') {
      const content = block.content.map((inner, index) => omit(inner, `${at}.content[${index}]`));
      return content.every((inner, index) => inner === block.content[index]) ? block : { ...block, content };
    }
    if (block.type !== 'image' || left === 0) return block;
    left--;
    tell(block, at);
    return omitted(block, why).block;
  };
  const content = message.content.map((block, index) => omit(block, `.content[${index}]`));
  const known = withoutImages.get(message);
  if (known?.count === count) return known.message;
  const changed = { ...message, content };
  withoutImages.set(message, { count, message: changed });
  return changed;
};

/**
 * Leaves out the oldest pictures when there are too many. More than needed go at once, so that the beginning of a growing
 * conversation seldom changes: a change there makes a provider read everything anew.
 */
const limitImages = (
  messages: readonly Message[],
  fitted: readonly Fitted[],
  { name, images }: Profile,
  report: Report,
) => {
  const most = images?.max_images_per_request ?? Infinity;
  const total = fitted.reduce((sum, one) => sum + one.images, 0);
  if (total <= most) return messages;
  const step = Math.max(1, Math.floor(most / 2));
  let excess = Math.min(total, Math.ceil((total - most) / step) * step);
  const why = `${name} takes at most ${most} images`;
  return messages.map((message, index) => {
    const count = Math.min(excess, fitted[index]?.images ?? 0);
    if (count === 0) return message;
    excess -= count;
    return omitImages(message, count, why, (image, at) =>
      report.add(omitted(image, why).found, `$.messages[${index}]${at}`),
    );
  });
};

/** The system prompt as the beginning of the first user message. */
const frontOf = (first: Message | undefined, system: string, { fronted }: Profile): Message => {
  const known = first && fronted.get(first);
  if (known?.system === system) return known.message;
  const message: Message = first
    ? { ...first, content: [text(system), ...first.content] }
    : { role: 'user', content: [text(system)] };
  if (first) fronted.set(first, { system, message });
  return message;
};

const joined = new WeakMap<Message, { parts: readonly Message[]; message: Message }>();

/** Untrusted wins. */
const originOfAll = (parts: readonly Message[]): Origin | undefined =>
  parts.find(({ origin }) => origin !== undefined && origin !== 'user')?.origin ?? parts[0]?.origin;

const join = (first: Message, parts: readonly Message[]): Message => {
  const known = joined.get(first);
  if (known?.parts.length === parts.length && known.parts.every((part, index) => part === parts[index]))
    return known.message;
  const origin = originOfAll(parts);
  const message: Message = {
    role: first.role,
    content: parts.flatMap(({ content }) => content),
    ...(origin === undefined ? {} : { origin }),
  };
  joined.set(first, { parts, message });
  return message;
};

/** A message and its place in the request. */
interface Placed {
  message: Message;
  place: number;
}

/** Neighbours of one role become one message. */
const merge = (placed: readonly Placed[], report: Report): Message[] => {
  const merged: Message[] = [];
  for (let start = 0; start < placed.length;) {
    const first = placed[start];
    if (!first) break;
    let end = start + 1;
    while (placed[end]?.message.role === first.message.role) end++;
    if (end - start === 1) merged.push(first.message);
    else {
      const message = 'Messages of the same role that follow one another are sent as one.';
      report.add({ once: 'merged', code: 'Relocate', severity: 'info', message }, `$.messages[${first.place}]`);
      merged.push(
        join(
          first.message,
          placed.slice(start, end).map((one) => one.message),
        ),
      );
    }
    start = end;
  }
  return merged;
};

const tell = (fitted: readonly Fitted[], report: Report): void => {
  for (const [index, { found }] of fitted.entries())
    for (const one of found) {
      // Long conversations lose the same thing in every message.
      const { once } = one.found;
      if (once === undefined || !report.has(once)) report.add(one.found, `$.messages[${index}]${one.at}`);
    }
};

const isSame = (a: readonly Message[], b: readonly Message[]): boolean =>
  a.length === b.length && a.every((message, index) => message === b[index]);

const isEmpty = ({ content }: Message): boolean => content.length === 0;

/** Messages as a model takes them; `front` is a system prompt that has to stand among them. The same list when none changes. */
export const fitMessages = (
  messages: readonly Message[],
  front: string | undefined,
  profile: Profile,
  report: Report,
): readonly Message[] => {
  const fitted = messages.map((message) => fitMessage(message, profile));
  tell(fitted, report);
  let result: readonly Message[] = fitted.map(({ message }) => message);
  result = limitImages(result, fitted, profile, report);
  result = renameCalls(result, fitted, profile, report);

  const mayRepeat = profile.capabilities.constraints.messages.allow_consecutive_same_role;
  const isDoubled = !mayRepeat && result.some(({ role }, index) => role === result[index + 1]?.role);
  // What had nothing but reasoning is empty now, and no provider takes an empty message.
  if (front !== undefined || isDoubled || result.some(isEmpty)) {
    let placed = result.flatMap((message, place): Placed[] => (isEmpty(message) ? [] : [{ message, place }]));
    if (front !== undefined) {
      const first = placed[0]?.message.role === 'user' ? placed[0].message : undefined;
      placed = [{ message: frontOf(first, front, profile), place: 0 }, ...placed.slice(first ? 1 : 0)];
    }
    result = mayRepeat ? placed.map(({ message }) => message) : merge(placed, report);
  }
  return isSame(result, messages) ? messages : result;
};
