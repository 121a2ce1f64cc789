import { isCopilotError, messageOf, usageError } from '../../base/errors.ts';
import type { Plugin } from '../../core/plugin.ts';
import { notesSchema, withModelWords } from '../../engine/changelog/check-notes.ts';
import { entriesOf } from '../../engine/changelog/entries.ts';
import type { Entry } from '../../engine/changelog/entry.ts';
import { namesVersion } from '../../engine/changelog/insert.ts';
import { entryForModel, notesMarkdown, notesOf, type Notes } from '../../engine/changelog/notes.ts';
import { weightOf } from '../../engine/changelog/sections.ts';
import { nextVersion } from '../../engine/changelog/version.ts';
import type { Env } from '../../host/paths.ts';
import { readHistory, type WantedHistory } from './history.ts';

/** What the notes are of, and who may write them. */
export interface WantedNotes {
  /** A version, or a range `a..b`; nothing: what came after the newest version. */
  what?: string | undefined;
  tagPrefix?: string | undefined;
  useModel: boolean;
  model?: string | undefined;
}

/** Notes and how they came about. */
export interface MadeNotes {
  notes: Notes;
  markdown: string;
  notices: string[];
  /** Sentences of the model nobody could prove. */
  dropped: { text: string; why: string }[];
}

/** Tokens a question may have, its instructions included; entries beyond it are not sent. */
export const maxQuestionTokens = 8000;

const day = (at: number): string => new Date(at).toISOString().slice(0, 10);

const fence = (text: string): string => {
  const longest = Math.max(2, ...(text.match(/`{3,}/g) ?? []).map((run) => run.length));
  const ticks = '`'.repeat(longest + 1);
  return `${ticks}\n${text}\n${ticks}`;
};

/** The entries as far as they fit, those that matter most first. */
const questionOf = async (title: string, entries: readonly Entry[]): Promise<{ text: string; left: number }> => {
  const [{ countTokens }, { visible }] = await Promise.all([
    import('../../host/tokens.ts'),
    import('../../base/printable.ts'),
  ]);
  const rank = ({ breaking, type }: Entry): number =>
    breaking ? 0 : type === 'feat' ? 1 : type === 'perf' ? 2 : type === 'fix' ? 3 : type === undefined ? 4 : 5;
  const ordered = [...entries].sort((a, b) => rank(a) - rank(b));
  const lines: string[] = [];
  let tokens = 600;
  for (const entry of ordered) {
    const line = visible(entryForModel(entry, rank(entry) < 4 ? 400 : 0));
    tokens += (await countTokens(line)) + 2;
    if (tokens > maxQuestionTokens) break;
    lines.push(line);
  }
  const left = entries.length - lines.length;
  const text = `Write release notes of ${visible(title)}. Its changes, one each (hash, type, message):\n\n${fence(lines.join('\n'))}${left > 0 ? `\n\n${left} smaller changes are left out.` : ''}`;
  return { text, left };
};

const ask = async (
  made: { notes: Notes; entries: readonly Entry[]; root: string },
  place: { env: Env; plugins: readonly Plugin[] },
  model: string | undefined,
  signal: AbortSignal,
): Promise<Pick<MadeNotes, 'notes' | 'notices' | 'dropped'>> => {
  const { notes, entries, root } = made;
  const { openConsultant } = await import('../consult.ts');
  const asked = { notes, dropped: [] };
  const consultant = await openConsultant(
    {
      ...{ env: place.env, cwd: root, plugins: place.plugins, title: `release notes of ${notes.title}` },
      ...(model !== undefined && { flags: { model } }),
    },
    signal,
  );
  if (!consultant)
    return {
      ...asked,
      notices: ['No model is set up, so these are the words of the commits. See: llm-copilot doctor'],
    };
  try {
    const { text, left } = await questionOf(notes.title, entries);
    const answer = await consultant.ask({ agent: 'release-writer', text, schema: notesSchema });
    const { notes: written, dropped } = withModelWords(notes, entries, answer);
    return {
      notes: written,
      dropped,
      notices: [
        ...consultant.notices,
        ...(left > 0 ? [`${left} of ${entries.length} changes did not fit into the question.`] : []),
        ...(dropped.length > 0
          ? [`${dropped.length} of the model's sentences were dropped: nothing proves them.`]
          : []),
      ],
    };
  } catch (error) {
    signal.throwIfAborted();
    if (!isCopilotError(error)) throw error;
    return {
      ...asked,
      notices: [`The model could not help (${messageOf(error)}); these are the words of the commits.`],
    };
  } finally {
    await consultant.close();
  }
};

/** Makes the notes of a version or range. @throws CopilotError exit 2 */
export const makeReleaseNotes = async (
  place: { env: Env; cwd: string; plugins: readonly Plugin[] },
  wanted: WantedNotes,
  signal: AbortSignal,
): Promise<MadeNotes> => {
  const { what, tagPrefix } = wanted;
  const isVersion = what !== undefined && !what.includes('..') && namesVersion(what);
  const history: WantedHistory = {
    tagPrefix,
    ...(what !== undefined && (isVersion ? { release: what } : { range: what })),
  };
  const found = await readHistory(place, history, signal);
  const { entries } = entriesOf(found.commits);
  const next = nextVersion(found.previous?.version, weightOf(entries));
  const prefix = found.previous?.prefix ?? '';
  const title = isVersion
    ? (found.released?.name ?? what)
    : found.to === 'HEAD'
      ? `${prefix}${next.version}`
      : found.to;
  const plain = notesOf(entries, {
    ...{ title, from: found.from ?? null, to: found.released?.name ?? found.to, commits: found.commits.length },
    next: { ...next, version: `${prefix}${next.version}` },
    date: found.released ? day(found.released.at) : null,
  });
  const made =
    wanted.useModel && entries.length > 0
      ? await ask({ notes: plain, entries, root: found.repository.root }, place, wanted.model, signal)
      : { notes: plain, notices: [], dropped: [] };
  return {
    notes: made.notes,
    markdown: entries.length === 0 ? '' : notesMarkdown(made.notes, found),
    notices: [...found.notices, ...made.notices],
    dropped: made.dropped,
  };
};

/** The next version alone. @throws CopilotError exit 2 */
export const proposeNext = async (
  place: { env: Env; cwd: string },
  options: { range?: string | undefined; tagPrefix?: string | undefined },
  signal: AbortSignal,
): Promise<{ notes: Pick<Notes, 'next' | 'from' | 'commits'>; notices: string[] }> => {
  if (options.range !== undefined && namesVersion(options.range) && !options.range.includes('..'))
    throw usageError('--next proposes a version; it takes a range or nothing.');
  const found = await readHistory(place, options, signal);
  const { entries } = entriesOf(found.commits);
  const next = nextVersion(found.previous?.version, weightOf(entries));
  return {
    notes: {
      next: { ...next, version: `${found.previous?.prefix ?? ''}${next.version}` },
      ...{ from: found.from ?? null, commits: found.commits.length },
    },
    notices: found.notices,
  };
};
