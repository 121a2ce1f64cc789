import { existsSync, statSync } from 'node:fs';
import { CopilotError } from '../../base/errors.ts';
import { openDatabase, type Database } from '../log/database.ts';
import { itemTable, type ItemTable } from './item-table.ts';
import { itemWords, type ItemWords } from './item-words.ts';
import { isDamage, memoryError } from './memory-error.ts';
import { memorySteps } from './schema.ts';

/**
 * Everything remembered, in SQLite. Nothing is ever thrown away because it looks odd: rows that cannot be read are
 * passed over, and stay.
 */
export interface MemoryBank {
  readonly path: string;
  readonly database: Database;
  readonly items: ItemTable;
  readonly words: ItemWords;
  /**
   * Does several changes or none. Other processes wait: what is looked up in it still holds when it is written.
   * @throws CopilotError `E_MEMORY`, exit 3
   */
  change<T>(work: () => T): T;
  /**
   * A change that takes texts away for good: no byte of them stays in the files. Another process that reads at this very
   * moment may keep them in the write-ahead log until the next one.
   */
  forget<T>(work: () => T): T;
  /** A change that may as well not be made: it waits only a moment, and is given up for good where that is in vain. */
  note(work: () => void): void;
  /** Says in our words what the database refuses. @throws CopilotError `E_MEMORY`, exit 3 */
  reading<T>(work: () => T): T;
  /** Another text whenever anybody changed anything. */
  state(): string;
  isForgotten(id: string): boolean;
  unforget(id: string): void;
  /** What the user did not want to have remembered, by the hash of its text. */
  isRejected(textHash: string): boolean;
  setRejected(textHash: string, at: number | null): void;
  /** Two items say different things. */
  link(one: number, other: number, why: string): void;
  unlink(n: number): void;
  links(n: number): { n: number; why: string }[];
  /** Items without a vector in a space. */
  withoutVector(space: string, limit: number): { id: number; text: string }[];
  countWithoutVector(space: string): number;
  /** What SQLite itself finds wrong; empty when nothing is. */
  integrity(): string[];
  sizeBytes(): number;
  close(): void;
}

/** How long another process's transaction is waited for. */
const waitMs = 5000;
const noteWaitMs = 500;

const open = (path: string): Database => {
  try {
    const database = openDatabase(path, waitMs, memorySteps);
    // What is forgotten is overwritten, not only unlinked.
    database.prepare('PRAGMA secure_delete = ON').get();
    return database;
  } catch (error) {
    throw memoryError(path, `The memory ${path} cannot be opened`, error);
  }
};

const lacking = `FROM items i WHERE NOT EXISTS (SELECT 1 FROM vector_spaces s
  JOIN vectors v ON v.key = s.id * 4294967296 + i.n WHERE s.name = ? AND v.data IS NOT NULL)`;

/**
 * Opens (and makes) the bank.
 * @param wordsOf what a text is found by, stemmed.
 * @throws CopilotError `E_MEMORY`, exit 3, when it is damaged; it is never replaced.
 */
export const memoryBank = (path: string, wordsOf: (text: string) => string[]): MemoryBank => {
  const database = open(path);
  let changes = 0;
  const guarded = <T>(what: string, work: () => T): T => {
    try {
      return work();
    } catch (error) {
      const isSqlite = error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_');
      throw error instanceof CopilotError || !isSqlite ? error : memoryError(path, what, error);
    }
  };
  const one = (sql: string, ...bound: unknown[]): Readonly<Record<string, unknown>> | undefined =>
    database.prepare<unknown[], Record<string, unknown>>(sql).get(...bound);
  const words = itemWords(database, wordsOf);
  const change = <T>(work: () => T): T => {
    changes += 1;
    return guarded('The memory cannot be written', () => database.transaction(work).immediate());
  };
  let isHeld = false;
  return {
    path,
    database,
    words,
    items: itemTable(database, words),
    change,
    forget: (work) => {
      const result = change(() => {
        const done = work();
        words.scrub();
        return done;
      });
      guarded('The memory cannot be written', () => database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get());
      return result;
    },
    note: (work) => {
      if (isHeld) return;
      database.prepare(`PRAGMA busy_timeout = ${noteWaitMs}`).get();
      try {
        change(work);
      } catch (error) {
        if (!(error instanceof CopilotError)) throw error;
        isHeld = true;
      } finally {
        database.prepare(`PRAGMA busy_timeout = ${waitMs}`).get();
      }
    },
    reading: (work) => guarded('The memory cannot be read', work),
    state: () => `${changes} ${Number(one('PRAGMA data_version')?.data_version)}`,
    isForgotten: (id) => one('SELECT 1 FROM forgotten WHERE id = ?', id) !== undefined,
    unforget: (id) => void database.prepare('DELETE FROM forgotten WHERE id = ?').run(id),
    isRejected: (hash) => one('SELECT 1 FROM rejected WHERE text_hash = ?', hash) !== undefined,
    setRejected: (hash, at) => {
      if (at === null) database.prepare('DELETE FROM rejected WHERE text_hash = ?').run(hash);
      else database.prepare('INSERT OR REPLACE INTO rejected VALUES (?, ?)').run(hash, at);
    },
    link: (a, b, why) => {
      const add = database.prepare('INSERT OR REPLACE INTO contradictions VALUES (?, ?, ?)');
      add.run(a, b, why);
      add.run(b, a, why);
    },
    unlink: (n) => void database.prepare('DELETE FROM contradictions WHERE one = ? OR other = ?').run(n, n),
    links: (n) =>
      database
        .prepare<[number], { n: number; why: string }>('SELECT other AS n, why FROM contradictions WHERE one = ?')
        .all(n),
    withoutVector: (space, limit) =>
      database
        .prepare<[string, number], { id: number; text: string }>(
          `SELECT i.n AS id, i.text ${lacking} ORDER BY i.n LIMIT ?`,
        )
        .all(space, limit),
    countWithoutVector: (space) => Number(one(`SELECT count(*) AS n ${lacking}`, space)?.n ?? 0),
    integrity: () => {
      try {
        const found = database.prepare<[], { integrity_check: string }>('PRAGMA integrity_check(20)').all();
        return found.map((row) => row.integrity_check).filter((line) => line !== 'ok');
      } catch (error) {
        if (!isDamage(error)) throw error;
        return [error instanceof Error ? error.message : String(error)];
      }
    },
    sizeBytes: () => [path, `${path}-wal`].reduce((sum, file) => sum + (existsSync(file) ? statSync(file).size : 0), 0),
    close: () => database.close(),
  };
};
