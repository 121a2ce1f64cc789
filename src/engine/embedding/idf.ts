import { createHash } from 'node:crypto';
import { mix } from './hash.ts';
import { localWords } from './local-words.ts';

/** How much words say in a corpus: rare ones more. JSON, about 90 kB. */
export interface Idf {
  readonly version: 1;
  /** Short hash of its content. */
  readonly id: string;
  /** Texts it was learnt from. */
  readonly texts: number;
  /** Base64: two rows of weights in sixteenths, by hash. */
  readonly table: string;
}

const rowLength = 1 << 15;
const steps = 16;

const first = (hash: number): number => hash & (rowLength - 1);
const second = (hash: number): number => rowLength + (mix(hash ^ 0x27d4eb2f) & (rowLength - 1));

const idOf = (texts: number, table: string): string =>
  createHash('sha256').update(`${texts} ${table}`).digest('hex').slice(0, 8);

/** Counts in how many of the texts each word stands. Words that share a place with others count as common as the rarest of both places says. */
export const learnIdf = (texts: Iterable<string>): Idf => {
  const counts = new Uint32Array(2 * rowLength);
  const seen = new Int32Array(2 * rowLength).fill(-1);
  const wordsOf = localWords();
  let count = 0;
  for (const text of texts) {
    const note = (place: number): void => {
      if (seen[place] === count) return;
      seen[place] = count;
      counts[place] = (counts[place] ?? 0) + 1;
    };
    for (const hash of wordsOf(text)) {
      note(first(hash));
      note(second(hash));
    }
    count++;
  }
  const weights = Uint8Array.from(counts, (found) =>
    Math.min(255, Math.round(steps * Math.log(1 + (count + 0.5) / (found + 0.5)))),
  );
  const table = Buffer.from(weights).toString('base64');
  return { version: 1, id: idOf(count, table), texts: count, table };
};

/** True for what {@link learnIdf} made, whole and unchanged. */
export const isIdf = (value: unknown): value is Idf => {
  if (typeof value !== 'object' || value === null) return false;
  const { version, id, texts, table } = value as Partial<Record<keyof Idf, unknown>>;
  return (
    version === 1 &&
    typeof texts === 'number' &&
    typeof table === 'string' &&
    Buffer.from(table, 'base64').length === 2 * rowLength &&
    id === idOf(texts, table)
  );
};

/** The weight of a word's hash. */
export const idfWeigher = ({ table }: Idf): ((hash: number) => number) => {
  const weights = Buffer.from(table, 'base64');
  return (hash) => Math.max(weights[first(hash)] ?? 0, weights[second(hash)] ?? 0) / steps;
};

/** A corpus that grew or shrank to this many texts has other words: what was learnt should be learnt anew. */
export const isOutgrown = (idf: Pick<Idf, 'texts'>, texts: number): boolean =>
  texts > 2 * idf.texts + 100 || 2 * texts + 100 < idf.texts;
