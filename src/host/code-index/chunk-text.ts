import type { Database } from '../log/database.ts';
import { idLimit } from '../vectors/vector-data.ts';
import { linesOf } from './chunk-lines.ts';
import { decode } from './file-kind.ts';
import { readPath } from './parse-path.ts';

/** Where a chunk stands, and what is known of it. */
export interface ChunkPlace {
  id: number;
  path: string;
  startLine: number;
  endLine: number;
  symbol: string | null;
}

const place = `SELECT chunks.id AS id, files.path AS path, start_line AS startLine, end_line AS endLine, symbol
  FROM chunks JOIN files ON files.id = chunks.file`;
const lacking = `NOT EXISTS (SELECT 1 FROM vectors WHERE key = (SELECT id FROM vector_spaces WHERE name = ?) * ${idLimit} + chunks.id
  AND data IS NOT NULL)`;

/** The next chunks from an id on that have no vector in a space, in the order they were written. */
export const chunksWithoutVector = (database: Database, space: string, from: number, limit: number): ChunkPlace[] =>
  database
    .prepare<[number, string, number], ChunkPlace>(
      `${place} WHERE chunks.id >= ? AND ${lacking} ORDER BY chunks.id LIMIT ?`,
    )
    .all(from, space, limit);

/** Chunks there are. */
export const countChunks = (database: Database): number =>
  database.prepare<[], { n: number }>('SELECT count(*) AS n FROM chunks').get()?.n ?? 0;

/** How many have no vector in a space. */
export const countWithoutVector = (database: Database, space: string): number => {
  const { live } = database
    .prepare<[string], { live: number }>('SELECT live FROM vector_spaces WHERE name = ?')
    .get(space) ?? { live: 0 };
  // Vectors go with their chunks, so that it need not be looked for each.
  return countChunks(database) - live;
};

/** About so many chunks, spread evenly. */
export const sampleOfChunks = (database: Database, count: number): ChunkPlace[] => {
  const step = Math.max(1, Math.floor(countChunks(database) / count));
  return database.prepare<[number], ChunkPlace>(`${place} WHERE chunks.id % ? = 0 ORDER BY chunks.id`).all(step);
};

/** Reads lines of a repository's files, each file once. Undefined when the file or these lines are not there any more. */
export const lineReader = (
  root: string,
): ((path: string, startLine: number, endLine: number) => string | undefined) => {
  let last: { path: string; lines: string[] | undefined } | undefined;
  const read = (path: string): string[] | undefined => {
    try {
      const found = readPath(root, path);
      const text = 'bytes' in found ? decode(found.bytes) : undefined;
      return text === undefined ? undefined : linesOf(text);
    } catch {
      return undefined;
    }
  };
  return (path, startLine, endLine) => {
    if (last?.path !== path) last = { path, lines: read(path) };
    const { lines } = last;
    return lines && startLine <= lines.length ? lines.slice(startLine - 1, endLine).join('\n') : undefined;
  };
};
