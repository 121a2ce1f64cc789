import { hash as digest } from 'node:crypto';
import { CopilotError, exitCodes, messageOf } from '../../base/errors.ts';
import type { DeletionReason, SessionInfo } from '../../core/session.ts';
import type { Database } from './database.ts';

/** A row of `sessions`. */
export interface SessionRow {
  id: string;
  root: string;
  title: string;
  created_at: number;
  updated_at: number;
  events: number;
  fork_of: string | null;
  fork_seq: number | null;
  kind: SessionInfo['kind'];
  /** The last event a head names, -1 before there is one. */
  anchored: number;
}

/** Where a chain of events has got to. */
export interface Link {
  seq: number;
  hash: string;
}

/** Why a head was written: the session was made, had grown, or was deleted. */
export type HeadReason = 'created' | 'anchored' | DeletionReason;

/** A row of `heads`: how far a session was at some time, chained to the row before. */
export interface Head {
  /** 1, 2, 3, … */
  n: number;
  session: string;
  seq: number;
  /** Of the session's event `seq`. */
  session_hash: string;
  /** Milliseconds since the epoch. */
  at: number;
  why: HeadReason;
  hash: string;
}

/** The hash before a session's first event, and before the first head. */
export const genesis = '0'.repeat(64);

/** The hash of an event. */
export const eventHash = (previous: string, session: string, seq: number, at: number, body: string): string =>
  digest('sha256', `${previous}\n${session}\n${seq}\n${at}\n${body}`);

/** The hash of a head. */
export const headHash = (previous: string, head: Omit<Head, 'hash'>): string =>
  digest(
    'sha256',
    `${previous}\n${head.n}\n${head.session}\n${head.seq}\n${head.session_hash}\n${head.at}\n${head.why}`,
  );

/** A session row by its id. */
export const sessionRow = (database: Database, id: string): SessionRow | undefined =>
  database.prepare<[string], SessionRow>('SELECT * FROM sessions WHERE id = ?').get(id);

/**
 * Where a session's own chain starts: after the fork point, or from nothing. Undefined when the session it was forked
 * from is not there, or is made to come from itself.
 */
export const chainStart = (database: Database, row: SessionRow): Link | undefined => {
  const passed = new Set<string>();
  for (let at: SessionRow | undefined = row; at && !passed.has(at.id); at = sessionRow(database, at.fork_of)) {
    if (at.fork_of === null || at.fork_seq === null) return { seq: 0, hash: genesis };
    // The fork point may itself lie in a session the parent was forked from.
    const own = database
      .prepare<[string, number], Link>('SELECT seq, hash FROM events WHERE session = ? AND seq = ?')
      .get(at.fork_of, at.fork_seq);
    if (own) return own;
    passed.add(at.id);
  }
  return undefined;
};

/** The last event of a session; its start when it has none of its own. */
export const chainEnd = (database: Database, row: SessionRow): Link | undefined =>
  database
    .prepare<[string], Link>('SELECT seq, hash FROM events WHERE session = ? ORDER BY seq DESC LIMIT 1')
    .get(row.id) ?? chainStart(database, row);

/** A row as others see it. */
export const toInfo = (row: SessionRow): SessionInfo => ({
  id: row.id,
  root: row.root,
  title: row.title,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  events: row.events,
  kind: row.kind,
  ...(row.fork_of === null || row.fork_seq === null ? {} : { forkedFrom: { session: row.fork_of, seq: row.fork_seq } }),
});

/** What is said when the database refuses. */
export const broken = (what: string, cause: unknown): CopilotError => {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const busy = code === 'SQLITE_CONSTRAINT_PRIMARYKEY';
  const hint = busy
    ? 'Wait for it to end, or use --fork-session.'
    : code.startsWith('SQLITE_BUSY')
      ? 'Another program holds the database for long: wait for it or end it, then try again. Nothing recorded was lost.'
      : 'Check the disk: what was being written was left out as a whole, nothing recorded was lost.';
  return new CopilotError(busy ? 'Another process is writing to this session.' : `${what}: ${messageOf(cause)}`, {
    code: busy ? 'E_SESSION_BUSY' : 'E_DATABASE',
    exitCode: exitCodes.config,
    hint,
    cause,
  });
};

/** Does something with the database, and says it in our words when that fails. @throws CopilotError exit 3 */
export const withDatabase = <T>(what: string, work: () => T): T => {
  try {
    return work();
  } catch (error) {
    if (error instanceof CopilotError) throw error;
    throw broken(what, error);
  }
};
