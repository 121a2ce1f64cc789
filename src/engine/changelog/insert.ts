import { createHash } from 'node:crypto';
import { usageError } from '../../base/errors.ts';
import { versionOf, versionTagOf } from './version.ts';

const mark = /<!-- llm-copilot changelog ([0-9a-f]{16}) -->/;

const sum = (body: string): string =>
  createHash('sha256').update(body.replace(/\r\n/g, '\n').trim()).digest('hex').slice(0, 16);

/** A section with a mark that tells later whether somebody worked on it since. */
export const markedSection = (heading: string, body: string): string =>
  `${heading}\n\n<!-- llm-copilot changelog ${sum(`${heading}\n${body}`)} -->\n\n${body.trim()}\n`;

interface Found {
  /** Offsets of the heading and behind the last byte. */
  start: number;
  end: number;
  /** Undefined of `Unreleased`. */
  version: string | undefined;
}

const heading = /^(#{1,3})[ \t]+(.*)$/;

/** The version a heading names: `## [1.2.0](…) (2026-11-28)`, `## v1.2.0 - …`, `# tool@1.2.0`; '' for `Unreleased`. */
const namedBy = (text: string): string | undefined => {
  const plain = text
    .replace(/^\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])?/, '$1')
    .replace(/^(?:version|release)\s+/i, '')
    .trim();
  if (/^unreleased\b/i.test(plain)) return '';
  const [word = ''] = plain.split(/[\s:(]/);
  const tag = versionTagOf(word);
  return tag ? word : undefined;
};

const same = (a: string, b: string): boolean => {
  if (a === b) return true;
  const [left, right] = [versionTagOf(a), versionTagOf(b)];
  if (left === undefined || right === undefined) return false;
  const bare = (name: string): string => name.replace(/^.*?(?=\d+\.\d+\.\d+)/, '');
  const parts = [left.component, right.component];
  // A section says `1.2.0` where the tag says `v1.2.0` or `tool-v1.2.0`; another part's version is another section.
  return bare(a) === bare(b) && (parts[0] === parts[1] || parts.includes(''));
};

