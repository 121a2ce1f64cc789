import type { MemoryKind, Recalled } from '../../core/memory.ts';
import { boundedQuestion, limits } from '../../engine/memory/limits.ts';
import { cosine, overlap, rarity } from '../../engine/memory/overlap.ts';
import { pickDiverse, scored, type Candidate } from '../../engine/memory/rank.ts';
import { usualBackground } from '../../engine/memory/weights.ts';
import { memoryWords } from '../../engine/memory/words.ts';
import type { StoredItem } from '../../host/memory/item-row.ts';
import type { MemoryParts } from './memory-parts.ts';
import type { Checked } from './source-states.ts';

/** What is asked of the memory. */
export interface RecallQuery {
  text: string;
  /** 8 when left out. */
  limit?: number | undefined;
  kinds?: readonly MemoryKind[] | undefined;
}

/** A recalled item as it is kept. */
export type RecalledItem = Recalled & { item: StoredItem };

/** Answers questions; remembers between them what stays the same while nobody writes. */
export type Recall = (query: RecallQuery, signal: AbortSignal) => Promise<RecalledItem[]>;

/** What stays the same while nobody writes. */
interface Standing {
  state: string;
  /** When the next item expires. */
  until: number;
  /** Accepted items that hold here. */
  here: Map<number, MemoryKind>;
  all: ReadonlySet<number>;
  /** Some of them, to measure what chance is. */
  sample: readonly number[];
  /** In how many items words are. */
  counts: Map<string, number>;
  items: number;
}

const usualLimit = 8;
/** Candidates by meaning and by words, each. */
const looked = 48;
/** Words of a question that are looked up, and items these are in, counted once for each: the rest says little. */
const askedWords = 16;
const askedItems = 2000;
/** Items whose similarity to a question tells what chance is, and how few are too few to tell. */
const sampled = 48;
const leastSample = 24;

const middle = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** The first words of a list that is sorted by rarity, as many as are worth their time. */
const rarest = (words: readonly string[], holding: (word: string) => number): string[] => {
  let items = 0;
  return words.slice(0, askedWords).filter((word, index) => (items += holding(word)) <= askedItems || index === 0);
};

/** Recall over the parts of a memory. */
export const recaller = (parts: MemoryParts): Recall => {
  const { bank, space, states, place, redact, now } = parts;
  let kept: Standing | undefined;
  const words = new Map<string, ReadonlySet<string>>();
  const wordsOf = (item: StoredItem): ReadonlySet<string> => {
    const known = words.get(item.textHash);
    if (known) return known;
    const fresh = new Set(memoryWords(item.text));
    if (words.size > 20_000) words.clear();
    words.set(item.textHash, fresh);
    return fresh;
  };
  const current = (): Standing => {
    const state = bank.reading(() => bank.state());
    if (kept?.state !== state || kept.until <= now()) {
      const { numbers, until } = bank.reading(() => bank.items.numbersHere(place, now()));
      const all = new Set(numbers.keys());
      const step = Math.max(1, Math.floor(all.size / sampled));
      const sample = Array.from(all)
        .filter((_, index) => index % step === 0)
        .slice(0, sampled);
      kept = { state, until, here: numbers, all, sample, counts: new Map(), items: 0 };
    }
    return kept;
  };
  const count = (about: Standing, wanted: Iterable<string>): void => {
    const fresh = [...new Set(wanted)].filter((word) => !about.counts.has(word));
    if (fresh.length === 0) return;
    const { items, counts } = bank.reading(() => bank.words.holding(fresh));
    about.items = items;
    for (const [word, holding] of counts) about.counts.set(word, holding);
  };
  const backgroundFor = (vector: Float32Array, sample: readonly number[]): number => {
    const found = bank.reading(() => sample.flatMap((n) => space.get(n) ?? []));
    if (found.length < leastSample) return usualBackground(space.name);
    return Math.min(0.6, Math.max(0, middle(found.map((one) => cosine(one, vector)))));
  };
  return async ({ text, limit = usualLimit, kinds }, signal) => {
    signal.throwIfAborted();
    const question = redact(boundedQuestion(text)).trim();
    const about = current();
    const among = kinds
      ? new Set([...about.here].filter(([, kind]) => kinds.includes(kind)).map(([n]) => n))
      : about.all;
    if (question === '' || among.size === 0 || limit < 1) return [];

    const vector = await space.embed(question, signal);
    const byMeaning = vector ? await space.nearest(vector, { limit: looked, among }) : [];
    const asked = new Set(memoryWords(question));
    count(about, asked);
    const holding = (word: string): number => about.counts.get(word) ?? 0;
    const telling = [...asked].filter((word) => holding(word) > 0).sort((a, b) => holding(a) - holding(b));
    const byWords = bank.reading(() => bank.words.matches(rarest(telling, holding), among, looked));

    const similarities = new Map(byMeaning.map(({ id, similarity }) => [id, similarity]));
    const numbers = new Set([...similarities.keys(), ...byWords]);
    const items = bank.reading(() => [...numbers].flatMap((n) => bank.items.byNumber(n) ?? []));
    count(
      about,
      items.flatMap((item) => [...wordsOf(item)]),
    );
    const rare = rarity(about.items, about.counts);
    const isKnown = (word: string): boolean => holding(word) > 0;
    const vectors = bank.reading(() => new Map(items.map(({ n }) => [n, space.get(n)])));
    const candidates = items.map((item): Candidate<StoredItem> => {
      const own = wordsOf(item);
      const theirs = vectors.get(item.n);
      const similarity = similarities.get(item.n) ?? (vector && theirs ? cosine(vector, theirs) : undefined);
      return { item, words: own, vector: theirs, similarity, overlap: overlap(asked, own, rare, isKnown) };
    });
    const background = vector ? backgroundFor(vector, about.sample) : 0;
    const checked = new Map<number, Checked>();
    const taken = pickDiverse(
      scored(candidates, { now: now(), background }),
      Math.min(limit, limits.recalled),
      (one) => {
        const found = states.settle(one.item);
        checked.set(one.item.n, found);
        return found.stale === undefined;
      },
    );
    signal.throwIfAborted();
    return taken.map(({ item, score, why }) => {
      const found = checked.get(item.n);
      const moved = found && found.moved.length > 0 ? { moved: found.moved } : {};
      return { item: found?.item ?? item, score, why, ...moved };
    });
  };
};
