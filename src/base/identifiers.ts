const parts = /\p{Lu}+(?!\p{Ll})|\p{Lu}?[\p{Ll}\p{Lo}\p{M}]+|\p{N}+/gu;
const word = /[A-Za-z0-9]+/g;
// Only words with a hump have parts that full-text search does not see by itself.
const hump = /[a-z][A-Z]|[A-Z]{2}[a-z]/;
/** Longer ones are no identifiers but data. */
const maxIdentifier = 100;

/** The words of an identifier in lower case: `parseHTTPRequest2` is parse, http, request, 2. */
export const identifierWords = (identifier: string): string[] =>
  (identifier.match(parts) ?? []).map((part) => part.toLowerCase());

/** The text with the words of each composed identifier behind it, so that both are found: `parseArgs` is `parseArgs parse args`. */
export const withIdentifierWords = (text: string): string =>
  text.replace(word, (found) =>
    found.length <= maxIdentifier && hump.test(found) ? `${found} ${identifierWords(found).join(' ')}` : found,
  );
