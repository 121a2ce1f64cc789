import { printable } from '../../base/printable.ts';
import type { Footer } from './parse-message.ts';
import type { CommitType } from './types.ts';

/** Characters commitlint's config-conventional 19 allows for a header and for each other line (read 2026-11-28). */
export const longestLine = 100;

/** What a message is made of; nothing of it needs to be clean. */
export interface MessageParts {
  type: CommitType;
  scope?: string | undefined;
  subject: string;
  body?: string | undefined;
  /** What breaks; `!` is put behind the type. */
  breaking?: string | undefined;
  footers?: readonly Footer[];
}

const cutAtWord = (text: string, most: number): string => {
  if (text.length <= most) return text;
  const cut = text.slice(0, most + 1);
  const space = cut.lastIndexOf(' ');
  // Half of a pair of surrogates is no character.
  return (space > most / 2 ? cut.slice(0, space) : cut.slice(0, most))
    .replace(/[\ud800-\udbff]$/, '')
    .replace(/(?: (?:and|from|to|in|of|with|for))?[\s,;:–-]*$/, '');
};

/** What servers take for an order not to check the commit (GitHub's "Skipping workflow runs", read 2026-11-28). */
const skips = /\[(?:skip|no)[ -](?:ci|actions)\]|\[(?:ci|actions)[ -]skip\]/gi;

const oneLine = (text: string): string => printable(text).replace(skips, '').replace(/\s+/g, ' ').trim();

/** A scope that every parser reads back as it is; undefined when nothing is left of it. */
export const cleanScope = (scope: string | undefined): string | undefined => {
  const plain = oneLine(scope ?? '')
    .replace(/[():!\s]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return plain === '' || plain.length > 40 ? undefined : plain;
};

const quoted = /`.*?`|".*?"|'.*?'/g;

/** Whether commitlint would say that a subject is in sentence, start, pascal or upper case. */
export const startsUpper = (subject: string): boolean => {
  if (!/^[\p{Ll}\p{Lu}\p{Lt}]/u.test(subject)) return false;
  const input = subject.replace(quoted, '').trim();
  return input.charAt(0).toUpperCase() + input.slice(1) === input;
};

/** A subject in lower case, without a final stop, at most so long; names at its start are kept, in backquotes. */
export const cleanSubject = (subject: string, most: number): string => {
  let plain = oneLine(subject).replace(/[\s.。]+$/, '');
  const [first = ''] = plain.split(' ', 1);
  if (/^[\p{Lu}\p{Lt}]/u.test(plain))
    plain = /^[\p{Lu}\p{Lt}][\p{Ll}'’]*[,;:]?$/u.test(first)
      ? plain.charAt(0).toLowerCase() + plain.slice(1)
      : `\`${first}\`${plain.slice(first.length)}`;
  const cut = cutAtWord(plain, most);
  // Cut in the middle of quotes, or never closed.
  const closed = (cut.match(/`/g)?.length ?? 0) % 2 === 1 ? cut.replace('`', '') : cut;
  const said = closed.replace(/^\s+|[\s.。]+$/g, '');
  return startsUpper(said) ? cleanSubject(`update ${said}`, most) : said;
};

/** A paragraph or list item in lines of at most 100 characters; words that are longer are cut. */
const wrapLine = (line: string): string[] => {
  const [, indent = '', rest = line] = /^(\s*(?:[-*] )?)(.*)$/.exec(line) ?? [];
  const further = ' '.repeat(Math.min(indent.length, 8));
  const lines: string[] = [];
  let current = indent.slice(0, 20);
  let isEmpty = true;
  for (const word of rest.split(/\s+/).filter((one) => one !== '')) {
    const room = longestLine - further.length - 2;
    const short = word.length > room ? `${word.slice(0, room - 1)}…` : word;
    if (!isEmpty && current.length + 1 + short.length > longestLine) {
      lines.push(current);
      current = further;
      isEmpty = true;
    }
    current = isEmpty ? `${current}${short}` : `${current} ${short}`;
    isEmpty = false;
  }
  if (!isEmpty) lines.push(current);
  return lines;
};

const footerLike = /^(?:BREAKING[ -]CHANGE|[A-Za-z][\w-]*)(?:\s*: ?| (?=#))\S/;
/** Who signed, wrote or checked something is only for people to say; git would take it for a trailer. */
const attribution = /([A-Za-z][\w-]{0,30}-by)\s{0,3}:/gi;
const dropped = /^\s*(?:[A-Za-z][\w-]*-by\s*:|\(cherry picked from commit |-{3})/i;

/** A body that stays one: nothing in it is taken for a comment, a footer or a scissors line. */
export const cleanBody = (body: string | undefined): string => {
  const lines: string[] = [];
  for (const raw of printable(body ?? '')
    .replace(skips, '')
    .replace(/\t/g, '  ')
    .split('\n')) {
    if (dropped.test(raw)) continue;
    // Git drops what begins with # when a person edits; a breaking change is said in its own place.
    const line = raw
      .trimEnd()
      .replace(/^\s*#+\s*/, '')
      .replace(attribution, '$1')
      .replace(/\bBREAKING[ -]CHANGE\b:?/g, 'Breaking:');
    if (line === '') {
      if (lines.length > 0 && lines.at(-1) !== '') lines.push('');
      continue;
    }
    lines.push(...wrapLine(line));
  }
  while (lines.at(-1) === '') lines.pop();
  // A last paragraph that begins like a footer would be read as one.
  let start = lines.lastIndexOf('') + 1;
  while (start < lines.length && footerLike.test(lines[start] ?? '')) {
    lines.splice(start, 1, ...wrapLine(`- ${lines[start] ?? ''}`));
    start = lines.slice(0, Math.max(0, start - 1)).lastIndexOf('') + 1;
    if (start <= 0) break;
  }
  return lines.join('\n');
};

/** A whole message that is valid under commitlint's config-conventional whatever it is made of. */
export const assembleMessage = ({ type, scope, subject, body, breaking, footers = [] }: MessageParts): string => {
  const place = cleanScope(scope);
  const head = `${type}${place === undefined ? '' : `(${place})`}${breaking === undefined ? '' : '!'}: `;
  const said = cleanSubject(subject, longestLine - head.length);
  const parts = [`${head}${said === '' ? 'update files' : said}`];
  const text = cleanBody(body);
  if (text !== '') parts.push(text);
  const ends = [
    ...(breaking === undefined ? [] : wrapLine(`BREAKING CHANGE: ${oneLine(breaking)}`)),
    ...footers.flatMap(({ token, value }) => wrapLine(`${token}: ${oneLine(value)}`)),
  ];
  if (ends.length > 0) parts.push(ends.join('\n'));
  return `${parts.join('\n\n')}\n`;
};
