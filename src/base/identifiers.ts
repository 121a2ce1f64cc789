const parts = /\p{Lu}+(?!\p{Ll})|\p{Lu}?[\p{Ll}\p{Lo}\p{M}]+|\p{N}+/gu;

/** The words of an identifier in lower case: `parseHTTPRequest2` is parse, http, request, 2. */
export const identifierWords = (identifier: string): string[] =>
  (identifier.match(parts) ?? []).map((word) => word.toLowerCase());
