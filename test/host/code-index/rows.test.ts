import { describe, expect, it } from 'vitest';
import type { ParsedFile } from '../../../src/core/parsed-file.ts';
import { codeRows } from '../../../src/host/code-index/rows.ts';
import { codeIndexSteps } from '../../../src/host/code-index/schema.ts';
import { openDatabase, type Database } from '../../../src/host/log/database.ts';

const file = {
  path: 'src/parseArgs.ts',
  hash: new Uint8Array(20),
  size: 10,
  mtimeMs: 1.5,
  lines: 4,
  kind: 'code' as const,
};
const parsed = (word: string): ParsedFile => ({
  language: 'typescript',
  kind: 'code',
  chunks: [
    { startLine: 1, endLine: 2, symbol: 'Reader.readAll', kind: 'method', text: `readAll() {\n  ${word}(); }` },
    { startLine: 2, endLine: 4, text: `  ${word}(); }\n\nlast` },
  ],
  imports: ['./a.ts', './a.ts'],
  definitions: [{ name: 'readAll', line: 1 }],
  references: new Map([['needle', 2]]),
});

const tables = ['files', 'chunks', 'definitions', 'uses', 'imports', 'file_words', 'chunk_words', 'file_names'];
const open = (): Database => openDatabase(':memory:', 1000, codeIndexSteps);
const count = (database: Database, table: string): number =>
  database.prepare<[], { n: number }>(`SELECT count(*) AS n FROM ${table}`).get()?.n ?? NaN;
const hits = (database: Database, table: string, words: string): number =>
  database.prepare(`SELECT rowid FROM ${table} WHERE ${table} MATCH ?`).all(words).length;

describe('rows of a file', () => {
  it('are found by words of its text, of its path, and by parts of identifiers', () => {
    const database = open();
    const ids = codeRows(database).put(file, parsed('openSocket'));
    expect(ids).toHaveLength(2);
    expect(hits(database, 'chunk_words', 'socket')).toBe(2);
    expect(hits(database, 'chunk_words', 'symbol: reader')).toBe(1);
    expect(hits(database, 'file_words', 'path: args')).toBe(1);
    expect(hits(database, 'file_words', 'symbols: readall')).toBe(1);
    expect(hits(database, 'file_words', 'body: "open socket" AND last')).toBe(1);
    expect(hits(database, 'file_names', '"eadAl"')).toBe(1);
    expect(count(database, 'imports')).toBe(1);
  });

  it('count a line two chunks share once', () => {
    const database = open();
    codeRows(database).put(file, parsed('twice'));
    expect(hits(database, 'file_words', 'body: "twice twice"')).toBe(0);
    expect(hits(database, 'file_words', 'body: "readall read all twice last"')).toBe(1);
  });

  it('are replaced as a whole, and leave nothing when they go', () => {
    const database = open();
    const rows = codeRows(database);
    const before = rows.put(file, parsed('before'));
    expect(rows.remove(file.path)).toEqual(before);
    const after = rows.put(file, parsed('after'));
    rows.put(file, parsed('again'));
    expect(hits(database, 'file_words', 'before OR after')).toBe(0);
    expect(hits(database, 'chunk_words', 'again')).toBe(2);
    expect(count(database, 'files')).toBe(1);
    expect(rows.remove(file.path)).toHaveLength(after.length);
    expect(tables.map((table) => count(database, table))).toEqual(tables.map(() => 0));
    expect(rows.remove('never/there.ts')).toEqual([]);
  });

  it('say why a file is not searched, and when it was last seen', () => {
    const database = open();
    const rows = codeRows(database);
    rows.put(file, parsed('word'));
    rows.skip(file, 'binary');
    rows.touch(file.path, 20, 2.5);
    expect(database.prepare('SELECT skipped, size, mtime_ms FROM files').all()).toEqual([
      { skipped: 'binary', size: 20, mtime_ms: 2.5 },
    ]);
    expect(count(database, 'chunks') + hits(database, 'file_words', 'word')).toBe(0);
  });
});
