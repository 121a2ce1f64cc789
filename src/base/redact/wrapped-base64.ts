import { leaveOpen, type Search } from './hits.ts';

const deepest = 2;
const leastChars = 20;
const mostChars = 65_536;

const values = new Int8Array(128).fill(-1);
for (const [index, char] of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'.split('').entries())
  values[char.charCodeAt(0)] = index;
values[45] = 62;
values[95] = 63;

const isText = (byte: number): boolean => (byte > 31 && byte < 127) || byte === 10 || byte === 13 || byte === 9;

/** Whether what begins here decodes to text: the first twelve characters say so, and most words fail at the second. */
const beginsText = (text: string, at: number): boolean => {
  for (let quad = at; quad < at + 12; quad += 4) {
    let bits = 0;
    for (let place = 0; place < 4; place++) {
      const value = values[text.charCodeAt(quad + place)] ?? -1;
      if (value < 0) return false;
      bits = (bits << 6) | value;
    }
    if (!isText(bits >>> 16) || !isText((bits >>> 8) & 255) || !isText(bits & 255)) return false;
  }
  return true;
};

const nextLine = /={0,2}\r?\n[ \t]*(?:[+>|] ?)?(?=[A-Za-z0-9+/])/y;
const afterLine = /={0,2}[ \t]*(?:$|[\r\n"'`<\\])/y;
const encoded = /[A-Za-z0-9+/_-]+/y;

/**
 * The base64 word from `from` to `to`, when its text holds a secret: then all of it is one. Lines wrapped at one width are
 * read together. Returns up to where it was looked at.
 */
export const wrappedAt = (
  search: Search,
  from: number,
  to: number,
  finds: (text: string, depth: number) => boolean,
): number => {
  const { text, depth } = search;
  if (to - from < leastChars || depth >= deepest || !beginsText(text, from)) return to;
  let end = to;
  let joined = text.slice(from, to);
  const width = to - from;
  while (width >= 40 && joined.length < mostChars) {
    nextLine.lastIndex = end;
    if (!nextLine.test(text)) break;
    encoded.lastIndex = nextLine.lastIndex;
    const line = encoded.exec(text)?.[0] ?? '';
    // A word with something else behind it begins another line of the file.
    afterLine.lastIndex = encoded.lastIndex;
    if (line.length > width || !afterLine.test(text)) break;
    joined += line;
    end = encoded.lastIndex;
    if (line.length < width) break;
  }
  // The next line may still belong to it.
  if (width >= 40 && text.length - end < 64 && /^={0,2}\r?\n?[ \t]*(?:[+>|] ?)?$/.test(text.slice(end)))
    leaveOpen(search, from);
  if (joined.length > mostChars) return end;
  while (text.charCodeAt(end) === 61 && end < text.length) end++;
  if (finds(Buffer.from(joined, 'base64').toString('latin1'), depth + 1)) {
    search.hits.push({ rule: 'base64-wrapped', start: from, end, confidence: 'medium' });
    if (end >= text.length) leaveOpen(search, from);
  }
  return end;
};
