import type { LogReport, SessionInfo } from '../../core/session.ts';
import { openDatabase } from './database.ts';
import { toInfo, withDatabase, type Head, type SessionRow } from './event-log-chain.ts';
import { headChain } from './event-log-heads.ts';
import { forksOf } from './event-log-prune.ts';
import { verifyLog } from './event-log-verify.ts';
import type { EventRow } from './event-log.ts';

/** Which events: from a time on, before another (milliseconds since the epoch), of these sessions. */
export interface EventFilter {
  fromMs?: number;
  beforeMs?: number;
  sessions?: readonly string[];
}

/** Events chosen once, so that what is written meanwhile does not mix with them. */
export interface Selection {
  count: number;
  /** In order of time, then of session and number; a few are held at a time. What is deleted meanwhile is left out. */
  rows: () => Generator<EventRow>;
}

/** What is left of a deleted session. */
export interface Tombstone {
  session: string;
  /** Milliseconds since the epoch. */
  deletedAt: number;
  events: number;
  lastHash: string;
  /** Null where it was deleted before that was kept. */
  reason: string | null;
}

/** The event log as those see it who look at all of it. Every function throws CopilotError exit 3 when the disk fails. */
export interface AuditLog {
  verify(): LogReport;
  select(filter: EventFilter): Selection;
  /** The newest head, and the one with a hash. */
  lastHead(): Head | undefined;
  headWith(hash: string): Head | undefined;
  /** With all sessions that were forked from these, in turn. */
  withForks(ids: readonly string[]): SessionInfo[];
  tombstones(): Tombstone[];
  /** Folders whose monthly spending is kept. */
  spendingFolders(): string[];
  /** Forgets what was spent for these folders; all there is when none are given. Gives how many rows went. */
  forgetSpending(folders?: readonly string[]): number;
  /**
   * Writes the database anew without what was deleted, and empties the file written ahead of it. False when another
   * process reads it: then bytes may stay until that ends.
   */
  scrub(): boolean;
  close(): void;
}

const pageSize = 200;
const monthly = /^month \d{4}-\d{2} (.+)$/s;

/** Opens the event log to be looked through. @throws CopilotError `E_DATABASE`, exit 3. */
export const auditLog = (path: string): AuditLog => {
  const database = openDatabase(path);
  const heads = headChain(database);
  const reading = <T>(read: () => T): T => withDatabase('The event log cannot be read', read);
  const writing = <T>(write: () => T): T => withDatabase('The event log cannot be written', write);
  const run = (sql: string): unknown => database.prepare(sql).run();

  const select = ({ fromMs = Number.MIN_SAFE_INTEGER, beforeMs = Number.MAX_SAFE_INTEGER, sessions }: EventFilter) => {
    // Keys alone are sorted, in a temporary file of SQLite's own; an index by time would cost every append.
    run('CREATE TEMP TABLE IF NOT EXISTS chosen (n INTEGER PRIMARY KEY, session TEXT NOT NULL, seq INTEGER NOT NULL)');
    run('DELETE FROM temp.chosen');
    const of = sessions ? 'session IN (SELECT value FROM json_each(?)) AND' : '';
    const { changes } = database
      .prepare(
        `INSERT INTO temp.chosen (session, seq)
         SELECT session, seq FROM events WHERE ${of} at >= ? AND at < ? ORDER BY at, session, seq`,
      )
      .run(...(sessions ? [JSON.stringify(sessions)] : []), fromMs, beforeMs);
    const rowsAfter = database.prepare<[number], EventRow & { n: number }>(
      `SELECT n, events.session, events.seq, at, body, hash FROM temp.chosen
       CROSS JOIN events ON events.session = chosen.session AND events.seq = chosen.seq
       WHERE n > ? ORDER BY n LIMIT ${pageSize}`,
    );
    return {
      count: changes,
      *rows() {
        for (let last = 0; ;) {
          const page = reading(() => rowsAfter.all(last));
          yield* page;
          const end = page.at(-1);
          if (!end || page.length < pageSize) return;
          last = end.n;
        }
      },
    };
  };

  return {
    verify: () => reading(() => verifyLog(database)),
    select: (filter) => reading(() => select(filter)),
    lastHead: () => reading(() => heads.last()),
    headWith: (hash) => reading(() => database.prepare<[string], Head>('SELECT * FROM heads WHERE hash = ?').get(hash)),
    withForks: (ids) =>
      reading(() => {
        const forks = forksOf(database);
        const found = new Set(ids);
        // Forks are added while it goes through them.
        for (const id of found) for (const fork of forks.get(id) ?? []) found.add(fork);
        const rowOf = database.prepare<[string], SessionRow>('SELECT * FROM sessions WHERE id = ?');
        return [...found].flatMap((id) => rowOf.all(id).map(toInfo));
      }),
    tombstones: () =>
      reading(() =>
        database
          .prepare<[], Tombstone>(
            `SELECT session, deleted_at AS deletedAt, events, last_hash AS lastHash, reason FROM tombstones
             ORDER BY deleted_at, session`,
          )
          .all(),
      ),
    spendingFolders: () =>
      reading(() =>
        database
          .prepare<[], { scope: string }>('SELECT scope FROM ledger')
          .all()
          .flatMap(({ scope }) => monthly.exec(scope)?.[1] ?? []),
      ),
    forgetSpending: (folders) =>
      writing(() => {
        if (!folders) return database.prepare('DELETE FROM ledger').run().changes;
        const forget = database.prepare(
          "DELETE FROM ledger WHERE scope LIKE 'month _______ %' AND substr(scope, 15) = ?",
        );
        return folders.reduce((sum, folder) => sum + forget.run(folder).changes, 0);
      }),
    scrub: () =>
      writing(() => {
        run('VACUUM');
        const [state] = database.prepare<[], { busy: number }>('PRAGMA wal_checkpoint(TRUNCATE)').all();
        return state?.busy === 0;
      }),
    close: () => database.close(),
  };
};
