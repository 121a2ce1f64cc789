// What test/bench/retrieval.ts compares with: whole-file BM25.
import { rawDatabase } from '../support/raw-database.ts';

/** Files by BM25 as SQLite's FTS5 has it: porter stems, the path four times the weight of the text, any word of the query. */
export const wholeFileBm25 = (files: Iterable<{ path: string; text: string }>): ((query: string) => string[]) => {
  const database = rawDatabase(':memory:');
  database.exec('CREATE VIRTUAL TABLE files USING fts5 (path, body, tokenize = "porter unicode61")');
  const add = database.prepare('INSERT INTO files (path, body) VALUES (?, ?)');
  database.transaction(() => {
    for (const { path, text } of files) add.run(path, text);
  })();
  const find = database.prepare<[string], { path: string }>(
    'SELECT path FROM files WHERE files MATCH ? ORDER BY bm25(files, 4.0, 1.0), rowid LIMIT 1000',
  );
  return (query) => {
    const words = new Set(query.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []);
    if (words.size === 0) return [];
    return find.all([...words].map((word) => `"${word}"`).join(' OR ')).map(({ path }) => path);
  };
};
