import { leaveOpen, type Search } from './hits.ts';

const header = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/y;
// Line ends may be written as letters, once or twice escaped; a diff, a quoted mail or a program may stand around them.
const between = /(?:\\+[nrt]|[\s"'`+,>|.&;)(]|\\)+/y;
const bodyLine =
  /(?:(?:Proc-Type|DEK-Info|Version|Comment|Hash|Charset|MessageID|Key-[A-Za-z]+):[^\n\\"]{0,200}|=?[A-Za-z0-9+/]+={0,2})/y;
const startedHeader = /^(?:=|(?:Proc|DEK|Version|Comment|Hash|Charset|MessageID|Key)[A-Za-z-]*(?::[^\n\\"]*)?)$/;
const footer = /-----END [A-Z0-9 ]{0,40}(?:-----)?/y;

/** Text of a key goes on at most so far when nothing but white space and words follows. */
const longestLine = 20_000;

/**
 * The end of the private key whose block begins at `at`, when one does. A block without its end goes on as long as lines
 * look like its body; a mention of the header in a program has no body and is none.
 */
const keyEnd = (search: Search, at: number): number | undefined => {
  const { text } = search;
  header.lastIndex = at;
  if (!header.test(text)) {
    if (text.length - at < 64 && /^-----BEGIN [A-Z0-9 ]*-{0,4}$/.test(text.slice(at))) leaveOpen(search, at);
    return undefined;
  }
  let pos = header.lastIndex;
  let body = 0;
  let end = pos;
  for (;;) {
    between.lastIndex = pos;
    // A plus sign of a diff is eaten here; one of base64 never begins a line that anybody misses.
    const gap = between.test(text) ? between.lastIndex : pos;
    footer.lastIndex = gap;
    if (footer.test(text)) {
      if (text.length - footer.lastIndex < 5 && /^-*$/.test(text.slice(footer.lastIndex))) leaveOpen(search, at);
      return body > 0 ? footer.lastIndex : undefined;
    }
    if (gap >= text.length || (text.length - gap < 64 && /^-+(?:E|EN|END[A-Z0-9 ]*)?-*$/.test(text.slice(gap)))) {
      leaveOpen(search, at);
      return body > 0 ? text.length : undefined;
    }
    if (gap === pos && body > 0) break;
    if (text.length - gap < 256 && startedHeader.test(text.slice(gap))) leaveOpen(search, at);
    bodyLine.lastIndex = gap;
    const line = bodyLine.exec(text)?.[0];
    if (line === undefined || line.length > longestLine) break;
    if (bodyLine.lastIndex >= text.length) leaveOpen(search, at);
    // Without its end in sight a short word is no line of a key, unless the key stops with it.
    if (line.length < 16 && !line.includes(':') && !endsSoon(text, bodyLine.lastIndex)) break;
    if (!line.includes(':')) body += line.length;
    pos = bodyLine.lastIndex;
    end = pos;
  }
  return body >= 16 ? end : undefined;
};

const soon = /(?:\\+[nrt]|[\s"'`+,>|.&;)(]|\\|=[A-Za-z0-9+/]{4}(?![A-Za-z0-9+/]))*(?:-----END|-{0,5}E?N?D?$)/y;
const endsSoon = (text: string, at: number): boolean => {
  soon.lastIndex = 0;
  return soon.test(text.slice(at, at + 64));
};

/** A private key in PEM or armour whose `-----BEGIN` stands at `at`; returns where it ends. */
export const privateKeyAt = (search: Search, at: number): number | undefined => {
  const end = keyEnd(search, at);
  if (end !== undefined) search.hits.push({ rule: 'private-key', start: at, end, confidence: 'high' });
  return end;
};
