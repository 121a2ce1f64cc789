import { identifierWords } from '../../base/identifiers.ts';

const common = new Set(
  (
    'a an and any are as at be been but by can could did do does for from get had has have he her him his how i if in into ' +
    'is it its just let like may me might more most my of on or our out please shall she should so some such than that the ' +
    'their them then there these they this those to too up us very was we were what when where which while who why will ' +
    'with would you your not no don doesn didn isn aren won t s re ve ll d m'
  ).split(' '),
);

const vowel = /[aeiouy]/;

/** A word without its ending, roughly: `configured`, `configures` and `configuring` become the same. English only. */
export const stem = (word: string): string => {
  if (word.length <= 3 || !/^[a-z]+$/.test(word)) return word;
  let rest = word;
  if (rest.endsWith('ies')) rest = `${rest.slice(0, -3)}y`;
  else if (rest.endsWith('s') && !/(?:ss|us|is)$/.test(rest)) rest = rest.slice(0, -1);
  for (const ending of ['ing', 'ed']) {
    const short = rest.slice(0, -ending.length);
    if (rest.endsWith(ending) && short.length >= 3 && vowel.test(short)) {
      rest = /([bdfgklmnprt])\1$/.test(short) ? short.slice(0, -1) : short;
      break;
    }
  }
  if (rest.length > 3 && rest.endsWith('e')) rest = rest.slice(0, -1);
  return rest.endsWith('y') ? `${rest.slice(0, -1)}i` : rest;
};

// Written without spaces: two characters at a time say more than a whole sentence as one word.
const unspaced = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]{3,}$/u;

const pieces = (word: string): string[] => {
  if (!unspaced.test(word)) return [stem(word)];
  const chars = Array.from(word);
  return chars.slice(1).map((char, index) => `${chars[index] ?? ''}${char}`);
};

/** The words of a text that say what it is about, stemmed, in order; identifiers are taken apart, common words left out. */
export const memoryWords = (text: string): string[] =>
  identifierWords(text)
    .filter((word) => !common.has(word))
    .flatMap(pieces);
