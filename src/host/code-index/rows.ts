import { withIdentifierWords } from '../../base/identifiers.ts';
import type { SkipReason } from '../../core/code-index.ts';
import type { Chunk, ParsedFile } from '../../core/parsed-file.ts';
import type { Database } from '../log/database.ts';

/** What is known of a file besides its content. */
export interface FileRow {
  /** Relative to the root, with `/`. */
  path: string;
  /** Of the content: SHA-1 as git makes it of a blob. */
  hash: Uint8Array;
  size: number;
  mtimeMs: number;
}

/** Writes and reads the rows of one file; all of it for the caller's transaction. */
export interface CodeRows {
  /** Replaces what is known of the file. @returns the ids of its chunks, in their order. */
  put(file: FileRow & { lines: number; kind: 'code' | 'doc' }, parsed: ParsedFile): number[];
  /** The file is known but not searched. What was known of its content must have been removed before. */
  skip(file: FileRow, why: SkipReason): void;
  /** Its content is the same, its date is not. */
  touch(path: string, size: number, mtimeMs: number): void;
  /** @returns the ids of the chunks that went. */
  remove(path: string): number[];
}

/** The lines of a file, put together from its chunks; a line two chunks share comes once. */
const bodyOf = (chunks: readonly Chunk[]): string => {
  const lines: string[] = [];
  for (const { startLine, text } of chunks)
    for (const [offset, line] of text.split('\n').entries()) lines[startLine + offset] = line;
  return lines.filter((line) => line !== '').join('\n');
};

/** Words of a path: as it is written, and its identifiers taken apart. */
const wordsOf = (path: string): string => withIdentifierWords(path.replaceAll(/[^\p{L}\p{N}]+/gu, ' '));

/** Statements over the tables of `schema.ts`. */
export const codeRows = (database: Database): CodeRows => {
  const fileId = database.prepare<[string], { id: number }>('SELECT id FROM files WHERE path = ?');
  const addFile = database.prepare(
    'INSERT INTO files (path, hash, size, mtime_ms, language, kind, skipped, lines) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const addChunk = database.prepare(
    'INSERT INTO chunks (file, start_line, end_line, symbol, kind, signature, doc) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const addDefinition = database.prepare('INSERT INTO definitions (file, name, line) VALUES (?, ?, ?)');
  const addUse = database.prepare('INSERT OR IGNORE INTO uses (file, name, count) VALUES (?, ?, ?)');
  const addImport = database.prepare('INSERT OR IGNORE INTO imports (file, target) VALUES (?, ?)');
  const addFileWords = database.prepare('INSERT INTO file_words (rowid, path, symbols, body) VALUES (?, ?, ?, ?)');
  const addChunkWords = database.prepare('INSERT INTO chunk_words (rowid, symbol, body) VALUES (?, ?, ?)');
  const addNames = database.prepare('INSERT INTO file_names (rowid, names) VALUES (?, ?)');
  const touched = database.prepare('UPDATE files SET size = ?, mtime_ms = ? WHERE path = ?');
  const chunkIds = database.prepare<[number], { id: number }>('SELECT id FROM chunks WHERE file = ? ORDER BY id');
  const dropChunkWords = database.prepare('DELETE FROM chunk_words WHERE rowid = ?');
  const dropRows = [
    database.prepare('DELETE FROM file_words WHERE rowid = ?'),
    database.prepare('DELETE FROM file_names WHERE rowid = ?'),
    ...['chunks', 'definitions', 'uses', 'imports'].map((table) =>
      database.prepare(`DELETE FROM ${table} WHERE file = ?`),
    ),
    database.prepare('DELETE FROM files WHERE id = ?'),
  ];

  const remove = (path: string): number[] => {
    const id = fileId.get(path)?.id;
    if (id === undefined) return [];
    const chunks = chunkIds.all(id).map((row) => row.id);
    for (const chunk of chunks) dropChunkWords.run(chunk);
    for (const statement of dropRows) statement.run(id);
    return chunks;
  };

  const put: CodeRows['put'] = ({ path, hash, size, mtimeMs, lines, kind }, parsed) => {
    remove(path);
    const added = addFile.run(path, hash, size, mtimeMs, parsed.language ?? null, kind, null, lines);
    const file = Number(added.lastInsertRowid);
    const symbols = new Set(parsed.definitions.map(({ name }) => name));
    for (const { name, line } of parsed.definitions) addDefinition.run(file, name, line);
    for (const [name, count] of parsed.references) addUse.run(file, name, count);
    for (const target of parsed.imports) addImport.run(file, target);
    addFileWords.run(
      file,
      wordsOf(path),
      withIdentifierWords([...symbols].join(' ')),
      withIdentifierWords(bodyOf(parsed.chunks)),
    );
    addNames.run(file, [path, ...symbols].join('\n'));
    return parsed.chunks.map(({ startLine, endLine, symbol, kind: what, signature, doc, text }) => {
      const row = addChunk.run(
        file,
        ...[startLine, endLine, symbol ?? null, what ?? null, signature ?? null, doc ?? null],
      );
      const id = Number(row.lastInsertRowid);
      addChunkWords.run(id, withIdentifierWords(symbol ?? ''), withIdentifierWords(text));
      return id;
    });
  };

  return {
    put,
    remove,
    skip: ({ path, hash, size, mtimeMs }, why) => {
      remove(path);
      addFile.run(path, hash, size, mtimeMs, null, 'code', why, 0);
    },
    touch: (path, size, mtimeMs) => {
      touched.run(size, mtimeMs, path);
    },
  };
};
