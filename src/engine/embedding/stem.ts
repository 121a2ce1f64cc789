const vowel = /[aeiouy]/;
const isPlain = /^[a-z]+$/;

/** What a rule leaves must still be so long, and sound like a word. */
const leaves = (stem: string, least: number): boolean => stem.length >= least && vowel.test(stem);

const withoutPlural = (word: string): string => {
  if (word.endsWith('ied') && word.length > 4) return `${word.slice(0, -3)}y`;
  if (word === 'used') return 'use';
  if (word.endsWith('ies') && word.length > 4) return `${word.slice(0, -3)}y`;
  if (/(?:ss|x|ch|sh|zz)es$/.test(word)) return word.slice(0, -2);
  return /[^sui]s$/.test(word) && word.length > 3 ? word.slice(0, -1) : word;
};

const endings: readonly (readonly [ending: RegExp, least: number])[] = [
  [/i[sz]ation$/, 3],
  [/at(?:ion|or|e|ed|ing)$/, 4],
  [/(?<=[st])ion$/, 3],
  [/i[sz](?:e|er|ed|ing)$/, 4],
  [/(?:able|ible)$/, 4],
  [/ing$/, 3],
  [/(?<![ei])ed$/, 3],
  [/(?:er|or|ly)$/, 4],
];

const undoubled = (stem: string): string => (/([bdfgmnprt])\1$/.test(stem) ? stem.slice(0, -1) : stem);

/**
 * What the forms of an English word have in common, as a rule: `caches`, `cached` and `caching` are `cach`. Takes lower
 * case; words of other languages and numbers come back as they are.
 */
export const stem = (word: string): string => {
  if (word.length < 4 || !isPlain.test(word)) return word;
  const single = withoutPlural(word);
  for (const [ending, least] of endings) {
    const rest = single.replace(ending, '');
    if (rest !== single && leaves(rest, least)) return undoubled(rest).replace(/[ey]$/, '');
  }
  const rest = single.replace(/[ey]$/, '');
  return leaves(rest, 3) ? rest : single;
};
