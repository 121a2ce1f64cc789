import type { Database } from '../log/database.ts';
import { bytesPerVector, checkId, idLimit, type VectorStorage } from './vector-data.ts';
import { spaceRow, type SpaceRow } from './vector-rows.ts';

/** What a space is made with, when it has none yet. */
export interface NewSpace {
  name: string;
  dimensions: number;
  storage: VectorStorage;
}

/** @throws RangeError when the vectors there are of another length. */
export const checkDimensions = (name: string, found: number, wanted: number): void => {
  if (found !== wanted)
    throw new RangeError(
      `The vectors of "${name}" have ${found} numbers, not ${wanted}: the space has to be dropped before it is filled again.`,
    );
};

/** Rows without data that no index will ask for again are deleted; which that may be, `forgotten` tells. */
const forget = (database: Database, space: SpaceRow): void => {
  if (space.gone < 1000 || space.gone < space.live / 2) return;
  const saved = database
    .prepare<[number], { rev: number | null }>('SELECT max(rev) AS rev FROM vector_saves WHERE space = ?')
    .get(space.id)?.rev;
  // An index that was saved once and never again must not keep all that ever went.
  const upTo = space.gone > space.live + 10_000 ? space.rev : (saved ?? space.rev);
  if (upTo <= space.forgotten) return;
  const { changes } = database
    .prepare<[number, number]>('DELETE FROM vectors WHERE space = ? AND rev <= ? AND data IS NULL')
    .run(space.id, upTo);
  database
    .prepare<[number, number, number]>('UPDATE vector_spaces SET gone = gone - ?, forgotten = ? WHERE id = ?')
    .run(changes, upTo, space.id);
};

/**
 * A function that writes the row of one vector, or null when it goes, within the transaction that is open; without one
 * in a transaction of its own. The space is looked up each time: another process may have dropped it, and the
 * transaction that made it may have been rolled back.
 */
export const vectorWriter = (
  database: Database,
  wanted: NewSpace,
): ((id: number, encode: ((storage: VectorStorage) => Buffer) | null) => void) => {
  const ensure = (): SpaceRow => {
    const found = spaceRow(database, wanted.name);
    if (found) {
      checkDimensions(wanted.name, found.dimensions, wanted.dimensions);
      return found;
    }
    database
      .prepare<[string, number, string]>('INSERT INTO vector_spaces (name, dimensions, storage) VALUES (?, ?, ?)')
      .run(wanted.name, wanted.dimensions, wanted.storage);
    return ensure();
  };
  const write = database.transaction((id: number, encode: ((storage: VectorStorage) => Buffer) | null): void => {
    const space = encode ? ensure() : spaceRow(database, wanted.name);
    if (!space) return;
    const key = space.id * idLimit + id;
    const before = database
      .prepare<[number], { live: number }>('SELECT data IS NOT NULL AS live FROM vectors WHERE key = ?')
      .get(key)?.live;
    if (!encode && before !== 1) return;
    const data = encode ? encode(space.storage) : null;
    if (data && data.length !== bytesPerVector(space.dimensions, space.storage))
      throw new RangeError(`The vector has ${data.length} bytes: too many or too few.`);
    const live = (data ? 1 : 0) - (before === 1 ? 1 : 0);
    const gone = (data ? 0 : 1) - (before === 0 ? 1 : 0);
    const rev = space.rev + 1;
    database
      .prepare<[number, number, number, number]>(
        'UPDATE vector_spaces SET rev = ?, live = live + ?, gone = gone + ? WHERE id = ?',
      )
      .run(rev, live, gone, space.id);
    database
      .prepare<[number, number, number, Buffer | null]>(
        `INSERT INTO vectors (key, space, rev, data) VALUES (?, ?, ?, ?)
         ON CONFLICT (key) DO UPDATE SET rev = excluded.rev, data = excluded.data`,
      )
      .run(key, space.id, rev, data);
    if (!data) forget(database, { ...space, rev, gone: space.gone + gone, live: space.live + live });
  });
  return (id, encode) => {
    checkId(id);
    write.immediate(id, encode);
  };
};
