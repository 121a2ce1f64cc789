import type { Commit } from '../../core/diff.ts';
import { parseMessage, type ParsedMessage } from './parse-message.ts';
import { learnScopes, type ScopeMap } from './scope.ts';
import { shapeOf, type Shape, type TouchedFile } from './shape.ts';
import { commitTypeOf, type CommitType } from './types.ts';

/** A commit of the history, with its files where they were asked for. */
export type PastCommit = Pick<Commit, 'subject' | 'body' | 'parents'> & { files?: readonly TouchedFile[] };

/** How a repository writes its messages, as its last commits show. Shares are between 0 and 1. */
export interface Conventions {
  /** Commits it was learned from, without merges, reverts and releases. */
  commits: number;
  /** Share of them that are Conventional Commits. */
  conventional: number;
  /** Types as they are written, most frequent first. */
  types: ReadonlyMap<string, number>;
  /** Scopes, most frequent first. */
  scopes: ReadonlyMap<string, number>;
  /** Share of conventional commits with a scope. */
  scoped: number;
  /** Which folder is meant by which scope. */
  scopeMap: ScopeMap;
  /** How the first letter of subjects is written. */
  subjectCase: 'lower' | 'upper' | 'mixed';
  /** Share of subjects that end with a dot. */
  dots: number;
  /** An emoji begins most subjects, before or behind the type. */
  emoji?: 'first' | 'behind type';
  /** The script most letters of most messages are in; what language it is nobody can tell from that. */
  script: string;
  /** Characters of a usual header. */
  medianHeader: number;
  /** Share of commits with a body. */
  bodies: number;
  /** Where references to issues stand. */
  references: 'footer' | 'subject' | 'none';
  /** The token of footers that refer to issues, such as `Refs`. */
  referenceToken: string;
  /** Tokens of trailers that nearly every commit has. */
  trailers: readonly string[];
  /** How often each type was given to changes of a shape. */
  typesByShape: ReadonlyMap<Shape, ReadonlyMap<CommitType, number>>;
  /** How often each type was given to changes of dependencies' versions. */
  bumpTypes: ReadonlyMap<CommitType, number>;
  /** The scope of such changes, when most have the same one. */
  bumpScope?: string;
}

