import { vectorTables } from '../vectors/vector-tables.ts';

/**
 * Steps of the schema of what is remembered (`PRAGMA user_version` counts them). `items` is the user's and cannot be made
 * again; words and vectors can.
 */
export const memorySteps: readonly string[] = [
  `
  CREATE TABLE items (
    n INTEGER PRIMARY KEY AUTOINCREMENT,   -- the id of its words and vectors, never used again
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,                    -- fact, strategy, episode, skill
    text TEXT NOT NULL,
    text_hash TEXT NOT NULL,               -- SHA-256 of the text
    scope TEXT NOT NULL,                   -- user, repo, branch
    repo TEXT,
    branch TEXT,
    sources TEXT NOT NULL,                 -- JSON
    confidence REAL NOT NULL,
    uses INTEGER NOT NULL,
    helped INTEGER NOT NULL,
    harmed INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    used_at INTEGER,
    expires_at INTEGER,
    status TEXT NOT NULL,                  -- accepted, proposed
    reason TEXT,                           -- why it is only proposed
    stale_since INTEGER,                   -- its cited lines were first seen changed or gone
    stale_why TEXT,
    origin TEXT,
    rev INTEGER NOT NULL                   -- of its last change of text, scope or status
  );
  CREATE INDEX items_place ON items (repo, scope, status);
  CREATE INDEX items_hash ON items (text_hash);
  CREATE INDEX items_rev ON items (rev);

  CREATE TABLE clock (rev INTEGER NOT NULL);
  INSERT INTO clock VALUES (0);

  CREATE TABLE contradictions (
    one INTEGER NOT NULL,                  -- both ways
    other INTEGER NOT NULL,
    why TEXT NOT NULL,
    PRIMARY KEY (one, other)
  ) WITHOUT ROWID;

  -- An import does not bring back what was forgotten; a proposal is not made again after it was rejected.
  CREATE TABLE forgotten (id TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE rejected (text_hash TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;

  -- rowid is n; words come stemmed
  CREATE VIRTUAL TABLE item_words USING fts5 (words,
    content = '', contentless_delete = 1, tokenize = "unicode61 remove_diacritics 2");
  INSERT INTO item_words (item_words, rank) VALUES ('secure-delete', 1);
  CREATE VIRTUAL TABLE item_vocabulary USING fts5vocab (item_words, row);

  ${vectorTables}
  `,
];
