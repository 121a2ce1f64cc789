import type { Entry } from './entry.ts';
import { inert } from './inert.ts';
import type { WebLinks } from './remote.ts';
import type { ListStyle, Sections } from './sections.ts';

/** What a list is of. */
export interface ListHead {
  /** Left out of what is not released yet. */
  version?: string;
  /** `2026-11-28`. */
  date?: string;
  /** What it begins behind, and ends at, as tags; they are compared in the web. */
  from?: string;
  to?: string;
}

/** How a list is written. */
export interface ListForm {
  style: ListStyle;
  links: WebLinks | undefined;
  /** Mark of an item; `*` in conventional lists and `-` in others when left out. */
  bullet?: '*' | '-';
}

/** Characters of what a footer says; more is no line of a list. */
const maxNote = 2000;

/** A hash as people write it, linked where it is known to where. */
export const commitLink = (hash: string, links: WebLinks | undefined): string => {
  const short = hash.slice(0, 7);
  return links ? `[${short}](${links.commit(hash)})` : short;
};

const referenceLink = (reference: string, links: WebLinks | undefined): string => {
  const [, number] = /^#(\d+)$/.exec(reference) ?? [];
  return number !== undefined && links ? `[#${number}](${links.issue(number)})` : inert(reference, false);
};

/** The subject with its issues linked, and nothing else in it that does something. */
const linked = (subject: string, links: WebLinks | undefined, isStart: boolean): string => {
  const text = inert(subject, isStart);
  if (!links) return text;
  return text.replace(/(`[^`]*`)|(?<![\w/&#])#(\d{1,9})\b/g, (whole, code: string | undefined, number: string) =>
    code === undefined ? `[#${number}](${links.issue(number)})` : whole,
  );
};

/** One change as an item, without its mark. */
export const entryLine = (entry: Entry, { links }: Pick<ListForm, 'links'>): string => {
  const scope = entry.scope === undefined ? '' : `**${inert(entry.scope, false)}:** `;
  const pulls = entry.pulls.map((number) => (links ? `([#${number}](${links.pull(number)}))` : `(#${number})`));
  const commits = `(${entry.hashes
    .slice(0, 3)
    .map((hash) => commitLink(hash, links))
    .join(', ')})`;
  const further = entry.references.filter((one) => !entry.subject.includes(one)).slice(0, 10);
  const issues = further.length === 0 ? '' : `, refs ${further.map((one) => referenceLink(one, links)).join(', ')}`;
  return `${scope}${linked(entry.subject, links, scope === '')} ${[...pulls, commits].join(' ')}${issues}`;
};

const breakingLine = (entry: Entry, form: Pick<ListForm, 'links'>): string => {
  const scope = entry.scope === undefined ? '' : `**${inert(entry.scope, false)}:** `;
  const notes = entry.breakingNotes
    .filter((note) => note.trim() !== '')
    .map((note) => linked(note.slice(0, maxNote), form.links, scope === ''));
  const commits = `(${commitLink(entry.hashes[0] ?? '', form.links)})`;
  return notes.length === 0
    ? `${scope}${linked(entry.subject, form.links, scope === '')} ${commits}`
    : `${scope}${notes.join(' ')} ${commits}`;
};

/** The first line of a list, with its `##`. */
export const headingOf = (head: ListHead, { style, links }: ListForm): string => {
  const { version, date, from, to } = head;
  const address = links && from !== undefined && to !== undefined ? links.compare(from, to) : undefined;
  if (version === undefined) return style === 'keep' ? '## [Unreleased]' : '## Unreleased';
  const name = /^[\w.+-]+$/.test(version) ? version : inert(version);
  const title = address === undefined ? (style === 'keep' ? `[${name}]` : name) : `[${name}](${address})`;
  return date === undefined ? `## ${title}` : style === 'keep' ? `## ${title} - ${date}` : `## ${title} (${date})`;
};

/** A list as Markdown below its heading; empty when there is nothing to tell. */
export const listBody = ({ breaking, sections }: Sections, form: ListForm): string => {
  const bullet = form.bullet ?? (form.style === 'keep' ? '-' : '*');
  const block = (title: string, lines: readonly string[]): string =>
    `### ${title}\n\n${lines.map((line) => `${bullet} ${line}`).join('\n')}`;
  return [
    ...(breaking.length === 0
      ? []
      : [
          block(
            '⚠ BREAKING CHANGES',
            breaking.map((entry) => breakingLine(entry, form)),
          ),
        ]),
    ...sections.map(({ title, entries }) =>
      block(
        title,
        entries.map((entry) => entryLine(entry, form)),
      ),
    ),
  ].join('\n\n');
};
