import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openDatabase, type Database } from '../log/database.ts';
import { explained, isDamage, isOpenable } from './index-errors.ts';
import { codeIndexSteps } from './schema.ts';

/** Counts up when the same file gives other rows than before: indexes of another version are made anew. */
const contentsVersion = 2;

const madeBy = `${contentsVersion} ${createHash('sha1').update(codeIndexSteps.join('\n')).digest('hex')}`;

/** A repository's index on disk. All of it can be made again, so what is damaged is thrown away. */
export interface CodeStore {
  /** The repository. */
  readonly root: string;
  /** The database's file. */
  readonly path: string;
  /** For cache files of vectors; goes when the database goes. */
  readonly vectorFolder: string;
  /** The open database: another object once it was made anew, here or by another process. */
  database(): Database;
  /** Does something with the database. When that meets damage, it is made anew (empty) and the work is done once more. @throws CopilotError `E_INDEX` */
  mending<T>(work: () => T | Promise<T>): Promise<T>;
  /** Another text once anything in the database changed, whoever did it. */
  stamp(): string;
  fact(key: string): string | undefined;
  setFact(key: string, value: string): void;
  /** What happened to it, each once. */
  notices(): string[];
  close(): void;
}

const identityOf = (path: string): string | undefined => {
  const stats = statSync(path, { throwIfNoEntry: false, bigint: true });
  return stats && `${stats.dev}:${stats.ino}`;
};

const sleep = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

/** Holding it takes milliseconds: who has it for longer was killed. */
const staleMs = 5000;

/** Does something while no other process does the same. */
const alone = (path: string, work: () => void): void => {
  const lock = `${path}.lock`;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  for (;;) {
    try {
      closeSync(openSync(lock, 'wx', 0o600));
      break;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      const stats = statSync(lock, { throwIfNoEntry: false });
      if (stats && Math.abs(Date.now() - stats.mtimeMs) > staleMs) rmSync(lock, { force: true });
      else sleep(10);
    }
  }
  try {
    work();
  } finally {
    rmSync(lock, { force: true });
  }
};

const vectorFolderOf = (path: string): string => join(dirname(path), 'vectors');

const removeFiles = (path: string): void => {
  for (const ending of ['-wal', '-shm', '']) rmSync(path + ending, { force: true });
  // Another process may write there just now.
  rmSync(vectorFolderOf(path), { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
};

/**
 * Throws the index of a repository away. Whoever has it open notices, and goes on with the one that is made anew.
 * @throws CopilotError `E_INDEX`, exit 3
 */
export const removeCodeStore = (path: string): void => {
  try {
    alone(path, () => removeFiles(path));
  } catch (error) {
    throw explained(path, error);
  }
};

/**
 * Opens (and makes) the index of a repository. One that is damaged, or was made by another version, is deleted and made
 * anew; `notices` tells it.
 * @param options.waitMs how long another process's transaction is waited for.
 * @throws CopilotError `E_INDEX`, exit 3, when it cannot be kept.
 */
export const openCodeStore = (options: { path: string; root: string; waitMs?: number }): CodeStore => {
  const { path, root, waitMs = 5000 } = options;
  const vectorFolder = vectorFolderOf(path);
  const told: string[] = [];
  /** Made until now. A file that was made anew may have the number of the one that went, and as many changes. */
  let connections = 0;
  let open: { database: Database; identity: string | undefined };

  const factOf = (database: Database, key: string): string | undefined =>
    database.prepare<[string], { value: string }>('SELECT value FROM facts WHERE key = ?').get(key)?.value;

  const setFactOf = (database: Database, key: string, value: string): void =>
    void database.prepare('INSERT OR REPLACE INTO facts (key, value) VALUES (?, ?)').run(key, value);

  /** Deletes the files unless another process did: then what is there now is new. */
  const discard = (identity: string | undefined): void =>
    alone(path, () => {
      if (identityOf(path) === identity) removeFiles(path);
    });

  const connect = (): { database: Database; identity: string | undefined; isForeign: boolean } => {
    for (;;) {
      const before = identityOf(path);
      const database = openDatabase(path, waitMs, codeIndexSteps);
      const identity = identityOf(path);
      connections += 1;
      // It was made anew while it was being opened: this one belongs to nobody any more.
      if (before !== undefined && before !== identity) {
        database.close();
        continue;
      }
      const known = factOf(database, 'made by');
      if (known === undefined) {
        setFactOf(database, 'made by', madeBy);
        setFactOf(database, 'root', root);
      }
      return { database, identity, isForeign: known !== undefined && known !== madeBy };
    }
  };

  const renew = (identity: string | undefined, why: string): void => {
    discard(identity);
    told.push(`The index of code ${why}; it is made anew.`);
    open = connect();
  };

  const start = (): void => {
    const identity = identityOf(path);
    try {
      const found = connect();
      open = found;
      if (!found.isForeign) return;
      found.database.close();
    } catch (error) {
      if (!isOpenable(error)) throw error;
      renew(identity, isDamage(error) ? 'was damaged' : 'was made by another version');
      return;
    }
    renew(open.identity, 'was made by another version');
  };

  const explaining = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw explained(path, error);
    }
  };

  const reopenIfMoved = (): void => {
    if (identityOf(path) === open.identity) return;
    open.database.close();
    start();
  };

  explaining(start);
  return {
    root,
    path,
    vectorFolder,
    database: () => open.database,
    async mending(work) {
      explaining(reopenIfMoved);
      const { database, identity } = open;
      try {
        return await work();
      } catch (error) {
        if (!isDamage(error)) throw explained(path, error);
        // Work within this work may have made it anew already.
        if (open.database === database) {
          explaining(() => {
            database.close();
            renew(identity, 'was damaged');
          });
        }
      }
      try {
        return await work();
      } catch (error) {
        throw explained(path, error);
      }
    },
    stamp: () => {
      const { database } = open;
      const others = database.prepare<[], { data_version: number }>('PRAGMA data_version').get()?.data_version;
      const own = database.prepare<[], { n: number }>('SELECT total_changes() AS n').get()?.n;
      return `${connections} ${others} ${own}`;
    },
    fact: (key) => factOf(open.database, key),
    setFact: (key, value) => setFactOf(open.database, key, value),
    notices: () => told.splice(0),
    close: () => open.database.close(),
  };
};
