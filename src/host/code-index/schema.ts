import { vectorTables } from '../vectors/vector-tables.ts';

/**
 * Steps of the schema of a repository's index (`PRAGMA user_version` counts them). All of it can be made again from the
 * repository. Texts are not kept, only their words: what is shown is read from the file.
 */
export const codeIndexSteps: readonly string[] = [
  `
  CREATE TABLE facts (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

  CREATE TABLE files (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,             -- relative to the root, with /
    hash BLOB NOT NULL,                    -- of the content, SHA-1 as git makes it of a blob
    size INTEGER NOT NULL,
    mtime_ms REAL NOT NULL,
    language TEXT,
    kind TEXT NOT NULL,                    -- code, doc
    skipped TEXT,                          -- why it is not searched; null when it is
    lines INTEGER NOT NULL
  );

  CREATE TABLE chunks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice: a vector that comes late meets no other text
    file INTEGER NOT NULL,
    start_line INTEGER NOT NULL,
    end_line INTEGER NOT NULL,
    symbol TEXT,
    kind TEXT,
    signature TEXT,
    doc TEXT
  );
  CREATE INDEX chunks_file ON chunks (file);

  CREATE TABLE definitions (file INTEGER NOT NULL, name TEXT NOT NULL, line INTEGER NOT NULL);
  CREATE INDEX definitions_file ON definitions (file);
  CREATE INDEX definitions_name ON definitions (name COLLATE NOCASE);
  CREATE TABLE uses (file INTEGER NOT NULL, name TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (file, name)) WITHOUT ROWID;
  CREATE TABLE imports (file INTEGER NOT NULL, target TEXT NOT NULL, PRIMARY KEY (file, target)) WITHOUT ROWID;

  -- rowid is the file's, or the chunk's, id
  CREATE VIRTUAL TABLE file_words USING fts5 (path, symbols, body,
    content = '', contentless_delete = 1, tokenize = "porter unicode61 remove_diacritics 2");
  CREATE VIRTUAL TABLE chunk_words USING fts5 (symbol, body,
    content = '', contentless_delete = 1, tokenize = "porter unicode61 remove_diacritics 2");
  CREATE VIRTUAL TABLE file_names USING fts5 (names,
    content = '', contentless_delete = 1, tokenize = "trigram");

  CREATE TABLE commits (
    id INTEGER PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    at INTEGER NOT NULL,                   -- author's time, seconds since the epoch
    subject TEXT NOT NULL
  );
  CREATE VIRTUAL TABLE commit_words USING fts5 (message,
    content = '', contentless_delete = 1, tokenize = "porter unicode61 remove_diacritics 2");
  CREATE TABLE commit_files (commit_id INTEGER NOT NULL, path TEXT NOT NULL, PRIMARY KEY (commit_id, path)) WITHOUT ROWID;
  CREATE INDEX commit_files_path ON commit_files (path);

  ${vectorTables}
  `,
];
