import { TextDecoder } from 'node:util';

/** What kind of content an answer has. */
export type ContentKind = 'html' | 'text' | 'pdf' | 'binary';

const startOf = (body: Uint8Array, length: number): string => Buffer.from(body.subarray(0, length)).toString('latin1');

/** Reads the kind from the header, or from the first bytes where the header says nothing. */
export const kindOf = (contentType: string, body: Uint8Array): ContentKind => {
  const type = contentType.split(';')[0]?.trim().toLowerCase() ?? '';
  const start = startOf(body, 4096);
  if (type === 'application/pdf' || start.startsWith('%PDF-')) return 'pdf';
  if (type === 'text/html' || type === 'application/xhtml+xml') return 'html';
  if (/^(?:image|audio|video|font)\/(?!svg)/.test(type)) return 'binary';
  if (start.includes('\0') && !/^(?:\xff\xfe|\xfe\xff)/.test(start)) return 'binary';
  if (/^text\/|^image\/svg|[/+](?:json|xml|yaml|x-yaml|toml|javascript|x-sh)$/.test(type)) return 'text';
  if (type === '' && /^\s*<(?:!doctype html|html)\b/i.test(start)) return 'html';
  return /^(?:|application\/octet-stream|application\/x-ndjson|application\/(?:x-)?(?:typescript|httpd-php|tex|sql))$/.test(
    type,
  )
    ? 'text'
    : 'binary';
};

const decoderFor = (label: string | undefined): TextDecoder | undefined => {
  if (label === undefined) return undefined;
  try {
    return new TextDecoder(label);
  } catch {
    return undefined;
  }
};

/** The text of an answer in the charset its mark, its header or the page itself names; else UTF-8, else Windows-1252. */
export const decodedText = (contentType: string, body: Uint8Array): string => {
  const start = startOf(body, 1024);
  const mark = start.startsWith('\xff\xfe') ? 'utf-16le' : start.startsWith('\xfe\xff') ? 'utf-16be' : undefined;
  const header = /charset\s*=\s*["']?([\w.:-]{1,40})/i.exec(contentType)?.[1];
  const inside =
    /<meta[^>]{0,200}charset\s*=\s*["']?\s*([\w.:-]{1,40})/i.exec(start)?.[1] ??
    /^\s*<\?xml[^>]{0,200}encoding\s*=\s*["']([\w.:-]{1,40})/i.exec(start)?.[1];
  const named = decoderFor(mark) ?? decoderFor(header) ?? decoderFor(inside);
  // Streaming, because a body that was cut may end in the middle of a character. Without it Node 20 also takes
  // Windows-1252 for Latin-1.
  if (named) return named.decode(body, { stream: true });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body, { stream: true });
  } catch {
    return new TextDecoder('windows-1252').decode(body, { stream: true });
  }
};

// Control characters, marks of direction and zero-width characters, and the tag characters nobody sees but models read.
const invisible = new RegExp(
  '[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060-\\u2069\\ufeff\\u{e0000}-\\u{e0fff}]',
  'gu',
);

/** Text without what a reader would not see. */
export const visible = (text: string): string => text.replace(/\r\n?/g, '\n').replace(invisible, '');
