import type { Commit } from '../../core/diff.ts';
import { parseMessage } from '../commit/parse-message.ts';
import { kindOfPath, type PathKind } from '../commit/path-kind.ts';
import type { Entry, LeftOut } from './entry.ts';
import { cancelled, isRevert, withoutPull } from './reverts.ts';
import { isUsualType } from './sections.ts';
import { versionTagOf } from './version.ts';

/** A commit with the paths it touches, where they are known. */
export interface LoggedCommit extends Commit {
  files?: readonly { path: string }[];
}

const releaseSubject =
  /^(?:chore|build|ci)(?:\([^)]*\))?!?:\s*(?:release|bump version|publish|version packages?)\b|^(?:release|bump version|version bump|version packages|publish|prepare (?:for )?release|cut release|tag)\b.*\d+\.\d+|^(?:chore|build)\(release\)!?:|^(?:release|version packages|publish)$/i;

/** True for a commit that does nothing but name a version. */
const isRelease = (subject: string): boolean => {
  const bare = withoutPull(subject)
    .replace(/^(?:chore|release)(?:\([^)]*\))?:\s*/i, '')
    .trim();
  const tag = versionTagOf(bare);
  return (tag !== undefined && !/\s/.test(bare)) || releaseSubject.test(subject);
};

/** What the first word says, in histories whose messages name no type. */
const verbs: readonly (readonly [RegExp, string])[] = [
  [/^(?:fix(?:e[sd])?|fixing|bug ?fix|hotfix|correct(?:s|ed)?|repair(?:s|ed)?)\b/i, 'fix'],
  [/^add(?:s|ed)?\s+(?:[\w-]+\s+){0,3}(?:tests?|specs?)\b/i, 'test'],
  [/^add(?:s|ed)?\s+(?:[\w-]+\s+){0,3}(?:docs?|documentation|docstrings?|readme)\b/i, 'docs'],
  [/^(?:add(?:s|ed)?|implement(?:s|ed)?|introduce[sd]?|support(?:s|ed)?|new)\b/i, 'feat'],
  [/^(?:optimi[sz]e[sd]?|speed(?:s)? up|improve performance)\b/i, 'perf'],
  [/^(?:docs?|document(?:s|ed|ation)?)\b/i, 'docs'],
  [/^(?:refactor(?:s|ed)?|simplif(?:y|ies|ied)|clean(?:s|ed)? ?up|rename[sd]?)\b/i, 'refactor'],
  [/^(?:tests?)\b/i, 'test'],
  [/^(?:bump(?:s|ed)?|upgrade[sd]?|update[sd]? dependenc(?:y|ies))\b/i, 'deps'],
];

const typeOfKind: Partial<Record<PathKind, string>> = {
  test: 'test',
  ci: 'ci',
  docs: 'docs',
  lockfile: 'deps',
  bench: 'test',
  example: 'docs',
  tooling: 'chore',
};

/** What all files of a change agree upon. */
const typeOfFiles = (files: LoggedCommit['files'] = []): string | undefined => {
  const found = new Set(files.map(({ path }) => typeOfKind[kindOfPath(path)]));
  return found.size === 1 ? [...found][0] : undefined;
};

const guess = (commit: LoggedCommit): string | undefined =>
  typeOfFiles(commit.files) ?? verbs.find(([pattern]) => pattern.test(commit.subject))?.[1];

const pullIn = /\((?:#|!|pull request #)(\d+)\)\s*$/;
const mergeRequest = /^See merge request (?:\S*)!(\d+)$/m;
const coAuthor = /^co-authored-by:\s*(.*?)\s*<([^<>]*)>\s*$/gim;
/** Addresses of programs that name themselves as authors. */
const program = /^(?:noreply@(?:anthropic|openai)\.com|cursoragent@cursor\.com)$|\[bot\]@|copilot@/i;

const unique = (values: readonly string[]): string[] => [...new Set(values)];

const entryOf = (commit: LoggedCommit): Entry => {
  const parsed = parseMessage(`${commit.subject}\n\n${commit.body}`);
  const { breaking } = parsed;
  const type = parsed.type?.toLowerCase();
  // Elsewhere a word and a colon name a part: it belongs to what is said.
  const isUsual = type !== undefined && isUsualType(type);
  const scope = isUsual ? parsed.scope : undefined;
  const kind = type ?? (isRevert(commit) ? 'revert' : guess(commit));
  const subject = isUsual ? parsed.subject : commit.subject;
  const pulls = [pullIn.exec(commit.subject)?.[1], mergeRequest.exec(commit.body)?.[1]].flatMap((one) => one ?? []);
  return {
    hashes: [commit.hash],
    ...(kind === undefined ? {} : { type: kind }),
    isConventional: type !== undefined,
    ...(scope !== undefined && scope !== '' && { scope }),
    subject: withoutPull(subject),
    body: parsed.body,
    breaking,
    breakingNotes: parsed.breakingNotes,
    pulls: unique(pulls),
    references: unique(parsed.references).filter((one) => !pulls.includes(one.replace(/^#/, ''))),
    authors: unique([
      commit.author,
      ...[...commit.body.matchAll(coAuthor)].flatMap(([, name, email = '']) =>
        name === undefined || program.test(email) ? [] : [name],
      ),
    ]),
    at: commit.at,
  };
};

const sameKey = ({ type, scope, subject }: Entry): string =>
  JSON.stringify([type ?? '', scope ?? '', subject.trim().toLowerCase()]);

/**
 * The changes of a range: merges, releases and what was taken back again are left out, the same change stands once.
 * @param commits newest first, merges among them
 */
export const entriesOf = (commits: readonly LoggedCommit[]): { entries: Entry[]; leftOut: LeftOut } => {
  const gone = cancelled(commits);
  const leftOut: LeftOut = { merges: 0, reverted: 0, repeated: 0, releases: 0 };
  const entries = new Map<string, Entry>();
  for (const commit of commits) {
    if (commit.parents.length > 1) leftOut.merges += 1;
    else if (gone.has(commit.hash)) leftOut.reverted += 1;
    else if (isRelease(commit.subject)) leftOut.releases += 1;
    else if (/^(?:fixup|squash|amend)! /.test(commit.subject)) leftOut.repeated += 1;
    else {
      const entry = entryOf(commit);
      const key = sameKey(entry);
      const known = entries.get(key);
      if (!known) {
        entries.set(key, entry);
        continue;
      }
      leftOut.repeated += 1;
      known.hashes.push(...entry.hashes);
      known.breaking ||= entry.breaking;
      known.breakingNotes = unique([...known.breakingNotes, ...entry.breakingNotes]);
      known.pulls = unique([...known.pulls, ...entry.pulls]);
      known.references = unique([...known.references, ...entry.references]);
      known.authors = unique([...known.authors, ...entry.authors]);
    }
  }
  return { entries: [...entries.values()], leftOut };
};
