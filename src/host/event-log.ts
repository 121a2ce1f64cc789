import { createHash, randomUUID } from 'node:crypto';
import { CopilotError, exitCodes, messageOf, usageError } from '../base/errors.ts';
import { redacted, type Redact } from '../base/redact.ts';
import type { Event, Recorded } from '../core/event.ts';
import type { SessionInfo, SessionStore } from '../core/session.ts';
import { openDatabase } from './database.ts';

interface SessionRow {
  id: string;
  root: string;
  title: string;
  created_at: number;
  updated_at: number;
  events: number;
  fork_of: string | null;
  fork_seq: number | null;
}

interface EventRow {
  session: string;
  seq: number;
  at: number;
  body: string;
  hash: string;
}

interface Head {
  seq: number;
  hash: string;
}

const maxTitleChars = 100;

/** Rows read at a time. */
const pageSize = 500;

/** The hash before a session's first event. */
const genesis = '0'.repeat(64);

const chained = (previous: string, session: string, seq: number, at: number, body: string): string =>
  createHash('sha256').update(`${previous}\n${session}\n${seq}\n${at}\n${body}`).digest('hex');

const toInfo = (row: SessionRow): SessionInfo => ({
  id: row.id,
  root: row.root,
  title: row.title,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  events: row.events,
  kind: 'task',
  ...(row.fork_of === null || row.fork_seq === null ? {} : { forkedFrom: { session: row.fork_of, seq: row.fork_seq } }),
});

