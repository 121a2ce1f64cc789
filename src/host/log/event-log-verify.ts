import type { LogProblem, LogReport } from '../../core/session.ts';
import type { Database } from './database.ts';
import {
  chainStart,
  eventHash,
  genesis,
  headHash,
  sessionRow,
  type Head,
  type Link,
  type SessionRow,
} from './event-log-chain.ts';

interface TombstoneRow {
  session: string;
  deleted_at: number;
  events: number;
  last_hash: string;
  /** Null where it was deleted before heads were kept. */
  reason: string | null;
}

/** seq, at, type, body, hash: arrays are read quicker than objects. Somebody may have made bytes of a text. */
type RawEvent = [number, number, string, string | Buffer, string];

/** Goes along a session's own events. */
interface Walk {
  start: Link;
  end: Link;
  /** Checks the events up to this one, and stops at the first that is not right. */
  upTo(seq: number): LogProblem | undefined;
  /** Rows follow whose number is too large to be one, or is none. */
  isCutShort(): boolean;
}

/** Characters of a page: few rows where events are large. */
const pageChars = 4 * 1024 * 1024;
const pageRows = { least: 20, most: 1000 };
const headPage = 1000;
const all = Number.MAX_SAFE_INTEGER;
const deletions: ReadonlySet<string> = new Set(['user', 'retention', 'privacy']);

/** The type stands first in nearly every body, and reading it as JSON takes longer than everything else. */
const fitsType = (type: string, body: string): boolean => {
  if (body.startsWith(`{"type":${JSON.stringify(type)}`)) return true;
  try {
    const event: unknown = JSON.parse(body);
    return typeof event === 'object' && event !== null && 'type' in event && event.type === type;
  } catch {
    return false;
  }
};

const walk = (database: Database, session: string, start: Link): Walk => {
  const rowsAfter = database
    .prepare<[string, number, number, number], RawEvent>(
      'SELECT seq, at, type, body, hash FROM events WHERE session = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?',
    )
    .raw(true);
  // Numbered from where it starts: rows before that are none of its own.
  const first = database
    .prepare<[string], { seq: number | null }>('SELECT min(seq) AS seq FROM events WHERE session = ?')
    .get(session)?.seq;
  const along: Walk = {
    start,
    end: start,
    upTo: (last) => {
      if (typeof first === 'number' && first <= start.seq)
        return { session, seq: first, problem: 'this event lies before where the session begins' };
      let { seq, hash } = along.end;
      let limit = pageRows.least;
      for (;;) {
        const page = rowsAfter.all(session, seq, last, limit);
        let chars = 0;
        for (const [at, time, type, body, kept] of page) {
          if (at !== seq + 1) return { session, seq: seq + 1, problem: 'this event is missing' };
          if (typeof body !== 'string' || kept !== eventHash(hash, session, at, time, body))
            return { session, seq: at, problem: 'its content does not fit its hash' };
          if (!fitsType(type, body)) return { session, seq: at, problem: 'its type is not that of its content' };
          seq = at;
          hash = kept;
          chars += body.length;
          along.end = { seq, hash };
        }
        if (page.length < limit) return undefined;
        const fitting = Math.floor(pageChars / Math.max(1, chars / page.length));
        limit = Math.min(pageRows.most, Math.max(pageRows.least, fitting));
      }
    },
    isCutShort: () =>
      database
        .prepare<[string, number], object>('SELECT 1 FROM events WHERE session = ? AND seq > ? LIMIT 1')
        .get(session, along.end.seq) !== undefined,
  };
  return along;
};

const noParent = (session: string): LogProblem => ({ session, problem: 'the session it was forked from is missing' });

