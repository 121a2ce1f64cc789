import { lstatSync, readFileSync } from 'node:fs';
import { isAbsolute, relative, resolve } from 'node:path';
import { configError, messageOf, usageError } from '../../base/errors.ts';
import { isWithin } from '../../base/within.ts';
import { entriesOf } from '../../engine/changelog/entries.ts';
import type { LeftOut } from '../../engine/changelog/entry.ts';
import { insertSection, looksOf, namesVersion, type Inserted } from '../../engine/changelog/insert.ts';
import { headingOf, listBody, type ListForm, type ListHead } from '../../engine/changelog/markdown.ts';
import { sectionsOf, type ListStyle, type Sections } from '../../engine/changelog/sections.ts';
import { replaceFile } from './replace-file.ts';
import type { Env } from '../../host/paths.ts';
import { readHistory, type History, type WantedHistory } from './history.ts';

/** What a list is made of and how it looks. */
export interface WantedChangelog extends WantedHistory {
  style?: ListStyle | undefined;
  /** What users do not notice, too. */
  all?: boolean | undefined;
  /** The file whose look is taken on, and that a section is written to. */
  file?: string | undefined;
}

/** A list of changes. */
export interface Changelog {
  version: string | null;
  date: string | null;
  from: string | null;
  to: string;
  commits: number;
  sections: Sections;
  leftOut: LeftOut;
  heading: string;
  body: string;
  /** Full path of the changelog, whether it is there or not. */
  path: string;
  notices: string[];
}

const day = (at: number): string => new Date(at).toISOString().slice(0, 10);

/** Today, or what reproducible builds say is today. */
const today = (env: Env): string => {
  const said = Number(env.SOURCE_DATE_EPOCH);
  return day(
    env.SOURCE_DATE_EPOCH !== undefined && Number.isSafeInteger(said) && said < 8.64e12 ? said * 1000 : Date.now(),
  );
};

const textOf = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw configError(`${path} cannot be read: ${messageOf(error)}`, undefined, error);
  }
};

/** The tag's name in the web: what is not tagged yet is compared under the name it will have. */
const comparedTo = (history: History, release: string | undefined): string => {
  if (history.released) return history.released.name;
  if (release === undefined) return history.to;
  return /^\d/.test(release) ? `${history.previous?.prefix ?? 'v'}${release}` : release;
};

const hiddenNotice = (hidden: Sections['hidden']): string[] => {
  const all = Object.values(hidden).reduce((sum, count) => sum + count, 0);
  return all === 0
    ? []
    : [`${all} left out that users do not notice (${Object.keys(hidden).join(', ')}); --all shows them.`];
};

/** Makes the list of a range. @throws CopilotError exit 2 */
export const makeChangelog = async (
  place: { env: Env; cwd: string },
  wanted: WantedChangelog,
  signal: AbortSignal,
): Promise<Changelog> => {
  const { release } = wanted;
  if (release !== undefined && !namesVersion(release))
    throw usageError(`"${release}" is no version.`, 'Versions are written 1.2.3, v1.2.3 or 1.2.3-rc.1.');
  const history = await readHistory(place, wanted, signal);
  const path = resolve(
    history.repository.root,
    wanted.file === undefined ? 'CHANGELOG.md' : resolve(place.cwd, wanted.file),
  );
  const looks = looksOf(textOf(path) ?? '');
  const style = wanted.style ?? looks.style ?? 'conventional';
  const form: ListForm = { style, links: history.links, ...(looks.bullet && { bullet: looks.bullet }) };
  const { entries, leftOut } = entriesOf(history.commits);
  const sections = sectionsOf(entries, { style, all: wanted.all === true });
  const version = release === undefined ? undefined : release.replace(/^v(?=\d)/, '');
  const date = release === undefined ? undefined : history.released ? day(history.released.at) : today(place.env);
  const head: ListHead = {
    ...(version !== undefined && { version }),
    ...(date !== undefined && { date }),
    ...(history.from !== undefined && { from: history.from, to: comparedTo(history, release) }),
  };
  return {
    ...{ version: version ?? null, date: date ?? null, from: history.from ?? null, to: history.to },
    commits: history.commits.length,
    ...{ sections, leftOut, path },
    heading: headingOf(head, form),
    body: listBody(sections, form),
    notices: [...history.notices, ...hiddenNotice(sections.hidden)],
  };
};

/** Puts a list into its file. @throws CopilotError exit 2 where a person's section stands there, exit 3 when it cannot be written */
export const writeChangelog = ({ path, version, heading, body }: Changelog): Inserted => {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there && !there.isFile())
    throw usageError(`${path} is no plain file, so nothing is written to it.`, 'Name another one: --write <file>');
  const before = textOf(path);
  if (before !== undefined && !Buffer.from(before).equals(readFileSync(path)))
    throw usageError(
      `${path} is not UTF-8 throughout; writing it would change other bytes.`,
      'Convert it first: iconv -t UTF-8',
    );
  const inserted = insertSection(before, { version: version ?? undefined, heading, body });
  if (inserted.did !== 'unchanged') replaceFile(path, inserted.text);
  return inserted;
};

/** A path as it is shown: from the current folder, when it lies below. */
export const shownPath = (path: string, cwd: string): string =>
  isAbsolute(path) && isWithin(path, cwd) ? relative(cwd, path) : path;
