import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite from 'better-sqlite3';
import { CopilotError, exitCodes, messageOf } from '../../base/errors.ts';
import { migrations } from './migrations.ts';

/** An open SQLite database. Statements are prepared once per text; rows are read whole or in pages, never iterated. */
export interface Database {
  prepare<Parameters extends unknown[] = unknown[], Row = unknown>(sql: string): Sqlite.Statement<Parameters, Row>;
  transaction: Sqlite.Database['transaction'];
  /** @throws Error when SQLite cannot load it. */
  loadExtension(path: string): void;
  close(): void;
}

// Node 24.19 and later abort the process when an object of better-sqlite3 12 is garbage-collected at the wrong moment
// (https://github.com/nodejs/node/issues/65446, read 2026-11-21). So none ever is: databases and statements are kept
// until the process ends. Texts of statements are fixed, so there are only a few; iterators, one per call, are not used.
const kept: unknown[] = [];

const keeping = (database: Sqlite.Database): Database => {
  const statements = new Map<string, unknown>();
  kept.push(database, statements);
  return {
    prepare: <Parameters extends unknown[], Row>(sql: string) => {
      const known = statements.get(sql);
      if (known !== undefined) return known as Sqlite.Statement<Parameters, Row>;
      const statement = database.prepare<Parameters, Row>(sql);
      statements.set(sql, statement);
      return statement;
    },
    transaction: (procedure) => database.transaction(procedure),
    loadExtension: (path) => {
      database.loadExtension(path);
    },
    close: () => database.close(),
  };
};

const unusable = (path: string, cause: unknown): CopilotError => {
  const abi = cause instanceof Error && 'code' in cause && cause.code === 'ERR_DLOPEN_FAILED';
  return new CopilotError(`The database ${path} cannot be opened: ${messageOf(cause).split('\n', 1)[0] ?? ''}`, {
    code: 'E_DATABASE',
    exitCode: exitCodes.config,
    hint: abi
      ? 'better-sqlite3 was built for another Node.js: run "npm rebuild better-sqlite3".'
      : 'Check that the data folder is writable and has room (llm-copilot doctor), or set LLM_COPILOT_DATA_DIR.',
    cause,
  });
};

/**
 * SQLite would make it readable by everybody; its other files take the mode of this one. One that is there is not opened:
 * closing it would let go of every lock this process has on it (https://www.sqlite.org/howtocorrupt.html, section 2.2).
 */
const makePrivate = (path: string): void => {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
};

/**
 * Opens (and makes) the database. WAL with synchronous=NORMAL: a killed process loses nothing that was acknowledged, a
 * power cut may lose the last transactions.
 * @param waitMs how long another process's transaction is waited for.
 * @param steps of the schema, in order; `PRAGMA user_version` counts those that were done.
 * @throws CopilotError `E_DATABASE`, exit 3.
 */
export const openDatabase = (path: string, waitMs = 5000, steps: readonly string[] = migrations): Database => {
  let raw: Sqlite.Database | undefined;
  try {
    // What lives in memory only has no file to make.
    if (path !== ':memory:') {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      makePrivate(path);
    }
    const opened = new Sqlite(path, { timeout: waitMs });
    raw = opened;
    const database = keeping(opened);
    opened.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    const version = (): number =>
      database.prepare<[], { user_version: number }>('PRAGMA user_version').get()?.user_version ?? 0;
    if (version() > steps.length)
      throw new Error(
        `it was written by a newer version of llm-copilot (schema ${version()}, this one knows ${steps.length})`,
      );
    if (version() < steps.length) {
      // Another process may have migrated while we waited for the lock: look again inside the transaction.
      opened
        .transaction(() => {
          for (const step of steps.slice(version())) opened.exec(step);
          opened.exec(`PRAGMA user_version = ${steps.length}`);
        })
        .immediate();
    }
    return database;
  } catch (error) {
    raw?.close();
    throw unusable(path, error);
  }
};
