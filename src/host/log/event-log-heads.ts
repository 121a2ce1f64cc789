import type { Database } from './database.ts';
import {
  chainEnd,
  genesis,
  headHash,
  type Head,
  type HeadReason,
  type Link,
  type SessionRow,
} from './event-log-chain.ts';

/** Writes the chain of session heads. Every function but `last` is called within a transaction that has begun to write. */
export interface HeadChain {
  last(): Head | undefined;
  add(session: string, link: Link, atMs: number, why: HeadReason): void;
  /** Names the last event of a session, unless a head does already. */
  anchor(row: SessionRow, atMs: number): void;
  /**
   * The same for every session with events no head names: a killed process wrote none. One that still runs is named a
   * little early.
   */
  anchorAll(atMs: number): void;
}

/** The chain of heads in a database of the event log. */
export const headChain = (database: Database): HeadChain => {
  const last = (): Head | undefined => database.prepare<[], Head>('SELECT * FROM heads ORDER BY n DESC LIMIT 1').get();
  const add = (session: string, { seq, hash: session_hash }: Link, at: number, why: HeadReason): void => {
    const before = last();
    const head = { n: (before?.n ?? 0) + 1, session, seq, session_hash, at, why };
    database
      .prepare('INSERT INTO heads (n, session, seq, session_hash, at, why, hash) VALUES (?, ?, ?, ?, ?, ?, ?)')
      .run(head.n, session, seq, session_hash, at, why, headHash(before?.hash ?? genesis, head));
    database.prepare('UPDATE sessions SET anchored = ? WHERE id = ?').run(seq, session);
  };
  const anchor = (row: SessionRow, at: number): void => {
    const end = chainEnd(database, row);
    if (end && end.seq > row.anchored) add(row.id, end, at, 'anchored');
  };
  return {
    last,
    add,
    anchor,
    anchorAll: (at) => {
      const behind = database
        .prepare<[], SessionRow>(
          'SELECT * FROM sessions WHERE anchored < coalesce(fork_seq, 0) + events ORDER BY created_at, id',
        )
        .all();
      for (const row of behind) anchor(row, at);
    },
  };
};