const skipped =
  /^(?:Merge |Revert |revert|fixup!|squash!|amend!|v?\d+\.\d+\.\d+|Bumped v|Version |Release|chore\(?release|release)/;
/** What messages about versions of dependencies say. */
const aboutBumps =
  /\b(?:bump(?:s|ed)?|upgrade[sd]?|update[sd]? (?:dependency|dependencies|\S+ (?:action )?(?:digest )?to v?\d))\b/i;

const isBump = ({ subject, scope = '' }: ParsedMessage): boolean =>
  aboutBumps.test(subject) || scope.startsWith('deps');

const scripts: readonly [string, RegExp][] = [
  ['Han', /\p{sc=Han}/gu],
  ['Japanese kana', /[\p{sc=Hiragana}\p{sc=Katakana}]/gu],
  ['Hangul', /\p{sc=Hangul}/gu],
  ['Cyrillic', /\p{sc=Cyrillic}/gu],
  ['Arabic', /\p{sc=Arabic}/gu],
  ['Hebrew', /\p{sc=Hebrew}/gu],
  ['Greek', /\p{sc=Greek}/gu],
  ['Thai', /\p{sc=Thai}/gu],
  ['Devanagari', /\p{sc=Devanagari}/gu],
];

const scriptOf = (subject: string): string => {
  const letters = subject.match(/\p{L}/gu)?.length ?? 0;
  for (const [name, pattern] of scripts) if ((subject.match(pattern)?.length ?? 0) * 3 > letters) return name;
  return 'Latin';
};

const count = <T>(items: Iterable<T>): Map<T, number> => {
  const counts = new Map<T, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return new Map([...counts].sort(([, a], [, b]) => b - a));
};

const most = <T>(counts: ReadonlyMap<T, number>): T | undefined => [...counts.keys()][0];

const emojiFirst = /^(?:\p{Extended_Pictographic}|:[a-z_]+:)/u;
const emojiBehind = /^\w+(?:\(.*?\))?!?: (?:\p{Extended_Pictographic}|:[a-z_]+:)/u;
const referenceTokens = /^(?:refs?|related|see|issues?|closes?|fix(?:es)?|resolves?|part-of|jira|ticket)$/i;

/** Learns from a history, newest first; 200 commits are enough, and what is older says less. */
export const learnConventions = (history: readonly PastCommit[]): Conventions => {
  const commits = history
    .slice(0, 200)
    .filter(({ subject, parents }) => parents.length < 2 && !skipped.test(subject))
    .map((commit) => ({
      commit,
      parsed: parseMessage(`${commit.subject}\n\n${commit.body}`),
    }));
  const total = commits.length;
  const share = (fits: (parsed: ParsedMessage) => boolean): number =>
    total === 0 ? 0 : commits.filter(({ parsed }) => fits(parsed)).length / total;
  const typed = commits.filter(({ parsed }) => commitTypeOf(parsed.type) !== undefined);
  const byShape = new Map<Shape, Map<CommitType, number>>();
  const bumps: CommitType[] = [];
  for (const { commit, parsed } of typed) {
    const type = commitTypeOf(parsed.type);
    if (!type) continue;
    if (isBump(parsed)) {
      bumps.push(type);
      continue;
    }
    if (!commit.files || commit.files.length === 0) continue;
    const shape = shapeOf(commit.files.map(({ path }) => path));
    const counts = byShape.get(shape) ?? new Map<CommitType, number>();
    counts.set(type, (counts.get(type) ?? 0) + 1);
    byShape.set(shape, counts);
  }
  const bumpCommits = typed.filter(({ parsed }) => isBump(parsed));
  const bumpScopes = count(bumpCommits.flatMap(({ parsed }) => parsed.scope ?? []));
  const bumpScope = most(bumpScopes);
  const scopes = count(typed.flatMap(({ parsed }) => (parsed.scope === undefined ? [] : [parsed.scope])));
  const letters = commits.map(({ parsed }) => /\p{L}/u.exec(parsed.subject)?.[0] ?? '').filter((one) => one !== '');
  const upper = letters.filter((one) => one !== one.toLowerCase()).length / Math.max(1, letters.length);
  const lengths = commits.map(({ parsed }) => parsed.header.length).sort((a, b) => a - b);
  const tokens = count(commits.flatMap(({ parsed }) => [...new Set(parsed.footers.map(({ token }) => token))]));
  const withKeys = commits.filter(({ parsed }) => parsed.references.some((one) => !one.includes('#')));
  const keysInSubject = withKeys.filter(({ parsed }) => /[A-Z][A-Z0-9]+-\d+/.test(parsed.header)).length;
  const referring = [...tokens.keys()].filter((token) => referenceTokens.test(token));
  const firsts = share(({ header }) => emojiFirst.test(header));
  const behind = share(({ header }) => emojiBehind.test(header));
  const isUsual = (amount: number): boolean => total >= 10 && amount > 0.5;
  return {
    commits: total,
    conventional: total === 0 ? 0 : typed.length / total,
    types: count(typed.flatMap(({ parsed }) => parsed.type ?? [])),
    scopes,
    scoped: typed.length === 0 ? 0 : [...scopes.values()].reduce((sum, one) => sum + one, 0) / typed.length,
    scopeMap: learnScopes(
      typed
        .filter((one) => !isBump(one.parsed))
        .map(({ commit, parsed }) => ({
          scope: parsed.scope,
          paths: (commit.files ?? []).map(({ path }) => path),
        })),
    ),
    subjectCase: upper > 0.7 ? 'upper' : upper < 0.3 ? 'lower' : 'mixed',
    dots: share(({ subject }) => /[^.]\.$/.test(subject)),
    ...(isUsual(firsts) ? { emoji: 'first' } : isUsual(behind) ? { emoji: 'behind type' } : {}),
    script: most(count(commits.map(({ parsed }) => scriptOf(parsed.subject)))) ?? 'Latin',
    medianHeader: lengths[Math.floor(lengths.length / 2)] ?? 0,
    bodies: share(({ body }) => body !== ''),
    references:
      withKeys.length >= 3 && keysInSubject * 2 > withKeys.length
        ? 'subject'
        : referring.length > 0 || withKeys.length > 0
          ? 'footer'
          : 'none',
    referenceToken:
      referring.find((token) => /^(?:refs?|related|see|issues?|jira|ticket|part-of)$/i.test(token)) ?? 'Refs',
    trailers: total < 10 ? [] : [...tokens].flatMap(([token, times]) => (times >= total * 0.95 ? [token] : [])),
    typesByShape: byShape,
    bumpTypes: count(bumps),
    ...(bumpScope !== undefined && (bumpScopes.get(bumpScope) ?? 0) * 2 > bumpCommits.length ? { bumpScope } : {}),
  };
};

/** Of a repository without a history. */
export const noConventions: Conventions = learnConventions([]);

/** True where the history leaves no doubt that Conventional Commits are wanted. */
export const isConventional = ({ commits, conventional }: Conventions): boolean => commits >= 10 && conventional >= 0.5;
