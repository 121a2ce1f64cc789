import Sqlite from 'better-sqlite3';
import type { VectorIndex } from '../../core/vector-index.ts';
import { byNearness } from './best-neighbours.ts';
import { readIndexFile, writeIndexFile } from './index-file.ts';
import { checkId, isZero, normalised } from './vector-data.ts';

/** What is asked of the package. */
export interface SqliteVecLibrary {
  getLoadablePath(): string;
}

/** Loads the package. @throws Error when it is not there for this machine. */
export const loadSqliteVec = async (): Promise<SqliteVecLibrary> => import('sqlite-vec');

// Nothing of better-sqlite3 is ever collected: see host/log/database.ts.
const kept: unknown[] = [];
/** More is not answered by its search, only by comparing with all (sqlite-vec 0.1.9, tried 2026-11-27). */
const mostNeighbours = 4096;

interface Found {
  id: number;
  distance: number;
}

const indexIn = (raw: Sqlite.Database, library: SqliteVecLibrary, dimensions: number): VectorIndex => {
  kept.push(raw);
  raw.loadExtension(library.getLoadablePath());
  raw.exec(
    `CREATE VIRTUAL TABLE IF NOT EXISTS vectors USING vec0 (id INTEGER PRIMARY KEY, v float[${dimensions}] distance_metric=cosine)`,
  );
  const statement = <Parameters extends unknown[], Row>(sql: string): Sqlite.Statement<Parameters, Row> => {
    const prepared = raw.prepare<Parameters, Row>(sql);
    kept.push(prepared);
    return prepared;
  };
  const count = statement<[], { n: number }>('SELECT count(*) AS n FROM vectors');
  const insert = statement<[bigint, Uint8Array], never>('INSERT INTO vectors (id, v) VALUES (?, ?)');
  const remove = statement<[bigint], never>('DELETE FROM vectors WHERE id = ?');
  const search = statement<[Uint8Array, number], Found>('SELECT id, distance FROM vectors WHERE v MATCH ? AND k = ?');
  const searchAmong = statement<[Uint8Array, number, string], Found>(
    'SELECT id, distance FROM vectors WHERE v MATCH ? AND k = ? AND id IN (SELECT value FROM json_each(?))',
  );
  const compare = statement<[Uint8Array, number], Found>(
    'SELECT id, vec_distance_cosine(v, ?) AS distance FROM vectors ORDER BY distance LIMIT ?',
  );
  let size = count.get()?.n ?? 0;
  let open = true;
  const bytes = (unit: Float32Array): Uint8Array => new Uint8Array(unit.buffer, unit.byteOffset, unit.byteLength);
  const change = raw.transaction((list: readonly { id: number; unit: Float32Array | null }[]) => {
    for (const { id, unit } of list) {
      remove.run(BigInt(id));
      if (unit && !isZero(unit)) insert.run(BigInt(id), bytes(unit));
    }
  });
  return {
    kind: 'sqlite-vec',
    dimensions,
    size: () => size,
    apply: async (changes) => {
      const checked = changes.map(({ id, vector }) => {
        checkId(id);
        return { id, unit: vector && normalised(vector, dimensions) };
      });
      change(checked);
      size = count.get()?.n ?? 0;
    },
    nearest: async (vector, { limit, among }) => {
      const unit = normalised(vector, dimensions);
      const most = Math.min(limit, among?.size ?? Infinity, size);
      if (isZero(unit) || !(most > 0)) return [];
      const found =
        most > mostNeighbours
          ? compare.all(bytes(unit), among ? size : most).filter(({ id }) => among?.has(id) ?? true)
          : among
            ? searchAmong.all(bytes(unit), most, JSON.stringify([...among]))
            : search.all(bytes(unit), most);
      return found
        .map(({ id, distance }) => ({ id, similarity: Math.max(-1, Math.min(1, 1 - distance)) }))
        .sort(byNearness)
        .slice(0, most);
    },
    save: (path, note) =>
      writeIndexFile(path, { kind: 'sqlite-vec', dimensions, note, facts: {}, extra: raw.serialize() }),
    close: async () => {
      if (open) raw.close();
      open = false;
      size = 0;
    },
  };
};

/** An exact index of sqlite-vec in a database of its own in memory. @throws Error when the extension does not load. */
export const sqliteVecIndex = (library: SqliteVecLibrary, dimensions: number): VectorIndex =>
  indexIn(new Sqlite(':memory:'), library, dimensions);

/** Reads one that was saved; undefined when there is none. @throws Error when it is damaged or of another kind. */
export const loadSqliteVecIndex = async (
  library: SqliteVecLibrary,
  path: string,
  dimensions: number,
): Promise<{ index: VectorIndex; note: string } | undefined> => {
  const file = await readIndexFile(path, 'sqlite-vec', dimensions);
  if (!file) return undefined;
  return { index: indexIn(new Sqlite(Buffer.from(file.extra)), library, dimensions), note: file.note };
};
