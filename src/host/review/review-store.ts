import { renameSync } from 'node:fs';
import { isCopilotError } from '../../base/errors.ts';
import type { Confidence, Finding, FindingSeverity } from '../../core/finding.ts';
import { openDatabase, type Database } from '../log/database.ts';
import { isDamage } from '../memory/memory-error.ts';

/**
 * What became of a finding: `open`, its lines gone (`fixed`), refused by somebody (`dismissed`), or left as it is on purpose
 * (`kept`: in the baseline, or suppressed with a reason).
 */
export type FindingStatus = 'open' | 'fixed' | 'dismissed' | 'kept';

/** A finding that was raised at some time. */
export interface StoredFinding {
  fingerprint: string;
  rule: string;
  path: string;
  line: number;
  severity: FindingSeverity;
  confidence: Confidence;
  message: string;
  status: FindingStatus;
  reason: string | null;
  /** The branch it was raised on last; empty when none was checked out. */
  branch: string;
  /** SHA-256 of the lines it is about, and how many these are; null where it is about no few lines. */
  quoteHash: string | null;
  quoteLines: number;
  firstSeenAt: number;
  lastSeenAt: number;
}

/** A finding as a review raises it. */
export type RaisedFinding = Pick<
  Finding,
  'fingerprint' | 'rule' | 'path' | 'line' | 'severity' | 'confidence' | 'message'
> & {
  status: 'open' | 'kept';
  reason: string | null;
  quoteHash: string | null;
  quoteLines: number;
};

/** How a rule is taken. */
export interface RuleStats {
  rule: string;
  raised: number;
  fixed: number;
  dismissed: number;
  kept: number;
  open: number;
}

/** What reviews of a repository said before. */
export interface ReviewStore {
  known(fingerprints: readonly string[]): Map<string, StoredFinding>;
  /** Open findings of a branch, the newest first. */
  open(branch: string, limit: number): StoredFinding[];
  /** Rules that were dismissed in a folder so many times or more: `rule\0folder` with how often. */
  dismissedClasses(least: number): Map<string, number>;
  /** Several changes or none. */
  record(raised: readonly RaisedFinding[], fixed: readonly string[], place: { branch: string; at: number }): void;
  /** Findings whose fingerprint begins so; at most three. */
  withPrefix(prefix: string): StoredFinding[];
  setStatus(fingerprints: readonly string[], status: 'open' | 'dismissed', reason: string | null, at: number): void;
  stats(): RuleStats[];
  close(): void;
}

const steps: readonly string[] = [
  `
  CREATE TABLE findings (
    repo TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    rule TEXT NOT NULL,
    path TEXT NOT NULL,
    folder TEXT NOT NULL,
    line INTEGER NOT NULL,
    severity TEXT NOT NULL,
    confidence TEXT NOT NULL,
    message TEXT NOT NULL,
    status TEXT NOT NULL,                -- open, fixed, dismissed, kept
    reason TEXT,
    branch TEXT NOT NULL,
    quote_hash TEXT,
    quote_lines INTEGER NOT NULL,
    first_seen_at INTEGER NOT NULL,      -- ms since epoch
    last_seen_at INTEGER NOT NULL,
    status_at INTEGER NOT NULL,
    PRIMARY KEY (repo, fingerprint)
  ) WITHOUT ROWID;
  CREATE INDEX findings_open ON findings (repo, branch, status, last_seen_at);
  `,
];

const waitMs = 2000;

const columns = `fingerprint, rule, path, line, severity, confidence, message, status, reason, branch,
  quote_hash AS quoteHash, quote_lines AS quoteLines, first_seen_at AS firstSeenAt, last_seen_at AS lastSeenAt`;

/** The folder a path lies in; empty at the top. */
export const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

