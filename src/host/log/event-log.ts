import { randomUUID } from 'node:crypto';
import { CopilotError, exitCodes, messageOf, usageError } from '../../base/errors.ts';
import { redacted, type Redact } from '../../base/redact/redactor.ts';
import type { Event, Recorded } from '../../core/event.ts';
import type { DeletionReason, SessionStore } from '../../core/session.ts';
import { openDatabase, type Database } from './database.ts';
import {
  broken,
  chainEnd,
  eventHash,
  genesis,
  sessionRow,
  toInfo,
  withDatabase,
  type Link,
  type SessionRow,
} from './event-log-chain.ts';
import { headChain } from './event-log-heads.ts';
import { claimDailyPrune, forksFirst, forksOf, planPrune } from './event-log-prune.ts';
import { verifySession } from './event-log-verify.ts';

/** A row of `events`, but its type. */
export interface EventRow {
  session: string;
  seq: number;
  at: number;
  body: string;
  hash: string;
}

const maxTitleChars = 100;

/** Rows read at a time. */
const pageSize = 500;

/** Sessions a new session deletes at most because of their age. */
const mostPruned = 50;
const dayMs = 24 * 60 * 60 * 1000;

/** An event as it was appended. @throws CopilotError `E_DATABASE` when its text is not what we wrote. */
export const toRecorded = ({ body, session, seq, at, hash }: EventRow): Recorded => {
  let event: Event;
  try {
    event = JSON.parse(body) as Event;
  } catch (cause) {
    throw new CopilotError(`Event ${seq} of session ${session} cannot be read: ${messageOf(cause)}`, {
      code: 'E_DATABASE',
      exitCode: exitCodes.config,
      hint: `Somebody changed the database; "llm-copilot sessions verify ${session}" says where.`,
      cause,
    });
  }
  return { ...event, session, seq, at, hash };
};

const listHint = 'List them with "llm-copilot sessions list".';

/**
 * The event log in a SQLite file. Each event's hash covers the one before it, so a session is a chain; a fork's chain
 * goes on from the event it was forked at, and heads chain the sessions. Known secrets are redacted before an event is
 * hashed and kept.
 * @param place the file, or the database when it is open already; the log closes it.
 * @param now milliseconds since the epoch.
 * @param retentionDays once a day, making a session deletes up to 50 sessions that are older; none when left out.
 * @throws CopilotError `E_DATABASE` when the file cannot be used.
 */
