import type { Message } from '../../../core/message.ts';
import { renamed, type Fitted } from './fit-message.ts';
import type { Profile } from './profile.ts';
import type { Report } from './report.ts';

const rewritten = new WeakMap<Message, { ids: string; message: Message }>();

/** The message with other ids on its calls and results, in their order. */
const withIds = (message: Message, ids: readonly string[]): Message => {
  const key = ids.join('\n');
  const known = rewritten.get(message);
  if (known?.ids === key) return known.message;
  let next = 0;
  const content = message.content.map((block) => {
    if (block.type !== 'tool_call' && block.type !== 'tool_result') return block;
    const callId = ids[next++] ?? block.callId;
    return callId === block.callId ? block : { ...block, callId };
  });
  const changed = { ...message, content };
  rewritten.set(message, { ids: key, message: changed });
  return changed;
};

const hasDoubles = (fitted: readonly Fitted[]): boolean => {
  const taken = new Set<string>();
  for (const { calls } of fitted)
    for (const { sent } of calls) {
      if (taken.has(sent)) return true;
      taken.add(sent);
    }
  return false;
};

/**
 * Gives every call an id of its own, and its result the same: some servers begin to count anew with every reply, and others
 * refuse ids that come twice. What an id becomes depends only on what came before it.
 */
export const renameCalls = (
  messages: readonly Message[],
  fitted: readonly Fitted[],
  profile: Profile,
  report: Report,
): readonly Message[] => {
  if (!hasDoubles(fitted)) return messages;
  const taken = new Set<string>();
  /** By the id as it came: what its calls are sent as whose results are still to come. */
  const open = new Map<string, string[]>();
  return messages.map((message, index) => {
    const { calls = [], results = [] } = fitted[index] ?? {};
    const ids: string[] = [];
    let isChanged = false;
    for (const { id, sent } of calls) {
      let own: string | undefined = sent;
      for (let salt = 1; own !== undefined && taken.has(own) && salt < 100; salt++)
        own = profile.callIds.replacement(id, salt);
      own ??= sent;
      if (own !== sent) report.add(renamed(id, own, profile.name), `$.messages[${index}]`);
      taken.add(own);
      const waiting = open.get(id);
      if (waiting) waiting.push(own);
      else open.set(id, [own]);
      ids.push(own);
      isChanged ||= own !== sent;
    }
    for (const { id, sent } of results) {
      const own = open.get(id)?.shift() ?? sent;
      ids.push(own);
      isChanged ||= own !== sent;
    }
    return isChanged ? withIds(message, ids) : message;
  });
};
