// Queries and answers out of a repository's own history, for test/bench/retrieval.ts.
import { execFileSync } from 'node:child_process';

/** A past commit. */
export interface PastCommit {
  hash: string;
  at: number;
  author: string;
  subject: string;
  body: string;
  paths: string[];
}

/** What somebody might have searched for before the commit, and what the commit then touched. */
export interface Query {
  commit: PastCommit;
  text: string;
  relevant: string[];
}

const source =
  /\.(?:[cm]?[jt]sx?|vue|svelte|pyi?|go|rs|java|kt|cs|c|cc|cpp|cxx|h|hh|hpp|rb|php|sh|bash|swift|scala|pl|lua)$/i;
const foreign = /(?:^|\/)(?:node_modules|vendor|third_party|dist|build)\/|\.min\.js$/;

/** Files that hold code, tests too; nothing built or of others. */
export const isSource = (path: string): boolean => source.test(path) && !foreign.test(path);

const git = (gitDir: string, ...args: string[]): string =>
  execFileSync('git', [`--git-dir=${gitDir}`, '-c', 'core.fsmonitor=false', ...args], {
    maxBuffer: 1 << 30,
    stdio: ['ignore', 'pipe', 'ignore'],
  }).toString();

/** Every commit but merges that HEAD reaches, newest first. */
export const pastCommits = (gitDir: string): PastCommit[] => {
  const format = '--format=tformat:commit:%H%x00%at%x00%an%x00%B';
  const fields = git(gitDir, 'log', '--no-merges', '-z', '--name-only', '--no-renames', format, 'HEAD').split('\0');
  const commits: PastCommit[] = [];
  for (let at = 0; at < fields.length;) {
    const hash = /^commit:(\w+)$/.exec(fields[at] ?? '')?.[1];
    if (hash === undefined) {
      const path = (fields[at] ?? '').replace(/^\n/, '');
      if (path !== '') commits.at(-1)?.paths.push(path);
      at += 1;
      continue;
    }
    const [seconds = '', author = '', message = ''] = fields.slice(at + 1, at + 4);
    const [subject = '', ...body] = message.trim().split('\n');
    commits.push({ hash, at: Number(seconds), author, subject, body: body.join('\n').trim(), paths: [] });
    at += 4;
  }
  return commits;
};

/** A subject without what says nothing about the code: tags, `fix(scope):`, issue numbers, versions, bare numbers. */
export const stripped = (subject: string): string => {
  let text = subject;
  for (let round = 0; round < 3; round++)
    text = text.replace(/^\s*\[[^\]]{1,40}\]\s*/, '').replace(/^\s*[\w./*-]{1,30}(?:\([^)]*\))?!?:\s+/, '');
  return text
    .replace(
      /\((?:(?:fix(?:es)?|close[sd]?|resolve[sd]?|refs?|see|pr|gh)?[:\s]*(?:[\w.-]+\/[\w.-]+)?#\d+[,\s]*)+\)/gi,
      ' ',
    )
    .replace(/(?:[\w.-]+\/[\w.-]+)?#\d+|\bGH-\d+\b/gi, ' ')
    .replace(/\bv?\d+(?:\.\d+)+(?:[-.]?(?:alpha|beta|rc|dev|a|b)\.?\d*)?\b/gi, ' ')
    .replace(/\b\d+\b/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
};

const wordsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
const keyOf = (subject: string): string => wordsOf(stripped(subject)).join(' ');

/** A generator of numbers from 0 to 1 that gives the same ones for a seed (mulberry32). */
const random = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

/**
 * Queries spread evenly over time: at most `limit`, at most half of the commits that could be one (so that a history is
 * left), each subject once. A commit can be one when it touches one to four source files of which at least one is still
 * there, and its stripped subject has two words of three letters; merges and reverts cannot.
 */
export const chooseQueries = (
  commits: readonly PastCommit[],
  isThere: (path: string) => boolean,
  { limit, seed }: { limit: number; seed: number },
): Query[] => {
  const seen = new Set<string>();
  const possible = commits.flatMap((commit): Query[] => {
    if (/^(?:merge|revert)\b/i.test(commit.subject)) return [];
    const sources = commit.paths.filter(isSource);
    const relevant = sources.filter(isThere);
    const key = keyOf(commit.subject);
    if (relevant.length === 0 || sources.length > 4 || seen.has(key)) return [];
    if (wordsOf(key).filter((word) => word.length > 2).length < 2) return [];
    seen.add(key);
    return [{ commit, text: stripped(commit.subject), relevant }];
  });
  const half = Math.max(Math.floor(possible.length / 2), Math.min(possible.length, 50));
  const count = Math.min(limit, half);
  const next = random(seed);
  return Array.from({ length: count }, (_, slice) => {
    const from = Math.floor((slice * possible.length) / count);
    const to = Math.floor(((slice + 1) * possible.length) / count);
    return possible[from + Math.floor(next() * (to - from))];
  }).filter((query) => query !== undefined);
};

/**
 * True for commits that would give an answer away: the queries' own, those with the same stripped subject (also as a line
 * of their message: squashed, reverted, listed), those that name one of their hashes (cherry-picks, reverts, fixups), and
 * those of the same author and second (rebased twins).
 */
export const givesAway = (queries: readonly Query[]): ((commit: PastCommit) => boolean) => {
  const hashes = new Set(queries.map(({ commit }) => commit.hash));
  const prefixes = new Set(queries.map(({ commit }) => commit.hash.slice(0, 7)));
  const keys = new Set(queries.map(({ commit }) => keyOf(commit.subject)));
  const moments = new Set(queries.map(({ commit }) => `${commit.at} ${commit.author}`));
  return ({ hash, at, author, subject, body }) => {
    if (hashes.has(hash) || moments.has(`${at} ${author}`)) return true;
    const message = `${subject}\n${body}`;
    if ((message.match(/\b[0-9a-f]{7,64}\b/g) ?? []).some((named) => prefixes.has(named.slice(0, 7)))) return true;
    return message
      .split('\n')
      .map((line) => line.replace(/^\s*[*-]+\s*/, '').replace(/^(?:revert|reapply|fixup!|squash!)\s+|["“”]/gi, ''))
      .some((line) => keys.has(keyOf(line)) && keyOf(line) !== '');
  };
};
