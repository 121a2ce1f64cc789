import { randomInt } from 'node:crypto';
import type { MemoryDraft, MemorySource, Remembered } from '../../core/memory.ts';
import { ToolError } from '../../core/tool.ts';
import { itemId } from '../../engine/memory/item-id.ts';
import { limits } from '../../engine/memory/limits.ts';
import { mayBeOne, merged } from '../../engine/memory/merge.ts';
import { cosine } from '../../engine/memory/overlap.ts';
import { sameScope } from '../../engine/memory/scope.ts';
import { contradictionOf, sameWording, saysTheSame } from '../../engine/memory/statement.ts';
import { memoryWords } from '../../engine/memory/words.ts';
import { textHash, type StoredItem } from '../../host/memory/item-row.ts';
import type { MemoryBank } from '../../host/memory/memory-bank.ts';
import type { MemoryParts, Speaker } from './memory-parts.ts';
import { resolveDraft } from './resolve-draft.ts';

/** Items looked at, by meaning and by words each. */
const compared = 24;
const comparedWords = 12;
/** Links one item gets when it is written: more say nothing to anybody. */
const mostLinks = 5;

/** An id nobody has; for the owner's transaction. */
export const freshId = (bank: MemoryBank, now: number): string => {
  for (;;) {
    const id = itemId(now, randomInt(1 << 20));
    if (bank.items.byId(id) === undefined && !bank.isForgotten(id)) return id;
  }
};

/** An item beside one that may be the same or say otherwise. */
interface Near {
  item: StoredItem;
  similarity: number | undefined;
}

/**
 * Finds what is near to a text, to be called within the transaction that writes it: what another process wrote between
 * the search and the transaction is looked at too.
 */
export const findNear = async (
  text: string,
  vector: Float32Array | undefined,
  repo: string,
  { bank, space }: MemoryParts,
): Promise<() => Near[]> => {
  const mark = bank.reading(() => bank.items.newestRev());
  const among = new Set(bank.reading(() => bank.items.numbersAround(repo)));
  const byMeaning = vector ? await space.nearest(vector, { limit: compared, among }) : [];
  const words = [...new Set(memoryWords(text))];
  const byWords = bank.reading(() => {
    const { counts } = bank.words.holding(words);
    const rare = words.filter((word) => (counts.get(word) ?? 0) > 0);
    rare.sort((a, b) => (counts.get(a) ?? 0) - (counts.get(b) ?? 0));
    return bank.words.matches(rare.slice(0, comparedWords), among, compared);
  });
  const numbers = new Set([...byMeaning.map(({ id }) => id), ...byWords]);
  return () => {
    const found = [...numbers].flatMap((n) => bank.items.byNumber(n) ?? []);
    const since = bank.items
      .changedSince(mark)
      .filter(({ n, scope }) => !numbers.has(n) && (scope.type === 'user' || scope.repo === repo));
    return [...found, ...since].map((item) => {
      const theirs = vector && space.get(item.n);
      return { item, similarity: vector && theirs ? cosine(vector, theirs) : undefined };
    });
  };
};

/** Links an item with those that say otherwise; for the owner's transaction. */
export const linkContradictions = (item: StoredItem, near: readonly Near[], bank: MemoryBank, now: number): void => {
  // What happened once does not contradict what happened another time.
  if (item.kind === 'episode') return;
  let linked = 0;
  for (const { item: other, similarity } of near) {
    if (linked >= mostLinks || other.n === item.n || other.kind === 'episode') continue;
    if (other.expiresAt !== null && other.expiresAt <= now) continue;
    const why = contradictionOf(item.text, other.text, similarity);
    if (why === undefined) continue;
    bank.link(item.n, other.n, why);
    linked += 1;
  }
};

/** Keeps a draft, or makes it part of an item that says the same. @throws ToolError */
export const remember = async (
  draft: MemoryDraft,
  speaker: Speaker,
  parts: MemoryParts,
  signal: AbortSignal,
): Promise<Remembered & { item: StoredItem }> => {
  const { bank, space, place, now } = parts;
  signal.throwIfAborted();
  const resolved = await resolveDraft(draft, speaker, parts);
  const { text, scope, origin, reason, status } = resolved;
  const byUser = speaker.by === 'user';
  const isForeign = origin !== undefined && origin !== 'user';
  const hash = textHash(text);
  if (!byUser && bank.reading(() => bank.isRejected(hash)))
    throw new ToolError('The user did not want this to be remembered.');
  const vector = await space.embed(text, signal);
  const near = await findNear(text, vector, scope.type === 'user' ? place.repo : scope.repo, parts);
  signal.throwIfAborted();
  const isChanged = (item: StoredItem, source: MemorySource): boolean =>
    parts.states.stateOf(item, source).state === 'changed';
  /** No agent brings back what is not recalled because its lines changed: it says it anew. */
  const isOpen = (item: StoredItem): boolean => byUser || !item.sources.some((source) => isChanged(item, source));
  return bank.change(() => {
    const at = now();
    const around = near();
    const [twin] = around
      .filter(
        ({ item, similarity }) =>
          sameScope(item.scope, scope) &&
          mayBeOne(item.kind, resolved.kind) &&
          saysTheSame(item.text, text, similarity) &&
          isOpen(item),
      )
      .sort(
        (a, b) =>
          Number(sameWording(b.item.text, text)) - Number(sameWording(a.item.text, text)) ||
          (b.similarity ?? 0) - (a.similarity ?? 0),
      );
    if (byUser) bank.setRejected(hash, null);
    if (twin) {
      const again = { ...resolved, byUser, isForeign };
      // Said once more by the user, it no longer rests on lines that changed.
      const standing = { ...twin.item, sources: twin.item.sources.filter((source) => !isChanged(twin.item, source)) };
      const joined = merged(byUser ? standing : twin.item, again, at, limits.sources);
      if (joined === twin.item) return { item: twin.item, outcome: 'merged' };
      const isAccepted = joined.status === 'accepted';
      const item = bank.items.update({
        ...joined,
        reason: isAccepted ? null : joined.reason,
        staleSince: null,
        staleWhy: null,
      });
      if (vector && item.text !== twin.item.text) space.put(item.n, vector);
      return { item, outcome: 'merged' };
    }
    const made = bank.items.insert({
      id: freshId(bank, at),
      kind: resolved.kind,
      text,
      scope,
      sources: resolved.sources,
      confidence: resolved.confidence,
      uses: 0,
      helped: 0,
      harmed: 0,
      createdAt: at,
      updatedAt: at,
      usedAt: null,
      expiresAt: resolved.expiresAt,
      status,
      reason,
      ...(origin === undefined ? {} : { origin }),
    });
    if (vector) space.put(made.n, vector);
    linkContradictions(made, around, bank, at);
    const item = bank.items.byNumber(made.n) ?? made;
    return { item, outcome: status === 'proposed' ? 'proposed' : 'added' };
  });
};
