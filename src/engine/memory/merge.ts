import type { MemoryItem, MemoryKind, MemorySource } from '../../core/memory.ts';

/** What is said once more, its sources looked up. */
export interface Restated {
  text: string;
  sources: readonly MemorySource[];
  confidence: number;
  expiresAt: number | null;
  /** The user said it, not an agent. */
  byUser: boolean;
  status: MemoryItem['status'];
  /** Its words came from outside. */
  isForeign: boolean;
}

const nearlySure = 0.99;

/** An episode is one of a kind; the others are only ways to put it. */
export const mayBeOne = (a: MemoryKind, b: MemoryKind): boolean => (a === 'episode') === (b === 'episode');

/** True for sources that are the same; of lines only their place counts, for they are read anew. */
const sameSource = (a: MemorySource, b: MemorySource): boolean => {
  if (a.type === 'file')
    return b.type === 'file' && a.path === b.path && a.startLine === b.startLine && a.endLine === b.endLine;
  return JSON.stringify(a) === JSON.stringify(b);
};

/**
 * An item, said once more. Its wording stays unless the user said it; it becomes surer only where something new speaks
 * for it. What comes from outside changes nothing, and no agent's citation can make what the user said stale.
 * @param maxSources the oldest are left out above it.
 */
export const merged = <Item extends MemoryItem>(item: Item, again: Restated, now: number, maxSources: number): Item => {
  if (again.isForeign) return item;
  const isUsers = item.sources.some(({ type }) => type === 'user');
  const usable = again.sources.filter(({ type }) => again.byUser || !isUsers || type !== 'file');
  const fresh = usable.filter((source) => !item.sources.some((known) => sameSource(known, source)));
  const replaced = item.sources.map((known) => usable.find((source) => sameSource(known, source)) ?? known);
  const wasExpired = item.expiresAt !== null && item.expiresAt <= now;
  const { origin, ...rest } = item;
  const isStillForeign = origin !== undefined && origin !== 'user' && !again.byUser;
  return {
    ...(rest as Item),
    ...(isStillForeign ? { origin } : {}),
    text: again.byUser ? again.text : item.text,
    sources: [...replaced, ...fresh].slice(-maxSources),
    confidence:
      fresh.length === 0
        ? Math.max(item.confidence, again.byUser ? again.confidence : 0)
        : Math.max(item.confidence, Math.min(nearlySure, 1 - (1 - item.confidence) * (1 - again.confidence))),
    expiresAt: again.expiresAt ?? (wasExpired ? null : item.expiresAt),
    status: again.status === 'accepted' && !isStillForeign ? 'accepted' : item.status,
    updatedAt: now,
  };
};
