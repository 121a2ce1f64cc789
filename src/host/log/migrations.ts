/**
 * Schema steps, in order; `user_version` counts those applied. Never edit one that was released, add another.
 * Events are append-only: triggers refuse UPDATE always, and DELETE unless the session has a tombstone.
 */
export const migrations: readonly string[] = [
  `CREATE TABLE sessions (
     id TEXT PRIMARY KEY, root TEXT NOT NULL, title TEXT NOT NULL, created_at INTEGER NOT NULL,
     updated_at INTEGER NOT NULL, events INTEGER NOT NULL DEFAULT 0, fork_of TEXT, fork_seq INTEGER
   ) WITHOUT ROWID;
   CREATE INDEX sessions_by_root ON sessions (root, updated_at);
   CREATE TABLE events (
     session TEXT NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, type TEXT NOT NULL,
     body TEXT NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (session, seq)
   ) WITHOUT ROWID;
   CREATE TABLE tombstones (
     session TEXT PRIMARY KEY, deleted_at INTEGER NOT NULL, events INTEGER NOT NULL, last_hash TEXT NOT NULL
   ) WITHOUT ROWID;
   CREATE TRIGGER events_never_change BEFORE UPDATE ON events
     BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
   CREATE TRIGGER events_never_go BEFORE DELETE ON events
     WHEN NOT EXISTS (SELECT 1 FROM tombstones WHERE session = OLD.session)
     BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
   CREATE TRIGGER tombstones_never_change BEFORE UPDATE ON tombstones
     BEGIN SELECT RAISE(ABORT, 'tombstones are append-only'); END;
   CREATE TRIGGER tombstones_never_go BEFORE DELETE ON tombstones
     BEGIN SELECT RAISE(ABORT, 'tombstones are append-only'); END;`,
  // Money is counted in billionths of a dollar: whole numbers add up exactly. A scope names its own period, so nothing is
  // ever reset: `day 2026-11-27`, `month 2026-11`, `month 2026-11 <root>`.
  `CREATE TABLE ledger (
     scope TEXT PRIMARY KEY, at INTEGER NOT NULL, spent_nanos INTEGER NOT NULL, spent_tokens INTEGER NOT NULL,
     reserved_nanos INTEGER NOT NULL, reserved_tokens INTEGER NOT NULL
   ) WITHOUT ROWID;`,
  // `anchored` is the last event of a session that a head names, -1 before there is one; `reason` is null where a session
  // was deleted before heads were kept. `upkeep` says when something is to be done again.
  `ALTER TABLE sessions ADD COLUMN kind TEXT NOT NULL DEFAULT 'task';
   ALTER TABLE sessions ADD COLUMN anchored INTEGER NOT NULL DEFAULT -1;
   ALTER TABLE tombstones ADD COLUMN reason TEXT;
   CREATE TABLE heads (
     n INTEGER PRIMARY KEY, session TEXT NOT NULL, seq INTEGER NOT NULL, session_hash TEXT NOT NULL,
     at INTEGER NOT NULL, why TEXT NOT NULL, hash TEXT NOT NULL
   );
   CREATE TRIGGER heads_never_change BEFORE UPDATE ON heads
     BEGIN SELECT RAISE(ABORT, 'heads are append-only'); END;
   CREATE TRIGGER heads_never_go BEFORE DELETE ON heads
     BEGIN SELECT RAISE(ABORT, 'heads are append-only'); END;
   CREATE TABLE upkeep (what TEXT PRIMARY KEY, next_at INTEGER NOT NULL) WITHOUT ROWID;
   CREATE INDEX usage_by_time ON events (at) WHERE type IN ('usage', 'usage.assumed');`,
];
