import { leaveOpen, type Search } from './hits.ts';

const header = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/y;
// Line ends may be written as letters, once or twice escaped; a diff, a quoted mail or a program may stand around them.
const between = /(?:\\+[nrt]|&#(?:1[03]|x[AaDd]);|[\s"'`+,>|.&;)(]|\\)+/y;
const bodyLine =
  /(?:(?:Proc-Type|DEK-Info|Version|Comment|Hash|Charset|MessageID|Key-[A-Za-z]+):[^\n\\"]{0,200}|=?[A-Za-z0-9+/]+={0,2})/y;
const startedHeader = /^(?:=|(?:Proc|DEK|Version|Comment|Hash|Charset|MessageID|Key)[A-Za-z-]*(?::[^\n\\"]*)?)$/;
const footer = /-----END [A-Z0-9 ]{0,40}(?:-----)?/y;

const longestPrefix = 256;
const lineFeed = /[ \t]*\r?\n/y;
/** A mark of a diff, a file or number before a match, a blame: put there by a program, and no part of a key. */
const added = /^[+-]$|[\w)][:-]$|\d\) $/;

/** What stands before the place on its line, when it is more than an indentation. */
const prefixOf = (text: string, at: number): string | undefined => {
  const near = text.slice(Math.max(0, at - longestPrefix), at);
  const prefix = near.slice(near.lastIndexOf('\n') + 1);
  return prefix.trim() === '' ? undefined : prefix;
};

/** Where the line before ends, when that is near. */
const lineFeedBefore = (text: string, at: number): number | undefined => {
  const near = Math.max(0, at - longestPrefix);
  const found = text.slice(near, at).lastIndexOf('\n');
  return found < 0 ? undefined : near + found;
};

const isDigit = (code: number): boolean => code > 47 && code < 58;
const isSpace = (code: number): boolean => code === 32 || code === 9;
const isMark = (code: number): boolean => code === 58 || code === 45;

/**
 * Where the text behind a prefix begins, when the line at `from` has the same one: other numbers, and the other mark of a
 * match, count as the same. The length of the text when that is not known yet.
 */
const behindPrefix = (text: string, from: number, prefix: string): number | undefined => {
  const over = (is: (code: number) => boolean, where: string, at: number): number => {
    while (is(where.charCodeAt(at))) at++;
    return at;
  };
  let at = from;
  for (let place = 0; place < prefix.length;) {
    if (at >= text.length) return text.length;
    const want = prefix.charCodeAt(place);
    const code = text.charCodeAt(at);
    const run = [isDigit, isSpace].find((is) => is(want) && is(code));
    if (run !== undefined) {
      place = over(run, prefix, place);
      at = over(run, text, at);
      continue;
    }
    if (want !== code && !(isMark(want) && isMark(code))) return undefined;
    place++;
    at++;
  }
  return at;
};

/** Text of a key goes on at most so far when nothing but white space and words follows. */
const longestLine = 20_000;

/**
 * The end of the private key whose block begins at `at`, when one does. A block without its end goes on as long as lines
 * look like its body; a mention of the header in a program has no body and is none.
 */
const keyEnd = (search: Search, at: number, cuts: { from: number; to: number }[]): number | undefined => {
  const { text } = search;
  const prefix = prefixOf(text, at);
  header.lastIndex = at;
  if (!header.test(text)) {
    if (text.length - at < 64 && /^-----BEGIN [A-Z0-9 ]*-{0,4}$/.test(text.slice(at))) leaveOpen(search, at);
    return undefined;
  }
  let pos = header.lastIndex;
  let body = 0;
  let end = pos;
  for (;;) {
    let from = pos;
    lineFeed.lastIndex = pos;
    if (prefix !== undefined && lineFeed.test(text)) {
      const lineAt = lineFeed.lastIndex;
      const behind = behindPrefix(text, lineAt, prefix);
      if (behind !== undefined) {
        cuts.push({ from: lineAt, to: behind });
        from = behind;
      }
    }
    between.lastIndex = from;
    // A plus sign of a diff is eaten here; one of base64 never begins a line that anybody misses.
    const gap = between.test(text) ? between.lastIndex : from;
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
  const cuts: { from: number; to: number }[] = [];
  const end = keyEnd(search, at, cuts);
  if (end === undefined) return undefined;
  const prefix = prefixOf(search.text, at);
  const hit = { rule: 'private-key', start: at, end, confidence: 'high' } as const;
  if (prefix === undefined || !added.test(prefix)) search.hits.push(hit);
  else search.hits.push({ ...hit, value: without(search.text, at, end, cuts) });
  return end;
};

const without = (text: string, start: number, end: number, cuts: readonly { from: number; to: number }[]): string => {
  let out = '';
  let at = start;
  for (const { from, to } of cuts) {
    if (from >= end) break;
    out += text.slice(at, from);
    at = Math.min(to, end);
  }
  return out + text.slice(at, end);
};

const wholeFooter = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/y;
const furthestBack = 16_384;

/** The lines of a private key before its `-----END` at `at`, when the beginning is out of sight: the rest of a file. */
export const privateKeyEndingAt = (search: Search, at: number): void => {
  const { text } = search;
  wholeFooter.lastIndex = at;
  if (!wholeFooter.test(text)) return;
  const end = wholeFooter.lastIndex;
  const prefix = prefixOf(text, at);
  let start = at;
  for (let lineEnd = lineFeedBefore(text, at); lineEnd !== undefined && at - lineEnd < furthestBack;) {
    const before = lineFeedBefore(text, lineEnd);
    const lineAt = before === undefined ? 0 : before + 1;
    if (lineEnd - lineAt > longestPrefix) break;
    const behind = prefix === undefined ? lineAt : (behindPrefix(text, lineAt, prefix) ?? lineAt);
    const line = text.slice(behind, lineEnd);
    const body = line.trim();
    // Only the last line of a key is short.
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(body) || (body.length < 16 && start !== at)) break;
    start = behind + line.indexOf(body);
    lineEnd = before;
  }
  if (at - start >= 16) search.hits.push({ rule: 'private-key', start, end, confidence: 'high' });
};