const toRecorded = ({ body, session, seq, at, hash }: EventRow): Recorded => {
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

const broken = (what: string, cause: unknown): CopilotError => {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const busy = code.startsWith('SQLITE_CONSTRAINT');
  return new CopilotError(busy ? 'Another process is writing to this session.' : `${what}: ${messageOf(cause)}`, {
    code: busy ? 'E_SESSION_BUSY' : 'E_DATABASE',
    exitCode: exitCodes.config,
    hint: busy
      ? 'Wait for it to end, or use --fork-session.'
      : 'Check the disk: the run was stopped, nothing recorded was lost.',
    cause,
  });
};

/**
 * The event log in a SQLite file. Each event's hash covers the one before it, so a session is a chain; a fork's chain
 * goes on from the event it was forked at. Known secrets are redacted before an event is hashed and kept.
 * @param now milliseconds since the epoch.
 * @throws CopilotError `E_DATABASE` when the file cannot be used.
 */
export const eventLog = (path: string, redact: Redact, now: () => number = Date.now): SessionStore => {
  const database = openDatabase(path);
  const heads = new Map<string, Head>();
  const insert = database.prepare('INSERT INTO events (session, seq, at, type, body, hash) VALUES (?, ?, ?, ?, ?, ?)');
  const touch = database.prepare('UPDATE sessions SET updated_at = ?, events = events + ? WHERE id = ?');
  const byId = database.prepare<[string], SessionRow>('SELECT * FROM sessions WHERE id = ?');
  const rowsFrom = database.prepare<[string, number, number], EventRow>(
    `SELECT session, seq, at, body, hash FROM events WHERE session = ? AND seq >= ? AND seq <= ? ORDER BY seq LIMIT ${pageSize}`,
  );
  const lastRow = database.prepare<[string], Head>(
    'SELECT seq, hash FROM events WHERE session = ? ORDER BY seq DESC LIMIT 1',
  );
  const rowAt = database.prepare<[string, number], Head>('SELECT seq, hash FROM events WHERE session = ? AND seq = ?');

  const rowOf = (id: string): SessionRow => {
    const row = byId.get(id);
    if (!row) throw usageError(`There is no session ${id}.`, 'List them with "llm-copilot sessions list".');
    return row;
  };
  /** Where a session's own chain starts: after the fork point, or from nothing. */
  const startOf = (row: SessionRow): Head => {
    if (row.fork_of === null || row.fork_seq === null) return { seq: 0, hash: genesis };
    // The fork point may itself lie in a session the parent was forked from.
    const own = rowAt.get(row.fork_of, row.fork_seq);
    return own ?? startOf(rowOf(row.fork_of));
  };
  const headOf = (session: string): Head => {
    let head = heads.get(session);
    if (!head) {
      const row = rowOf(session);
      head = lastRow.get(session) ?? startOf(row);
      heads.set(session, head);
    }
    return head;
  };

  const appendAll = database.transaction((session: string, events: readonly Event[]): Recorded[] => {
    let head = headOf(session);
    const at = now();
    const recorded = events.map((event) => {
      const raw = JSON.stringify(event);
      // The text as a whole is quick to look through; what must go is taken out of the values, or it would not be JSON.
      const hit = redact(raw) !== raw;
      const kept = hit ? redacted(event, redact) : event;
      const body = hit ? JSON.stringify(kept) : raw;
      const seq = head.seq + 1;
      const hash = chained(head.hash, session, seq, at, body);
      insert.run(session, seq, at, event.type, body, hash);
      head = { seq, hash };
      return { ...kept, session, seq, at, hash };
    });
    touch.run(at, events.length, session);
    heads.set(session, head);
    return recorded;
  });

  const writing = <T>(write: () => T): T => {
    try {
      return write();
    } catch (error) {
      if (error instanceof CopilotError) throw error;
      throw broken('The event log cannot be written', error);
    }
  };
  const guarded = (session: string, events: readonly Event[]): Recorded[] => {
    try {
      return writing(() => appendAll.immediate(session, events));
    } catch (error) {
      heads.delete(session);
      throw error;
    }
  };

  /** A session's own rows, page by page. */
  function* ownRows(session: string, fromSeq: number, toSeq: number): Generator<EventRow> {
    for (let from = fromSeq; ;) {
      const page = rowsFrom.all(session, from, toSeq);
      yield* page;
      const last = page.at(-1);
      if (!last || page.length < pageSize) return;
      from = last.seq + 1;
    }
  }

  function* readUpTo(row: SessionRow, fromSeq: number, toSeq: number): Generator<Recorded> {
    if (row.fork_of !== null && row.fork_seq !== null && fromSeq <= row.fork_seq)
      yield* readUpTo(rowOf(row.fork_of), fromSeq, Math.min(toSeq, row.fork_seq));
    for (const event of ownRows(row.id, fromSeq, toSeq)) yield toRecorded(event);
  }

  return {
    create: ({ id = randomUUID(), root, title, forkOf }) => {
      if (byId.get(id)) throw usageError(`Session ${id} exists already.`, 'Use --resume to go on with it.');
      // Its tombstone would let the new events be deleted without a trace.
      if (database.prepare('SELECT 1 FROM tombstones WHERE session = ?').get(id))
        throw usageError(`Session ${id} was deleted; its id cannot be used again.`);
      const fork = forkOf === undefined ? undefined : { session: rowOf(forkOf).id, seq: headOf(forkOf).seq };
      const at = now();
      // Cut only now: half a secret is not recognised any more.
      const shown = redact(title).slice(0, maxTitleChars);
      const insertSession = database.prepare(
        'INSERT INTO sessions (id, root, title, created_at, updated_at, fork_of, fork_seq) VALUES (?, ?, ?, ?, ?, ?, ?)',
      );
      writing(() => insertSession.run(id, root, shown, at, at, fork?.session ?? null, fork?.seq ?? null));
      return toInfo(rowOf(id));
    },
    append: (session, event) => {
      const [recorded] = guarded(session, [event]);
      if (!recorded) throw new Error('append recorded nothing');
      return recorded;
    },
    appendAll: guarded,
    read: (session, fromSeq = 1) => readUpTo(rowOf(session), fromSeq, Number.MAX_SAFE_INTEGER),
    list: ({ root } = {}) => {
      const where = root === undefined ? '' : 'WHERE root = ?';
      const rows = database
        .prepare<string[], SessionRow>(`SELECT * FROM sessions ${where} ORDER BY updated_at DESC, id`)
        .all(...(root === undefined ? [] : [root]));
      return rows.map(toInfo);
    },
    find: (id) => {
      // Every id begins with nothing; an empty variable in a script must not delete the only session.
      if (id === '') throw usageError('The session id is empty.', 'List them with "llm-copilot sessions list".');
      const rows = database
        .prepare<[{ id: string }], SessionRow>('SELECT * FROM sessions WHERE substr(id, 1, length(@id)) = @id')
        .all({ id });
      const exact = rows.find((row) => row.id === id) ?? (rows.length === 1 ? rows[0] : undefined);
      if (exact) return toInfo(exact);
      const problem = rows.length === 0 ? `There is no session ${id}.` : `${rows.length} sessions begin with ${id}.`;
      throw usageError(problem, 'List them with "llm-copilot sessions list".');
    },
    delete: (id) => {
      const row = rowOf(id);
      const forks = database.prepare<[string], { id: string }>('SELECT id FROM sessions WHERE fork_of = ?').all(id);
      if (forks.length > 0)
        throw usageError(
          `Session ${id} cannot be deleted: forks need its events.`,
          `Delete ${forks.map((fork) => fork.id).join(', ')} first.`,
        );
      const bury = database.transaction(() => {
        const last = headOf(id).hash;
        database
          .prepare('INSERT INTO tombstones (session, deleted_at, events, last_hash) VALUES (?, ?, ?, ?)')
          .run(id, now(), row.events, last);
        database.prepare('DELETE FROM events WHERE session = ?').run(id);
        database.prepare('DELETE FROM sessions WHERE id = ?').run(id);
      });
      writing(() => bury.immediate());
      heads.delete(id);
    },
    verify: (id) => {
      const session = rowOf(id);
      const start = startOf(session);
      let head = start;
      for (const row of ownRows(id, 0, Number.MAX_SAFE_INTEGER)) {
        if (row.seq !== head.seq + 1) return { seq: row.seq, problem: `event ${head.seq + 1} is missing` };
        if (row.hash !== chained(head.hash, row.session, row.seq, row.at, row.body))
          return { seq: row.seq, problem: 'its content does not fit its hash' };
        head = row;
      }
      if (head.seq - start.seq !== session.events) return { seq: head.seq + 1, problem: 'the last events are missing' };
      return undefined;
    },
    close: () => database.close(),
  };
};
