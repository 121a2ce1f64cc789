import { createHash } from 'node:crypto';
import { safePattern } from './safe-pattern.ts';

/** The form of ids a model takes. */
export interface CallIds {
  fits(id: string): boolean;
  /** An id in its stead: the same one every time, another one with another `salt`; undefined when none can be made. */
  replacement(id: string, salt: number): string | undefined;
}

/** Longer ones are replaced without a look at their form. */
const longestId = 128;
const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

const hashed = (text: string, alphabet: string): string =>
  Array.from(createHash('sha512').update(text).digest(), (byte) => alphabet[byte % alphabet.length]).join('');

interface Form {
  prefix: string;
  alphabet: string;
  length: number;
}

const alphabets = [letters, letters.slice(0, 26), '0123456789abcdef', '0123456789'];
const prefixes = ['call_', '', 'toolu_', 'fc_'];
// Length 9 is what Mistral's API wants (docs.mistral.ai, read 2026-11-27).
const lengths = [24, 16, 9, ...Array.from({ length: 64 }, (_, index) => 64 - index)];
const samples = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

/** The first form whose ids all fit, judged by samples. */
const formThat = (fits: (id: string) => boolean): Form | undefined => {
  for (const alphabet of alphabets) {
    const hashes = samples.map((sample) => hashed(sample, alphabet));
    for (const prefix of prefixes)
      for (const length of lengths)
        if (hashes.every((hash) => fits(prefix + hash.slice(0, length)))) return { prefix, alphabet, length };
  }
  return undefined;
};

/** The form a manifest's `tool_call_id` asks for. A pattern that does not compile or could take long asks for nothing. */
export const callIds = (pattern: string | undefined): CallIds => {
  const wanted = pattern === undefined ? undefined : safePattern(pattern);
  const fits = (id: string): boolean => wanted === undefined || (id.length <= longestId && wanted.test(id));
  let form: Form | 'none' | undefined;
  return {
    fits,
    replacement: (id, salt) => {
      form ??= formThat(fits) ?? 'none';
      return form === 'none' ? undefined : form.prefix + hashed(`${salt}:${id}`, form.alphabet).slice(0, form.length);
    },
  };
};
