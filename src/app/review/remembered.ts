import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { isCopilotError, messageOf } from '../../base/errors.ts';
import { linesByFile, quotedText, splitLines, type FingerprintFile } from '../../engine/review/fingerprint.ts';
import type { FixedFinding, ReviewedFinding } from '../../engine/review/report.ts';
import { repoIdentity } from '../../host/memory/repo-identity.ts';
import { dataDir, type Env } from '../../host/paths.ts';
import { readWorkFile } from '../../host/review/project-file.ts';
import {
  folderOf,
  isDamagedStore,
  moveAside,
  openReviewStore,
  type RaisedFinding,
  type ReviewStore,
  type StoredFinding,
} from '../../host/review/review-store.ts';

/** What reviews said before, as far as it can be read; without it every finding is new. */
export interface Remembered {
  before(fingerprints: readonly string[]): Map<string, StoredFinding>;
  dismissals(least: number): (rule: string, path: string) => number;
  /**
   * Writes down what is raised; gives the findings that were open and are not there any more. Of what is not checked out
   * nothing is said to be gone: an older state never had it.
   */
  update(
    findings: readonly ReviewedFinding[],
    fileOf: (path: string) => FingerprintFile | undefined,
    when: { at: number; isCheckedOut: boolean },
  ): FixedFinding[];
  close(): void;
}

/** Where that is kept. */
export const reviewStorePath = (env: Env): string => join(dataDir(env), 'review', 'findings.db');

/** Open findings that are looked after; older ones are let be. */
const mostOpen = 300;

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

const evened = (line: string): string => line.replace(/\s+/g, ' ').trim();

/** What all runs of so many lines hash to. */
const hashesOf = (lines: readonly string[], count: number): Set<string> => {
  const hashes = new Set<string>();
  for (let at = 0; at + count <= lines.length; at += 1)
    hashes.add(hashOf(evened(lines.slice(at, at + count).join('\n'))));
  return hashes;
};

/** Opens the store of a repository; a damaged one is moved aside. @throws CopilotError exit 3 */
export const openReviews = async (
  env: Env,
  root: string,
  notice: (line: string) => void,
): Promise<{ store: ReviewStore; branch: string }> => {
  const path = reviewStorePath(env);
  const { repo, branch = '' } = await repoIdentity(root, env);
  try {
    const store = openReviewStore(path, repo);
    store.known(['']);
    return { store, branch };
  } catch (error) {
    if (!isDamagedStore(error)) throw error;
    const aside = moveAside(path, Date.now());
    notice(`What reviews said before was damaged and is now in ${aside}; findings count as new again.`);
    return { store: openReviewStore(path, repo), branch };
  }
};

const nothing: Remembered = {
  before: () => new Map(),
  dismissals: () => () => 0,
  update: () => [],
  close: () => undefined,
};

/** Opens what is remembered. Never fails: what cannot be read is told, and the review goes on without. */
export const remembered = async (env: Env, root: string, notice: (line: string) => void): Promise<Remembered> => {
  let isTold = false;
  const guarded = <T>(otherwise: T, work: () => T): T => {
    try {
      return work();
    } catch (error) {
      if (!isTold) notice(`What reviews said before cannot be used: ${messageOf(error)}`);
      isTold = true;
      return otherwise;
    }
  };
  let opened: { store: ReviewStore; branch: string };
  try {
    opened = await openReviews(env, root, notice);
  } catch (error) {
    const hint = isCopilotError(error) && error.hint !== undefined ? ` ${error.hint}` : '';
    notice(`What reviews said before cannot be used: ${messageOf(error)}.${hint}`.replace('..', '.'));
    return nothing;
  }
  const { store, branch } = opened;
  return {
    before: (fingerprints) => guarded(new Map<string, StoredFinding>(), () => store.known(fingerprints)),
    dismissals: (least) => {
      const classes = guarded(new Map<string, number>(), () => store.dismissedClasses(least));
      return (rule, path) => classes.get(`${rule}\0${folderOf(path)}`) ?? 0;
    },
    update: (findings, fileOf, { at, isCheckedOut }) => {
      const linesOf = linesByFile(fileOf);
      const raised = findings.map((finding): RaisedFinding => {
        const { fingerprint, rule, path, line, endLine, severity, confidence, message, reason = null } = finding;
        // Lines that went cannot go again.
        const quoted = finding.side === 'new' ? quotedText(finding, (side) => linesOf(path, side)) : undefined;
        const isKept = finding.state === 'baseline' || finding.state === 'suppressed';
        return {
          ...{ fingerprint, rule, path, line, severity, confidence, message },
          ...{ status: isKept ? 'kept' : 'open', reason: isKept ? reason : null },
          quoteHash: quoted === undefined ? null : hashOf(quoted),
          quoteLines: endLine - line + 1,
        };
      });
      const now = new Set(findings.map(({ fingerprint }) => fingerprint));
      const known = new Map<string, Set<string>>();
      const hashesNow = (path: string, count: number): Set<string> => {
        const key = `${count}\0${path}`;
        const text = known.has(key) ? undefined : (fileOf(path)?.after ?? readWorkFile(root, path));
        const hashes = known.get(key) ?? hashesOf(text === undefined ? [] : splitLines(text), count);
        known.set(key, hashes);
        return hashes;
      };
      return guarded([], () => {
        const open = isCheckedOut ? store.open(branch, mostOpen) : [];
        const gone = open.filter(({ fingerprint, path, quoteHash, quoteLines }) => {
          if (now.has(fingerprint) || quoteHash === null) return false;
          return !hashesNow(path, quoteLines).has(quoteHash);
        });
        store.record(
          raised,
          gone.map(({ fingerprint }) => fingerprint),
          { branch, at },
        );
        return gone.map(({ fingerprint, rule, path, message }) => ({ fingerprint, rule, path, message }));
      });
    },
    close: () => guarded(undefined, () => store.close()),
  };
};