/** Checks the whole of a session, and what `sessions` says of it. */
const finish = (row: SessionRow, along: Walk): LogProblem | undefined => {
  const problem = along.upTo(all);
  if (problem) return problem;
  const { start, end } = along;
  if (along.isCutShort()) return { session: row.id, seq: end.seq + 1, problem: 'this event is missing' };
  if (end.seq - start.seq < row.events)
    return { session: row.id, seq: end.seq + 1, problem: 'the last events are missing' };
  // Not "greater": what should be a number may have been made something else.
  if (end.seq - start.seq !== row.events)
    return {
      session: row.id,
      problem: `it has ${end.seq - start.seq} events, the list of sessions says ${row.events}`,
    };
  return undefined;
};

/** The first event of one session that is not as it was appended. Others may write meanwhile. */
export const verifySession = (database: Database, id: string): { seq: number; problem: string } | undefined =>
  database.transaction(() => {
    const row = sessionRow(database, id);
    const start = row && chainStart(database, row);
    const problem = start ? finish(row, walk(database, id, start)) : noParent(id);
    return problem && { seq: problem.seq ?? 0, problem: problem.problem };
  })();

const isDeletion = (head: Head): boolean => deletions.has(head.why);

/** A log with what has been checked of it. */
const checker = (database: Database) => {
  const rows = database.prepare<[], SessionRow>('SELECT * FROM sessions ORDER BY created_at, id').all();
  const sessions = new Map(rows.map((row) => [row.id, row]));
  const graves = database.prepare<[], TombstoneRow>('SELECT * FROM tombstones ORDER BY deleted_at, session').all();
  const tombstones = new Map(graves.map((row) => [row.session, row]));
  const buried = new Set(
    database
      .prepare<[], { session: string }>("SELECT session FROM heads WHERE why NOT IN ('created', 'anchored')")
      .all()
      .map(({ session }) => session),
  );
  const walks = new Map<string, Walk>();
  /** The first and the newest head of each session. */
  const seen = new Map<string, { first: Head; newest: Head }>();

  const walkOf = (row: SessionRow): Walk | undefined => {
    const known = walks.get(row.id);
    if (known) return known;
    const start = chainStart(database, row);
    if (!start) return undefined;
    const made = walk(database, row.id, start);
    walks.set(row.id, made);
    return made;
  };

  const ofLiving = (head: Head, row: SessionRow): string | LogProblem | undefined => {
    if (isDeletion(head)) return 'the session is still there although this head says it was deleted';
    const along = walkOf(row);
    if (!along) return noParent(row.id);
    const { start } = along;
    if (head.why === 'created' && (head.seq !== start.seq || head.session_hash !== start.hash))
      return 'the session does not begin where this head says';
    const problem = along.upTo(head.seq);
    if (problem) return problem;
    const { end } = along;
    if (end.seq < head.seq) return { session: row.id, seq: end.seq + 1, problem: 'this event is missing' };
    if (end.hash !== head.session_hash)
      return { session: row.id, seq: head.seq, problem: 'this event is another than the head names' };
    return undefined;
  };

  const ofDeleted = (head: Head, first: Head): string | undefined => {
    const tombstone = tombstones.get(head.session);
    if (!tombstone) return 'the session is gone and left no tombstone';
    if (!buried.has(head.session)) return 'the session is gone, and no head goes with its tombstone';
    if (!isDeletion(head)) return undefined;
    const isSame =
      tombstone.deleted_at === head.at && tombstone.last_hash === head.session_hash && tombstone.reason === head.why;
    // Of a session older than the heads only these two know how long it was.
    const isAsLong = first.why !== 'created' || tombstone.events === head.seq - first.seq;
    return isSame && isAsLong ? undefined : 'the tombstone does not fit this head';
  };

  return {
    rows,
    graves,
    head: (head: Head): LogProblem | undefined => {
      const { n, session } = head;
      const before = seen.get(session);
      const first = before?.first ?? head;
      seen.set(session, { first, newest: head });
      if (before && isDeletion(before.newest)) return { head: n, session, problem: 'the session was deleted before' };
      if (before && (head.why === 'created' || head.seq < before.newest.seq))
        return { head: n, session, problem: 'it lies behind an earlier head of its session' };
      const row = sessions.get(session);
      const found = row ? ofLiving(head, row) : ofDeleted(head, first);
      if (found === undefined) return undefined;
      return typeof found === 'string' ? { head: n, session, problem: found } : { ...found, head: n };
    },
    /** What no head names: the newest events, and what the list of sessions says. */
    session: (row: SessionRow): { problem: LogProblem } | { events: number; unanchored: number } => {
      const along = walkOf(row);
      const problem = along ? finish(row, along) : noParent(row.id);
      if (problem) return { problem };
      const { start, end } = along ?? { start: { seq: 0 }, end: { seq: 0 } };
      const named = seen.get(row.id)?.newest.seq ?? -1;
      if (named !== row.anchored)
        return {
          problem: { session: row.id, problem: 'its newest head is missing, or the list of sessions was changed' },
        };
      return { events: end.seq - start.seq, unanchored: end.seq - Math.max(named, start.seq) };
    },
    tombstone: ({ session, reason }: TombstoneRow): LogProblem | undefined => {
      if (sessions.has(session)) return { session, problem: 'it has a tombstone and is still there' };
      return reason !== null && !seen.has(session)
        ? { session, problem: 'no head goes with its tombstone' }
        : undefined;
    },
  };
};

