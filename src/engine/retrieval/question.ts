import { densePairs, identifierWords } from '../../base/identifiers.ts';
import type { Question } from '../../core/retrieval.ts';

/** Characters of a query that are looked at: the words beyond would not change what is found. */
const maxChars = 4000;
const maxWords = 32;
const maxNames = 8;

/** Words that stand in every text. Those that say what is done with the code (add, fix, use) are left in. */
const stopWords = new Set(
  [
    'a an and are as at be but by can could do does for from had has have how i if in into is it its my no not of on or',
    'our should so some such than that the their then there these they this those to up us was we were what when where',
    'which while who why will with would you your please find show me',
  ].flatMap((line) => line.split(' ')),
);

const token = /[\p{L}\p{N}_$@][\p{L}\p{N}\p{M}_$@./\\:#-]*/gu;
const hump =
  /[a-z][A-Z]|[A-Z]{2}[a-z]|[\p{L}\p{N}]_[\p{L}\p{N}]|^[_$]|[\p{L}\p{N}](?:::|#)[\p{L}]|\p{L}\.\p{L}[\p{L}\p{N}]*$/u;
const constant = /^[A-Z][A-Z0-9]*_[A-Z0-9_]*$/;
const fileName = /^[^\s:#]*[\p{L}\p{N}_-]\.[A-Za-z][A-Za-z0-9]{0,5}$/u;
const knownEnding =
  /\.(?:[cm]?[jt]sx?|json|ya?ml|toml|md|rst|txt|py|pyi|go|rs|java|kt|cs|c|cc|cpp|h|hpp|rb|php|sh|bash|css|html?|vue|svelte|sql|lock|cfg|ini|xml|gradle|mod)$/i;

const isPath = (word: string): boolean =>
  (fileName.test(word) && knownEnding.test(word)) ||
  (word.includes('/') && /[\p{L}\p{N}]\/[\p{L}\p{N}._-]/u.test(word));

/** `a::B.c#d` is a, B, c, d. */
const stepsOf = (word: string): string[] => word.split(/::|[.#:/\\]/).filter((part) => part !== '');

/** Takes a query apart, whatever it holds. Pure; the work is bounded. */
export const questionOf = (query: string): Question => {
  const text = query.slice(0, maxChars).normalize('NFC');
  const words = new Set<string>();
  const common = new Set<string>();
  const names = new Set<string>();
  const qualified = new Set<string>();
  const paths = new Set<string>();
  const add = (word: string): void => void (stopWords.has(word) || /^[a-z]$/.test(word) ? common : words).add(word);
  const name = (word: string): void => {
    const steps = stepsOf(word);
    names.add(steps.at(-1) ?? '');
    if (steps.length > 1) qualified.add(steps.slice(-2).join('.'));
  };
  // What somebody quotes as code is a name, however plain.
  const quoted = new Set(
    [...text.matchAll(/[`'"]([\p{L}_$][\p{L}\p{N}_$.:#]*)(?:\(\))?[`'"]/gu)].map(([, name = '']) => name),
  );
  let plain = 0;
  let lone = '';
  for (const [found] of text.matchAll(token)) {
    const word = found.replace(/[./\\:#-]+$/, '');
    if (isPath(word)) {
      if (paths.size < maxNames) paths.add(word.replaceAll('\\', '/').replace(/^(?:\.?\/)+/, ''));
    } else if (hump.test(word) || constant.test(word) || quoted.has(word)) {
      if (names.size < maxNames) name(word);
    } else if (!stopWords.has(word.toLowerCase())) {
      plain += 1;
      lone = word;
    }
    for (const piece of word.match(/[\p{L}\p{N}\p{M}]+/gu) ?? []) {
      const parts = identifierWords(piece);
      add(piece.toLowerCase());
      if (parts.length > 1) for (const part of parts) add(part);
      for (const pair of densePairs(piece)) add(pair);
    }
  }
  // One word alone may be what something is called.
  const isAlone = plain === 1 && names.size === 0 && paths.size === 0;
  if (isAlone) name(lone);
  return {
    words: [...(words.size > 0 ? words : common)].slice(0, maxWords),
    names: [...names].filter((one) => one.length > 1),
    qualified: [...qualified],
    paths: [...paths],
    isIdentifier: (names.size > 0 || paths.size > 0) && (plain === 0 || isAlone),
    wantsTests: /\b(?:tests?|testing|specs?|coverage)\b/i.test(text),
    wantsDocs: /\b(?:docs?|documentation|readme|changelog|guide|tutorial)\b/i.test(text),
  };
};
