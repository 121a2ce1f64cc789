import { identifierWords } from '../../base/identifiers.ts';
import { hashOf, mix, take } from './hash.ts';
import { stem } from './stem.ts';

/** A word, with what it adds to a vector. `count` is for whoever reads a text; it is 0 between texts. */
export interface Word {
  readonly hash: number;
  readonly weight: number;
  /** Places in a vector, and what is added there. */
  readonly places: Int16Array;
  readonly shares: Float32Array;
  count: number;
}

/** How a word weighs: its hash (of its stem), and itself in lower case. */
export type Weigh = (hash: number, word: string) => number;

/** Words by how they are written. */
export interface Vocabulary {
  /** The words of a run of letters, digits, `_` and `$`: its parts, and itself when it has several. */
  of(token: string): readonly Word[];
  /** The pairs of characters of a run of a script without spaces. */
  ofDense(run: string): readonly Word[];
  /** Lets go of everything when there is too much of it; only between texts. */
  trim(): void;
}

const wordSeed = 0x2f0b4c47;
const pairSeed = 0x5bd1e995;
const gramSeed = 0x1b56c4e9;
const [shortest, longest] = [3, 5];
/** More words than this of one run are no words but data. */
const mostParts = 12;
const mostKept = 30_000;
/** The length of what all parts of a word add together; the word itself adds 1. */
const gramShare = 0.45;
/** Both ends of a word count as characters, so that beginnings and ends are parts of their own. */
const edge = 1;

const addGrams = (word: string, add: (hash: number) => void): void => {
  const length = word.length + 2;
  const unitAt = (at: number): number => (at === 0 || at === length - 1 ? edge : word.charCodeAt(at - 1));
  for (let start = 0; start + shortest <= length; start++) {
    let hash = gramSeed;
    const end = Math.min(length, start + longest);
    for (let at = start; at < end; at++) {
      hash = take(hash, unitAt(at));
      if (at - start + 1 >= shortest) add(mix(hash));
    }
  }
};

/** Where in a vector a hash counts. */
export const placeOf = (hash: number, dimensions: number): number => (hash >>> 0) % dimensions;

/** Whether it adds or takes away there: of other bits than its place. */
export const signOf = (hash: number): number => (mix(hash ^ 0x3c6ef372) & 1 ? 1 : -1);

/** Words as they are needed, each made once. */
export const vocabulary = (dimensions: number, weigh: Weigh): Vocabulary => {
  let tokens = new Map<string, readonly Word[]>();
  let words = new Map<string, Word>();

  const made = (hash: number, weight: number, parts: string | undefined): Word => {
    const places: number[] = [];
    const shares: number[] = [];
    const add = (one: number, share: number): void => {
      places.push(placeOf(one, dimensions));
      shares.push(signOf(one) * share);
    };
    // Two places each: words that happen to share one are still told apart.
    add(hash, Math.SQRT1_2);
    add(mix(hash ^ pairSeed), Math.SQRT1_2);
    if (parts !== undefined) {
      const grams: number[] = [];
      addGrams(parts, (gram) => void grams.push(gram));
      for (const gram of grams) add(gram, gramShare / Math.sqrt(grams.length));
    }
    return { hash, weight, places: Int16Array.from(places), shares: Float32Array.from(shares), count: 0 };
  };
  const wordOf = (key: string, make: () => Word): Word => {
    const known = words.get(key);
    if (known) return known;
    const word = make();
    words.set(key, word);
    return word;
  };
  const simple = (word: string): Word =>
    wordOf(word, () => {
      const hash = hashOf(stem(word), wordSeed);
      return made(hash, weigh(hash, word), word);
    });
  const whole = (word: string): Word =>
    wordOf(`=${word}`, () => {
      const hash = hashOf(word, wordSeed);
      return made(hash, weigh(hash, word), undefined);
    });

  const read = (token: string): readonly Word[] => {
    const normal = token.normalize('NFC');
    if (normal.toLowerCase() === 'cannot') return [simple('can'), simple('not')];
    const parts = identifierWords(normal);
    // Emoji and the like have no parts; what has too many is no identifier.
    if (parts.length === 0 || parts.length > mostParts) return [whole(normal.toLowerCase())];
    const found = parts.map(simple);
    return parts.length === 1 ? found : [...found, whole(parts.join(''))];
  };
  const readDense = (run: string): readonly Word[] => {
    const chars = Array.from(run.normalize('NFKC'));
    return chars.map((char, at) => whole(at + 1 < chars.length ? `${char}${chars[at + 1] ?? ''}` : char));
  };
  const kept = (key: string, make: () => readonly Word[]): readonly Word[] => {
    const known = tokens.get(key);
    if (known) return known;
    const found = make();
    tokens.set(key, found);
    return found;
  };

  return {
    of: (token) => kept(token, () => read(token)),
    ofDense: (run) => kept(run, () => readDense(run)),
    trim: () => {
      if (tokens.size <= mostKept && words.size <= mostKept) return;
      tokens = new Map();
      words = new Map();
    },
  };
};