export const eventLog = (
  place: string | Database,
  redact: Redact,
  now: () => number = Date.now,
  retentionDays?: number,
): SessionStore => {
  const database = typeof place === 'string' ? openDatabase(place) : place;
  const heads = headChain(database);
  const ends = new Map<string, Link>();
  /** Sessions with events of ours that no head names yet. */
  const grown = new Set<string>();
  const insert = database.prepare('INSERT INTO events (session, seq, at, type, body, hash) VALUES (?, ?, ?, ?, ?, ?)');
  const touch = database.prepare('UPDATE sessions SET updated_at = ?, events = events + ? WHERE id = ?');
  const rowsFrom = database.prepare<[string, number, number], EventRow>(
    `SELECT session, seq, at, body, hash FROM events WHERE session = ? AND seq >= ? AND seq <= ? ORDER BY seq LIMIT ${pageSize}`,
  );

  const reading = <T>(read: () => T): T => withDatabase('The event log cannot be read', read);
  const rowOf = (id: string): SessionRow => {
    const row = reading(() => sessionRow(database, id));
    if (!row) throw usageError(`There is no session ${id}.`, listHint);
    return row;
  };
  const freshEndOf = (row: SessionRow): Link => {
    const end = chainEnd(database, row);
    if (!end) throw usageError(`There is no session ${row.fork_of ?? ''}.`, listHint);
    return end;
  };

  const appendAll = database.transaction((session: string, events: readonly Event[]): Recorded[] => {
    let end = ends.get(session) ?? freshEndOf(rowOf(session));
    const at = now();
    const recorded = events.map((event) => {
      // Values are looked through one by one: within JSON, secrets would look different.
      const kept = redacted(event, redact);
      const body = JSON.stringify(kept);
      const seq = end.seq + 1;
      const hash = eventHash(end.hash, session, seq, at, body);
      insert.run(session, seq, at, kept.type, body, hash);
      end = { seq, hash };
      return { ...kept, session, seq, at, hash };
    });
    if (touch.run(at, events.length, session).changes === 0)
      throw usageError(`Session ${session} was deleted by another process.`, 'Start a new one.');
    ends.set(session, end);
    return recorded;
  });

  const writing = <T>(write: () => T): T => withDatabase('The event log cannot be written', write);
  const guarded = (session: string, events: readonly Event[]): Recorded[] => {
    try {
      const recorded = writing(() => appendAll.immediate(session, events));
      grown.add(session);
      return recorded;
    } catch (error) {
      ends.delete(session);
      throw error;
    }
  };

  const make = database.transaction((session: Parameters<SessionStore['create']>[0] & { id: string }): boolean => {
    const { id, root, title, forkOf, kind = 'task' } = session;
    if (sessionRow(database, id)) throw usageError(`Session ${id} exists already.`, 'Use --resume to go on with it.');
    // Its tombstone would let the new events be deleted without a trace.
    if (database.prepare('SELECT 1 FROM tombstones WHERE session = ?').get(id))
      throw usageError(`Session ${id} was deleted; its id cannot be used again.`);
    const at = now();
    const isPruning = retentionDays !== undefined && claimDailyPrune(database, at);
    // Before the new head, so that the fork point lies in what an earlier head names.
    heads.anchorAll(at);
    const fork = forkOf === undefined ? undefined : freshEndOf(rowOf(forkOf));
    // Cut only now: half a secret is not recognised any more.
    const shown = redact(title).slice(0, maxTitleChars);
    database
      .prepare(
        'INSERT INTO sessions (id, root, title, created_at, updated_at, fork_of, fork_seq, kind) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      )
      .run(id, root, shown, at, at, forkOf ?? null, fork?.seq ?? null, kind);
    heads.add(id, fork ?? { seq: 0, hash: genesis }, at, 'created');
    return isPruning;
  });

  const anchorGrown = database.transaction(() => {
    for (const id of grown) {
      const row = sessionRow(database, id);
      if (row) heads.anchor(row, now());
    }
  });

  /** The only way a session goes. */
  const bury = database.transaction((ids: readonly string[], why: DeletionReason) => {
    const rows = ids.map(rowOf);
    const forks = forksOf(database);
    const going = new Set(ids);
    for (const { id } of rows) {
      const staying = (forks.get(id) ?? []).filter((fork) => !going.has(fork));
      if (staying.length > 0)
        throw usageError(
          `Session ${id} cannot be deleted: forks need its events.`,
          `Delete ${staying.join(', ')} first.`,
        );
    }
    for (const row of forksFirst(rows)) {
      const end = freshEndOf(row);
      const at = now();
      database
        .prepare('INSERT INTO tombstones (session, deleted_at, events, last_hash, reason) VALUES (?, ?, ?, ?, ?)')
        .run(row.id, at, end.seq - (row.fork_seq ?? 0), end.hash, why);
      heads.add(row.id, end, at, why);
      database.prepare('DELETE FROM events WHERE session = ?').run(row.id);
      database.prepare('DELETE FROM sessions WHERE id = ?').run(row.id);
    }
  });
  const deleteAll = (ids: readonly string[], why: DeletionReason): void => {
    writing(() => {
      // What is deleted for good is overwritten where it stood.
      if (why === 'privacy') database.prepare('PRAGMA secure_delete = ON').get();
      bury.immediate(ids, why);
    });
    for (const id of ids) {
      ends.delete(id);
      grown.delete(id);
    }
  };

  const planOf = (olderThanDays: number) => planPrune(database, now() - olderThanDays * dayMs);
  const pruneSome = (olderThanDays: number): void => {
    try {
      for (const row of planOf(olderThanDays).due.slice(0, mostPruned)) deleteAll([row.id], 'retention');
    } catch {
      // Somebody wanted a session and has it; old ones can go another day.
    }
  };

  /** A session's own rows, page by page. */
  function* ownRows(session: string, fromSeq: number, toSeq: number): Generator<EventRow> {
    for (let from = fromSeq; ;) {
      const page = reading(() => rowsFrom.all(session, from, toSeq));
      yield* page;
      const last = page.at(-1);
      if (!last || page.length < pageSize) return;
      from = last.seq + 1;
    }
  }

  function* readUpTo(
    row: SessionRow,
    fromSeq: number,
    toSeq: number,
    passed: readonly string[] = [],
  ): Generator<Recorded> {
    const { id, fork_of: parent, fork_seq: forkSeq } = row;
    if (passed.includes(id))
      throw broken(`The session ${id} cannot be read`, new Error('it is made to come from itself'));
    if (parent !== null && forkSeq !== null && fromSeq <= forkSeq)
      yield* readUpTo(rowOf(parent), fromSeq, Math.min(toSeq, forkSeq), [...passed, id]);
    for (const event of ownRows(row.id, fromSeq, toSeq)) yield toRecorded(event);
  }

  return {
    create: (session) => {
      const id = session.id ?? randomUUID();
      const isPruning = writing(() => make.immediate({ ...session, id }));
      if (isPruning && retentionDays !== undefined) pruneSome(retentionDays);
      return toInfo(rowOf(id));
    },
    append: (session, event) => {
      const [recorded] = guarded(session, [event]);
      if (!recorded) throw new Error('append recorded nothing');
      return recorded;
    },
    appendAll: guarded,
    read: (session, fromSeq = 1) => readUpTo(rowOf(session), fromSeq, Number.MAX_SAFE_INTEGER),
    list: ({ root, kind = 'task' } = {}) => {
      const where = root === undefined ? '' : 'WHERE root = ?';
      const rows = reading(() =>
        database
          .prepare<string[], SessionRow>(`SELECT * FROM sessions ${where} ORDER BY updated_at DESC, id`)
          .all(...(root === undefined ? [] : [root])),
      );
      return rows.filter((row) => kind === 'any' || row.kind === kind).map(toInfo);
    },
    find: (id) => {
      // Every id begins with nothing; an empty variable in a script must not delete the only session.
      if (id === '') throw usageError('The session id is empty.', listHint);
      const rows = reading(() =>
        database
          .prepare<[{ id: string }], SessionRow>('SELECT * FROM sessions WHERE substr(id, 1, length(@id)) = @id')
          .all({ id }),
      );
      const exact = rows.find((row) => row.id === id) ?? (rows.length === 1 ? rows[0] : undefined);
      if (exact) return toInfo(exact);
      const problem = rows.length === 0 ? `There is no session ${id}.` : `${rows.length} sessions begin with ${id}.`;
      throw usageError(problem, listHint);
    },
    delete: (id, why = 'user') => deleteAll([id], why),
    deleteAll,
    prune: ({ olderThanDays, dryRun = false }) => {
      const { due, kept } = reading(() => planOf(olderThanDays));
      // Another process may have been quicker.
      for (const { id } of dryRun ? [] : due) if (sessionRow(database, id)) deleteAll([id], 'retention');
      return {
        deleted: due.map(toInfo),
        kept: kept.map(({ row, neededBy }) => ({ session: toInfo(row), neededBy })),
      };
    },
    verify: (id) => reading(() => verifySession(database, rowOf(id).id)),
    close: () => {
      try {
        if (grown.size > 0) anchorGrown.immediate();
        grown.clear();
      } catch {
        // The next process that makes a session writes the heads.
      }
      database.close();
    },
  };
};