const storeIn = (database: Database, repo: string): ReviewStore => {
  const find = database.prepare<[string, string], StoredFinding>(
    `SELECT ${columns} FROM findings WHERE repo = ? AND fingerprint = ?`,
  );
  return {
    known: (fingerprints) =>
      new Map(
        fingerprints.flatMap((fingerprint): [string, StoredFinding][] => {
          const found = find.get(repo, fingerprint);
          return found ? [[fingerprint, found]] : [];
        }),
      ),
    open: (branch, limit) =>
      database
        .prepare<[string, string, number], StoredFinding>(
          `SELECT ${columns} FROM findings WHERE repo = ? AND branch = ? AND status = 'open'
             ORDER BY last_seen_at DESC, fingerprint LIMIT ?`,
        )
        .all(repo, branch, limit),
    dismissedClasses: (least) =>
      new Map(
        database
          .prepare<[string, number], { rule: string; folder: string; n: number }>(
            `SELECT rule, folder, count(*) AS n FROM findings WHERE repo = ? AND status = 'dismissed'
               GROUP BY rule, folder HAVING count(*) >= ?`,
          )
          .all(repo, least)
          .map(({ rule, folder, n }) => [`${rule}\0${folder}`, n]),
      ),
    record: (raised, fixed, { branch, at }) => {
      // What somebody dismissed stays so; what was fixed and is there again is open again.
      const upsert = database.prepare(
        `INSERT INTO findings VALUES (@repo, @fingerprint, @rule, @path, @folder, @line, @severity, @confidence, @message,
             @status, @reason, @branch, @quoteHash, @quoteLines, @at, @at, @at)
           ON CONFLICT (repo, fingerprint) DO UPDATE SET path = excluded.path, folder = excluded.folder,
             line = excluded.line, severity = excluded.severity, confidence = excluded.confidence,
             message = excluded.message, branch = excluded.branch, quote_hash = excluded.quote_hash,
             quote_lines = excluded.quote_lines, last_seen_at = excluded.last_seen_at,
             status_at = CASE WHEN status IN ('dismissed', excluded.status) THEN status_at ELSE excluded.status_at END,
             reason = CASE WHEN status = 'dismissed' THEN reason ELSE excluded.reason END,
             status = CASE WHEN status = 'dismissed' THEN status ELSE excluded.status END`,
      );
      const mark = database.prepare<[number, string, string]>(
        "UPDATE findings SET status = 'fixed', status_at = ? WHERE repo = ? AND fingerprint = ? AND status = 'open'",
      );
      database
        .transaction(() => {
          for (const finding of raised) {
            const { fingerprint, rule, path, line, severity, confidence, message } = finding;
            const { status, reason, quoteHash, quoteLines } = finding;
            upsert.run({
              ...{ repo, fingerprint, rule, path, folder: folderOf(path), line, severity, confidence, message },
              ...{ status, reason, branch, quoteHash, quoteLines, at },
            });
          }
          for (const fingerprint of fixed) mark.run(at, repo, fingerprint);
        })
        .immediate();
    },
    withPrefix: (prefix) =>
      database
        .prepare<[string, string, string], StoredFinding>(
          `SELECT ${columns} FROM findings WHERE repo = ? AND fingerprint >= ? AND fingerprint < ?
             ORDER BY fingerprint LIMIT 3`,
        )
        .all(repo, prefix, `${prefix}~`),
    setStatus: (fingerprints, status, reason, at) => {
      const update = database.prepare(
        'UPDATE findings SET status = ?, reason = ?, status_at = ? WHERE repo = ? AND fingerprint = ?',
      );
      database
        .transaction(() => {
          for (const fingerprint of fingerprints) update.run(status, reason, at, repo, fingerprint);
        })
        .immediate();
    },
    stats: () =>
      database
        .prepare<[string], RuleStats>(
          `SELECT rule, count(*) AS raised, sum(status = 'fixed') AS fixed, sum(status = 'dismissed') AS dismissed,
             sum(status = 'kept') AS kept, sum(status = 'open') AS open
             FROM findings WHERE repo = ? GROUP BY rule ORDER BY count(*) DESC, rule`,
        )
        .all(repo),
    close: () => database.close(),
  };
};

/** True for what SQLite says of a file that is none of its own any more. */
export const isDamagedStore = (error: unknown): boolean =>
  isDamage(error) || (isCopilotError(error) && isDamage(error.cause));

/** Moves a damaged file and what belongs to it out of the way; gives where it is now. */
export const moveAside = (path: string, at: number): string => {
  const aside = `${path}.damaged-${at}`;
  renameSync(path, aside);
  for (const end of ['-wal', '-shm'])
    try {
      renameSync(`${path}${end}`, `${aside}${end}`);
    } catch {
      // There need not be any.
    }
  return aside;
};

/**
 * Opens (and makes) what is known of the reviews of a repository.
 * @param repo its identity, see `repoIdentity`.
 * @throws CopilotError `E_DATABASE`, exit 3
 */
export const openReviewStore = (path: string, repo: string): ReviewStore =>
  storeIn(openDatabase(path, waitMs, steps), repo);
