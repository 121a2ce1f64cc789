// A tokeniser would say it exactly, and cost more than the rest of recalling. What pieces cost was measured over prose,
// code, hashes, base64 and a dozen scripts (o200k_base and cl100k_base of gpt-tokenizer 4.0, 2026-11-27): the higher of both
// counts. Characters thrown together at random can cost more.
const piece = /[a-z]+|[A-Z][a-z]*|[0-9]{1,3}|[\t\n\r]+ *|[\u00c0-\u024f]+|[\u0370-\u03ff]+|[\u0400-\u052f]+|[^]/gu;

const costOf = (text: string): number => {
  const code = text.codePointAt(0) ?? 0;
  if (code === 0x20) return 0;
  if (/^[A-Za-z]/.test(text)) return 1 + Math.max(0, text.length - 9) / 2;
  if (/^[\d\s]/.test(text)) return 1;
  if (code < 0x80) return 0.8;
  if (code < 0x250) return 1.2 * text.length;
  if (code < 0x400) return 0.9 * text.length;
  if (code < 0x530) return 0.5 * text.length;
  return code > 0xffff ? 3 : 1.2;
};

/** The beginning of a text that has at most so many tokens, counted so that it is hardly ever more, and how many. */
export const withinTokens = (text: string, most: number): { text: string; tokens: number } => {
  let tokens = 0;
  let at = 0;
  for (const [part] of text.matchAll(piece)) {
    const cost = costOf(part);
    if (tokens + cost > most) return { text: text.slice(0, at), tokens: Math.ceil(tokens) };
    tokens += cost;
    at += part.length;
  }
  return { text, tokens: Math.ceil(tokens) };
};