/** The sections of versions of a changelog; each ends where the next heading of its rank, or of a version, begins. */
const sectionsIn = (text: string): Found[] => {
  const found: (Found & { rank: number })[] = [];
  let fence = '';
  let at = 0;
  for (const line of text.split('\n')) {
    const bare = line.replace(/\r$/, '');
    const [, ticks = ''] = /^ {0,3}(`{3,}|~{3,})/.exec(bare) ?? [];
    if (fence !== '') fence = ticks.startsWith(fence) && bare.trim() === ticks ? '' : fence;
    else if (ticks !== '') fence = ticks;
    else {
      const [, marks = '', title = ''] = heading.exec(bare) ?? [];
      const version = marks === '' ? undefined : namedBy(title.trim());
      const last = found.at(-1);
      const isOpen = last !== undefined && last.end < 0;
      // Definitions of links stand at the end, behind the last section.
      const isDefinition = /^\[[^\]]+\]:\s*\S/.test(bare);
      if (isOpen && (version !== undefined || isDefinition || (marks !== '' && marks.length <= last.rank)))
        last.end = at;
      if (version !== undefined)
        found.push({ start: at, end: -1, version: version === '' ? undefined : version, rank: marks.length });
    }
    at += line.length + 1;
  }
  const last = found.at(-1);
  if (last && last.end < 0) last.end = text.length;
  return found;
};

const isOurs = (section: string): 'untouched' | 'edited' | 'no' => {
  const [whole, told] = mark.exec(section) ?? [];
  if (whole === undefined) return 'no';
  const [first = '', ...rest] = section.replace(/\r\n/g, '\n').split('\n');
  const body = rest.join('\n').replace(whole, '').trim();
  return sum(`${first}\n${body}`) === told ? 'untouched' : 'edited';
};

/** What putting a section in did. */
export interface Inserted {
  text: string;
  did: 'added' | 'replaced' | 'unchanged';
  /** The list of what was not released stood there, made by us, and went into the section. */
  tookUnreleased: boolean;
}

/**
 * Puts a section into a changelog: in the place of the one this program made for the same version, else above the newest
 * version (below `Unreleased`). All other bytes stay; line ends are those of the file.
 * @param version left out: the section of what is not released
 * @param before the file, undefined when there is none
 * @throws CopilotError exit 2 when the section is there and somebody wrote it, or worked on it
 */
export const insertSection = (
  before: string | undefined,
  { version, heading: first, body }: { version: string | undefined; heading: string; body: string },
): Inserted => {
  const made = markedSection(first, body);
  if (before === undefined || before.trim() === '')
    return { text: `${before ?? ''}# Changelog\n\n${made}`, did: 'added', tookUnreleased: false };
  const windows = before.match(/\r\n/g)?.length ?? 0;
  const eol = windows * 2 > (before.match(/\n/g)?.length ?? 0) ? '\r\n' : '\n';
  const section = made.replace(/\n/g, eol);
  const sections = sectionsIn(before);
  const textOf = ({ start, end }: Found): string => before.slice(start, end);
  const there = sections.find((one) =>
    version === undefined ? one.version === undefined : one.version !== undefined && same(one.version, version),
  );
  const put = (start: number, end: number): string => {
    const [head, tail] = [before.slice(0, start), before.slice(end)];
    const lead = head === '' || head.endsWith(`${eol}${eol}`) ? '' : head.endsWith('\n') ? eol : `${eol}${eol}`;
    return `${head}${lead}${section}${tail === '' ? '' : eol}${tail}`;
  };
  if (there) {
    const name = version ?? 'Unreleased';
    const state = isOurs(textOf(there));
    if (state !== 'untouched')
      throw usageError(
        state === 'no'
          ? `The changelog has a section for ${name} that this program did not write.`
          : `The section for ${name} was changed since this program wrote it.`,
        'Take the section out to have it written anew, or put the list in yourself: llm-copilot changelog prints it.',
      );
    const text = put(there.start, there.end);
    return { text, did: text === before ? 'unchanged' : 'replaced', tookUnreleased: false };
  }
  const [top] = sections;
  if (!top) {
    // No version yet: behind what stands there.
    const trailing = before.length;
    return { text: put(trailing, trailing), did: 'added', tookUnreleased: false };
  }
  if (version === undefined) return { text: put(top.start, top.start), did: 'added', tookUnreleased: false };
  if (top.version === undefined) {
    const isMade = isOurs(textOf(top)) === 'untouched';
    return isMade
      ? { text: put(top.start, top.end), did: 'added', tookUnreleased: true }
      : { text: put(top.end, top.end), did: 'added', tookUnreleased: false };
  }
  return { text: put(top.start, top.start), did: 'added', tookUnreleased: false };
};

/** What an existing changelog looks like, so that a new section looks the same; undefined where it does not tell. */
export const looksOf = (whole: string): { style?: 'conventional' | 'keep'; bullet?: '*' | '-' } => {
  // Its newest sections: looks change over the years.
  const text = whole.slice(0, 20_000);
  const keep = text.match(/^#{2,4} (?:Added|Changed|Deprecated|Removed|Fixed|Security)\s*$/gm)?.length ?? 0;
  const other =
    text.match(/^#{2,4} .*(?:Features|Bug Fixes|BREAKING CHANGES|Performance Improvements)\s*$/gm)?.length ?? 0;
  const stars = text.match(/^\* /gm)?.length ?? 0;
  const dashes = text.match(/^- /gm)?.length ?? 0;
  return {
    ...(keep + other > 0 && { style: keep > other ? 'keep' : 'conventional' }),
    ...(stars + dashes > 0 && { bullet: stars > dashes ? '*' : '-' }),
  };
};

/** True for text that may be named as a version: `1.2.0`, `v1.2.0`, `tool-v1.2.0`. */
export const namesVersion = (text: string): boolean =>
  versionOf(text) !== undefined || versionTagOf(text) !== undefined;
