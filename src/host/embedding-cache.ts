import { rmSync } from 'node:fs';
import { isCopilotError } from '../base/errors.ts';
import { openDatabase, type Database } from './log/database.ts';

/** Vectors by the hash of what they were made of. Whatever goes wrong with the file, it is an empty cache at worst. */
export interface EmbeddingCacheFile {
  /** One entry per key (hex), in their order. */
  get(keys: readonly string[]): (Float32Array | undefined)[];
  put(entries: readonly { key: string; vector: ArrayLike<number> }[]): void;
  /** Rows, and bytes in use. */
  size(): { vectors: number; bytes: number };
  close(): void;
}

const schema = `
  CREATE TABLE embeddings (
    key BLOB PRIMARY KEY,
    vector BLOB NOT NULL,     -- 32-bit floats, little-endian
    used_at INTEGER NOT NULL  -- ms since the epoch; to a day
  );
  CREATE INDEX embeddings_used ON embeddings (used_at);
`;

const dayMs = 86_400_000;
/** A cache that is waited for is none. */
const waitMs = 500;
/** So much of it goes at once when it is full. */
const evictedShare = 8;
const damage: ReadonlySet<unknown> = new Set(['SQLITE_CORRUPT', 'SQLITE_NOTADB', 'SQLITE_SCHEMA', 'SQLITE_FORMAT']);

const isDamage = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  if (isCopilotError(error)) return isDamage(error.cause);
  if (!('code' in error)) return false;
  const code = String(error.code);
  // Such as SQLITE_CORRUPT_INDEX; an ordinary SQLITE_ERROR is a table that is not as we made it.
  return [...damage].some((one) => code.startsWith(String(one))) || code === 'SQLITE_ERROR';
};

const floatsIn = (bytes: Buffer): Float32Array | undefined =>
  bytes.length > 0 && bytes.length % 4 === 0
    ? new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
    : undefined;

/**
 * A cache of vectors in a file of its own, which several processes may share. A damaged file is made anew, one that cannot
 * be written is done without; neither is said, for nothing is lost but time.
 * @param maxBytes what was not used for longest goes when it is larger; 512 MiB when left out.
 */
export const embeddingCache = (
  path: string,
  { maxBytes = 512 * 2 ** 20, now = Date.now }: { maxBytes?: number; now?: () => number } = {},
): EmbeddingCacheFile => {
  let database: Database | undefined;
  let isOff = false;

  const open = (): Database => (database ??= openDatabase(path, waitMs, [schema]));
  const forget = (): void => {
    try {
      database?.close();
    } catch {
      // It is thrown away.
    }
    database = undefined;
    for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true });
  };
  /** Undefined when it cannot be done; a damaged file is made anew and tried once more. */
  const attempt = <T>(work: (database: Database) => T): T | undefined => {
    if (isOff) return undefined;
    try {
      return work(open());
    } catch (error) {
      try {
        if (!isDamage(error)) throw error;
        forget();
        return work(open());
      } catch (second) {
        // Somebody else's lock passes; a file that cannot be opened or written stays so.
        isOff = database === undefined || isDamage(second);
        return undefined;
      }
    }
  };

  const bytesIn = (from: Database): number => {
    const number = (name: string): number =>
      Object.values(from.prepare<[], Record<string, number>>(`PRAGMA ${name}`).get() ?? {})[0] ?? 0;
    return (number('page_count') - number('freelist_count')) * number('page_size');
  };
  const countIn = (from: Database): number =>
    from.prepare<[], { n: number }>('SELECT count(*) AS n FROM embeddings').get()?.n ?? 0;
  const evict = (from: Database): void => {
    while (bytesIn(from) > maxBytes) {
      const gone = Math.ceil(countIn(from) / evictedShare);
      if (gone === 0) return;
      from
        .prepare('DELETE FROM embeddings WHERE key IN (SELECT key FROM embeddings ORDER BY used_at, rowid LIMIT ?)')
        .run(gone);
    }
  };

  return {
    get: (keys) =>
      attempt((from) => {
        const at = now();
        const find = from.prepare<[Buffer], { vector: Buffer; used_at: number }>(
          'SELECT vector, used_at FROM embeddings WHERE key = ?',
        );
        const old: Buffer[] = [];
        const found = keys.map((key) => {
          const bytes = Buffer.from(key, 'hex');
          const row = find.get(bytes);
          if (!row) return undefined;
          if (Math.abs(at - row.used_at) > dayMs) old.push(bytes);
          return floatsIn(row.vector);
        });
        if (old.length > 0) {
          const touch = from.prepare('UPDATE embeddings SET used_at = ? WHERE key = ?');
          // What was found is found, whether or not that can be noted.
          attempt(() => from.transaction(() => old.forEach((key) => touch.run(at, key))).immediate());
        }
        return found;
      }) ?? keys.map(() => undefined),
    put: (entries) => {
      if (entries.length === 0) return;
      attempt((into) => {
        const at = now();
        const write = into.prepare('INSERT OR REPLACE INTO embeddings (key, vector, used_at) VALUES (?, ?, ?)');
        into
          .transaction(() => {
            for (const { key, vector } of entries)
              write.run(Buffer.from(key, 'hex'), Buffer.from(Float32Array.from(vector).buffer), at);
            evict(into);
          })
          .immediate();
      });
    },
    size: () => attempt((from) => ({ vectors: countIn(from), bytes: bytesIn(from) })) ?? { vectors: 0, bytes: 0 },
    close: () => {
      try {
        database?.close();
      } catch {
        // Nothing is lost.
      }
      database = undefined;
      isOff = true;
    },
  };
};
