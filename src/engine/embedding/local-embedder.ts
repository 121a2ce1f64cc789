import type { Embedder } from '../../core/embedder.ts';
import { mix } from './hash.ts';
import { idfWeigher, type Idf } from './idf.ts';
import { readTokens } from './tokens.ts';
import { placeOf, signOf, vocabulary, type Word } from './vocabulary.ts';
import { wordWeight } from './word-weight.ts';

/** Length of its vectors. */
export const localDimensions = 384;
const version = 'local/1';

/** A lead word counts as often as so many others. */
const leadCount = 3;
const separator = '\u001f';
/** What a pair of neighbouring words adds, beside the 1 of each. */
const pairShare = 0.3;
const pairSeed = 0x61c88647;
const slots = 1 << 13;

/** A text whose beginning – a name, a path, a signature – weighs more. Other embedders are given it on lines of its own. */
export const withLead = (lead: string, text: string): string => `${lead.replaceAll(separator, ' ')}${separator}${text}`;

/** The text as it is for readers that know of no lead. */
export const withoutLead = (text: string): string => text.replace(separator, '\n');

/** Turns one text into a vector of length one; zeros where there is no word. */
export const localVectors = (idf?: Idf): ((text: string) => Float32Array) => {
  const known = vocabulary(localDimensions, idf ? idfWeigher(idf) : (_, word) => wordWeight(word));
  const sum = new Float64Array(localDimensions);
  // Pairs of this text that were added already; one that pushes another out is added twice at worst.
  const pairs = new Int32Array(slots);
  const stamps = new Int32Array(slots);
  let stamp = 0;

  return (text) => {
    known.trim();
    stamp++;
    sum.fill(0);
    const found: Word[] = [];
    let before: Word | undefined;
    let times = 1;
    const pair = (one: Word, other: Word): void => {
      const hash = mix(Math.imul(one.hash, 31) ^ other.hash ^ pairSeed);
      const slot = hash & (slots - 1);
      if (stamps[slot] === stamp && pairs[slot] === hash) return;
      stamps[slot] = stamp;
      pairs[slot] = hash;
      const place = placeOf(hash, localDimensions);
      sum[place] = (sum[place] ?? 0) + signOf(hash) * pairShare * Math.sqrt(one.weight * other.weight);
    };
    const note = (words: readonly Word[], inLine: number): void => {
      for (let at = 0; at < words.length; at++) {
        const word = words[at];
        if (!word) continue;
        if (word.count === 0) found.push(word);
        word.count += times;
        // The whole of an identifier stands beside its parts, not after them.
        if (at >= inLine) continue;
        if (before && before !== word) pair(before, word);
        before = word;
      }
    };
    const reader = {
      token: (start: number, end: number): void => {
        const words = known.of(text.slice(start, end));
        note(words, words.length > 1 ? words.length - 1 : 1);
      },
      dense: (start: number, end: number): void => {
        note(known.ofDense(text.slice(start, end)), 0);
        before = undefined;
      },
      not: (): void => note(known.of('not'), 1),
      gap: (): void => void (before = undefined),
    };
    const lead = text.indexOf(separator);
    if (lead > 0) {
      times = leadCount;
      readTokens(text, 0, lead, reader);
      before = undefined;
      times = 1;
    }
    readTokens(text, Math.max(0, lead), text.length, reader);

    for (const word of found) {
      const weight = word.weight * (1 + Math.log(word.count));
      word.count = 0;
      const { places, shares } = word;
      for (let at = 0; at < places.length; at++) {
        const place = places[at] ?? 0;
        sum[place] = (sum[place] ?? 0) + weight * (shares[at] ?? 0);
      }
    }
    let square = 0;
    for (const value of sum) square += value * value;
    const scale = square > 0 ? 1 / Math.sqrt(square) : 0;
    const vector = new Float32Array(localDimensions);
    for (let at = 0; at < localDimensions; at++) vector[at] = (sum[at] ?? 0) * scale;
    return vector;
  };
};

/**
 * Texts to vectors without a model: nothing leaves the machine, and the same text always gives the same vector. Texts are
 * near that share words, forms of a word, parts of words, identifiers or pairs of neighbouring words; rare words count
 * more. It knows no meanings: two texts that say the same without a word in common are as far from each other as any.
 */
export const localEmbedder = (idf?: Idf): Embedder => {
  const vectorOf = localVectors(idf);
  return {
    name: idf ? `${version}#${idf.id}` : version,
    maxBatch: 256,
    embed: async (texts, signal) => {
      signal.throwIfAborted();
      return { vectors: texts.map((text) => Array.from(vectorOf(text))) };
    },
  };
};
