const parts = /\p{Lu}+(?!\p{Ll})|\p{Lu}?[\p{Ll}\p{Lo}\p{M}]+|\p{N}+/gu;
const word = /[A-Za-z0-9]+/g;
// Only words with a hump have parts that full-text search does not see by itself.
const hump = /[a-z][A-Z]|[A-Z]{2}[a-z]/;
/** Longer ones are no identifiers but data. */
const maxIdentifier = 100;

/** The words of an identifier in lower case: `parseHTTPRequest2` is parse, http, request, 2. */
export const identifierWords = (identifier: string): string[] =>
  (identifier.match(parts) ?? []).map((part) => part.toLowerCase());

// Scripts that put no space between words; the first test costs next to nothing.
const maybeDense = /[\u3005-\u30ff\u3400-\u9fff\uf900-\ufaff\ud840-\ud88d]/;
const dense = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\u3005\u30fc]{2,}/gu;

const pairsIn = (run: string): string[] => {
  const chars = Array.from(run);
  return chars.slice(1).map((char, at) => `${chars[at] ?? ''}${char}`);
};

/** Neighbouring characters of each run in a script without spaces, for nothing says where its words end. */
export const densePairs = (text: string): string[] =>
  maybeDense.test(text) ? (text.match(dense) ?? []).flatMap(pairsIn) : [];

/**
 * The text with the words of each composed identifier behind it, so that both are found: `parseArgs` is
 * `parseArgs parse args`; and the same for pairs of characters in scripts without spaces.
 */
export const withIdentifierWords = (text: string): string => {
  const spelled = text.replace(word, (found) =>
    found.length <= maxIdentifier && hump.test(found) ? `${found} ${identifierWords(found).join(' ')}` : found,
  );
  return maybeDense.test(spelled) ? spelled.replace(dense, (run) => `${run} ${pairsIn(run).join(' ')} `) : spelled;
};
