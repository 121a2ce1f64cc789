import type { Entry } from './entry.ts';
import { inert } from './inert.ts';
import { commitLink, type ListForm } from './markdown.ts';
import type { NextVersion } from './version.ts';
import { peopleOf } from './people.ts';
import { sectionsOf } from './sections.ts';

/** A sentence for people and the commits that prove it. */
export interface Statement {
  text: string;
  /** Full hashes. */
  commits: string[];
}

/** What a release is told with. */
export interface Notes {
  title: string;
  date: string | null;
  from: string | null;
  to: string;
  commits: number;
  highlights: Statement[];
  /** `migration`: what to do about it. */
  breaking: (Statement & { migration?: string })[];
  upgrade: Statement[];
  fixes: Statement[];
  contributors: string[];
  next: NextVersion;
  /** Who wrote the sentences: `commits` are the authors' own subjects. */
  words: 'commits' | 'model';
}

const maxFeatures = 40;
/** Where nobody says what is a feature. */
const maxChanges = 12;
const maxFixes = 40;

/** What asks a reader to do something beside what breaks. */
const upgrades =
  /\b(?:deprecat\w+|migrat\w+|no longer|requires? (?:node|python|go|rust|java|ruby|php)|drop(?:s|ped)? support|minimum (?:supported )?version|end[- ]of[- ]life|rename[sd]? .*\b(?:option|flag|setting|config\w*)|(?:default|defaults) (?:to|changed)|change[sd]? the default)\b/i;

const said = (entry: Entry): Statement => ({
  text: `${entry.scope === undefined ? '' : `${entry.scope}: `}${entry.subject}`,
  commits: entry.hashes,
});

/** The notes as far as the messages themselves tell them. */
export const notesOf = (
  entries: readonly Entry[],
  head: Pick<Notes, 'title' | 'date' | 'from' | 'to' | 'commits' | 'next'>,
): Notes => {
  const { sections } = sectionsOf(entries, { style: 'conventional' });
  const of = (...titles: string[]): Entry[] =>
    titles.flatMap((title) => sections.find((section) => section.title === title)?.entries ?? []);
  const [features, fixes] = [of('Features', 'Performance Improvements'), of('Bug Fixes', 'Reverts')];
  const highlights = (features.length > 0 ? features : of('Other Changes')).filter(({ breaking }) => !breaking);
  return {
    ...head,
    highlights: highlights.slice(0, features.length > 0 ? maxFeatures : maxChanges).map(said),
    breaking: entries
      .filter(({ breaking }) => breaking)
      .map((entry) => {
        const notes = entry.breakingNotes.filter((note) => note.trim() !== '').join(' ');
        return { ...said(entry), ...(notes !== '' && { migration: notes }) };
      }),
    upgrade: entries.filter((entry) => !entry.breaking && upgrades.test(entry.subject)).map(said),
    fixes: fixes
      .filter(({ breaking }) => !breaking)
      .slice(0, maxFixes)
      .map(said),
    contributors: peopleOf(entries),
    words: 'commits',
  };
};

/** Notes as Markdown. */
export const notesMarkdown = (notes: Notes, { links }: Pick<ListForm, 'links'>): string => {
  const { title, date, from, to, highlights, breaking, upgrade, fixes, contributors } = notes;
  const cited = ({ commits }: Statement): string =>
    `(${commits
      .slice(0, 5)
      .map((hash) => commitLink(hash, links))
      .join(', ')})`;
  const item = (statement: Statement): string => `- ${inert(statement.text)} ${cited(statement)}`;
  const block = (heading: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : [`## ${heading}\n\n${lines.join('\n')}`];
  const people = contributors.length === 1 ? '1 person' : `${contributors.length} people`;
  const changes = notes.commits === 1 ? '1 commit' : `${notes.commits} commits`;
  const compare = links && from !== null ? ` [All changes](${links.compare(from, to)})` : '';
  return [
    `# ${inert(title, false)}${date === null ? '' : ` (${date})`}`,
    `${changes} by ${people}${from === null ? '' : ` since ${inert(from)}`}.${compare}`,
    ...block(
      'Breaking changes',
      breaking.map((one) => (one.migration === undefined ? item(one) : `${item(one)}\n  ${inert(one.migration)}`)),
    ),
    ...block('Highlights', highlights.map(item)),
    ...block('Before you upgrade', upgrade.map(item)),
    ...block('Fixes', fixes.map(item)),
    ...block('Contributors', contributors.length === 0 ? [] : [contributors.map((one) => inert(one)).join(', ')]),
  ].join('\n\n');
};

/** One entry as it is put before a model: hash, type, what it says, cut. */
export const entryForModel = (entry: Entry, maxBody: number): string =>
  [
    `${entry.hashes[0]?.slice(0, 10) ?? ''} ${entry.type ?? 'change'}${entry.breaking ? ' BREAKING' : ''}: ${entry.scope === undefined ? '' : `(${entry.scope}) `}${entry.subject}`,
    ...entry.breakingNotes.map((note) => `  breaks: ${note.replace(/\s+/g, ' ').slice(0, 600)}`),
    ...(entry.body === '' || maxBody === 0 ? [] : [`  ${entry.body.replace(/\s+/g, ' ').slice(0, maxBody)}`]),
  ].join('\n');