/** Ids found in `events`, each looked up once: there are a million events and a thousand sessions. */
const strays = (database: Database): { session: string } | undefined =>
  database
    .prepare<[], { session: string }>(
      `WITH RECURSIVE found (session) AS (
         SELECT min(session) FROM events
         UNION ALL
         SELECT (SELECT min(session) FROM events WHERE session > found.session) FROM found WHERE found.session IS NOT NULL
       )
       SELECT session FROM found WHERE session IS NOT NULL AND session NOT IN (SELECT id FROM sessions) LIMIT 1`,
    )
    .get();

const check = (database: Database): LogReport => {
  const log = checker(database);
  const report: LogReport = {
    sessions: log.rows.length,
    events: 0,
    heads: 0,
    tombstones: log.graves.length,
    unanchored: 0,
    lastHead: null,
    problem: null,
  };
  const failed = (problem: LogProblem): LogReport => ({ ...report, problem });
  const headsAfter = database.prepare<[number], Head>(`SELECT * FROM heads WHERE n > ? ORDER BY n LIMIT ${headPage}`);
  for (let page = headsAfter.all(Number.MIN_SAFE_INTEGER); page.length > 0; page = headsAfter.all(report.heads))
    for (const head of page) {
      const n = report.heads + 1;
      if (head.n !== n) return failed({ head: n, problem: 'this head is missing' });
      if (head.hash !== headHash(report.lastHead?.hash ?? genesis, head))
        return failed({ head: n, problem: 'its content does not fit its hash' });
      report.heads = n;
      report.lastHead = { n, hash: head.hash };
      const problem = log.head(head);
      if (problem) return failed(problem);
    }
  for (const row of log.rows) {
    const found = log.session(row);
    if ('problem' in found) return failed(found.problem);
    report.events += found.events;
    report.unanchored += found.unanchored;
  }
  for (const row of log.graves) {
    const problem = log.tombstone(row);
    if (problem) return failed(problem);
  }
  const stray = strays(database);
  if (stray) return failed({ session: stray.session, problem: 'there are events of it, and it is no session' });
  return report;
};

/**
 * Walks the chain of heads, each session's events as far as a head names them, then what no head names yet; the first
 * thing that is not right ends it. Others may write meanwhile.
 *
 * What a chain without a key kept elsewhere cannot show: whoever owns the file can write all of it anew, every hash
 * included; can take away the newest heads with what they name; and can add events at the end. A signed export, or the
 * newest head noted elsewhere, pins everything before it. Titles, folders and kinds of sessions are in no hash, so that
 * nothing of them stays when they are erased. Of a session that was deleted only its tombstone can be checked.
 */
export const verifyLog = (database: Database): LogReport => database.transaction(() => check(database))();
