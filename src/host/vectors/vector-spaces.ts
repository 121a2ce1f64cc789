import type { Database } from '../log/database.ts';
import { idLimit } from './vector-data.ts';
import { spaceRow } from './vector-rows.ts';

/** The spaces of a database with how many vectors each holds. */
export const vectorSpaces = (database: Database): { name: string; dimensions: number; vectors: number }[] =>
  database
    .prepare<[], { name: string; dimensions: number; vectors: number }>(
      'SELECT name, dimensions, live AS vectors FROM vector_spaces ORDER BY name',
    )
    .all();

/** Deletes a space with all its vectors; whoever has it open finds it empty. */
export const dropVectorSpace = (database: Database, name: string): void => {
  database
    .transaction(() => {
      const space = spaceRow(database, name);
      if (!space) return;
      database
        .prepare<[number, number]>('DELETE FROM vectors WHERE key >= ? AND key < ?')
        .run(space.id * idLimit, (space.id + 1) * idLimit);
      database.prepare<[number]>('DELETE FROM vector_saves WHERE space = ?').run(space.id);
      database.prepare<[number]>('DELETE FROM vector_spaces WHERE id = ?').run(space.id);
    })
    .immediate();
};
