import type { Entry } from './entry.ts';
import type { Notes, Statement } from './notes.ts';
import { unknownNames } from './unknown-names.ts';

/** The shape a model answers in. */
export const notesSchema = {
  type: 'object',
  properties: {
    highlights: { type: 'array', items: statementSchema() },
    breaking: { type: 'array', items: statementSchema({ migration: { type: 'string' } }) },
    upgrade: { type: 'array', items: statementSchema() },
  },
  required: ['highlights', 'breaking', 'upgrade'],
  additionalProperties: false,
};

function statementSchema(more: Record<string, object> = {}): object {
  return {
    type: 'object',
    properties: {
      text: { type: 'string', description: 'one sentence for users of the project' },
      commits: { type: 'array', items: { type: 'string' }, description: 'hashes from the list that prove it' },
      ...more,
    },
    required: ['text', 'commits', ...Object.keys(more)],
    additionalProperties: false,
  };
}

interface Said {
  text: string;
  commits: string[];
  migration?: string;
}

const list = (answer: unknown, key: string): Said[] => {
  const value: unknown = typeof answer === 'object' && answer !== null ? (answer as Record<string, unknown>)[key] : [];
  return Array.isArray(value) ? (value as Said[]) : [];
};

/**
 * Takes over what a model wrote as far as commits of the range prove it: a sentence without a commit, with one that is not
 * there, or with names and numbers its commits do not say is dropped. What breaks is never lost: the messages' own words
 * stand where the model left one out.
 */
export const withModelWords = (
  notes: Notes,
  entries: readonly Entry[],
  answer: unknown,
): { notes: Notes; dropped: { text: string; why: string }[] } => {
  const byHash = new Map(entries.flatMap((entry) => entry.hashes.map((hash) => [hash.slice(0, 7), { hash, entry }])));
  const dropped: { text: string; why: string }[] = [];
  /** The statement, or why nothing proves it. */
  const prove = (said: Said, isFit: (entry: Entry) => boolean): Statement | string => {
    const named = said.commits.map((hash) => hash.trim().toLowerCase());
    if (said.text.trim() === '') return 'it says nothing';
    if (named.length === 0) return 'it cites no commit';
    const found = named.map((hash) => {
      const known = /^[0-9a-f]{7,64}$/.test(hash) ? byHash.get(hash.slice(0, 7)) : undefined;
      return known?.hash.startsWith(hash) === true ? known : undefined;
    });
    const missing = named.find((_, at) => found[at] === undefined);
    if (missing !== undefined) return `it cites ${missing}, which is no commit of the list`;
    const cited = found.flatMap((one) => one ?? []);
    if (!cited.every(({ entry }) => isFit(entry))) return 'the commit it cites is not of that kind';
    const evidence = cited
      .map(({ entry }) =>
        [entry.type, entry.scope, entry.subject, entry.body, ...entry.breakingNotes, ...entry.references].join('\n'),
      )
      .join('\n');
    const strange = unknownNames(`${said.text} ${said.migration ?? ''}`, evidence);
    if (strange.length > 0) return `its commits do not speak of ${strange.slice(0, 3).join(', ')}`;
    return { text: said.text.trim(), commits: [...new Set(cited.map(({ hash }) => hash))] };
  };
  const proven = (said: Said, isFit: (entry: Entry) => boolean = () => true): Statement | undefined => {
    const statement = prove(said, isFit);
    if (typeof statement !== 'string') return statement;
    dropped.push({ text: said.text, why: statement });
    return undefined;
  };
  const keep = (key: string): Statement[] => list(answer, key).flatMap((said) => proven(said) ?? []);
  const highlights = keep('highlights');
  const told = list(answer, 'breaking').flatMap((said) => {
    const statement = proven(said, ({ breaking }) => breaking);
    return statement ? [{ ...statement, ...(said.migration?.trim() && { migration: said.migration.trim() }) }] : [];
  });
  const toldOf = new Set(told.flatMap(({ commits }) => commits));
  const breaking = [...told, ...notes.breaking.filter(({ commits }) => !commits.some((hash) => toldOf.has(hash)))];
  const upgrade = keep('upgrade');
  const took = highlights.length + told.length + upgrade.length > 0;
  return {
    notes: {
      ...notes,
      highlights: highlights.length > 0 ? highlights : notes.highlights,
      breaking,
      upgrade: upgrade.length > 0 ? upgrade : notes.upgrade,
      words: took ? 'model' : 'commits',
    },
    dropped,
  };
};
