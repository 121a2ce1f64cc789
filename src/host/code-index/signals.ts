import type { CandidateChunk, CandidateFile, Candidates, Question, Scored } from '../../core/retrieval.ts';
import type { Neighbour } from '../../core/vector-index.ts';
import type { Database } from '../log/database.ts';

/** What may be found, and who else knows something. */
export interface SignalOptions {
  /** Kinds of files; both when left out. */
  kinds?: readonly ('code' | 'doc')[];
  /** False for paths that must not be found. */
  accepts?: (path: string) => boolean;
  /** Chunks near to the query, by the ids of their rows; those in `found` have words of it. */
  nearest?: (limit: number, found: ReadonlySet<number>) => Promise<readonly Neighbour[]>;
}

/** Reads what each signal has to say out of an index. */
export interface Signals {
  candidates(question: Question, options?: SignalOptions): Promise<Candidates>;
  /** The chunk of each file that fits best; its first one where none does. */
  bestChunks(files: readonly number[], question: Question): Map<number, CandidateChunk>;
}

const fileLimit = 300;
const chunkLimit = 600;
const vectorLimit = 200;
const commitLimit = 200;
const definitionLimit = 50;

/** Any of the words, as full-text search wants to be asked; words hold letters and digits only, so that none is syntax. */
const anyOf = (words: readonly string[]): string =>
  words
    .map((word) => word.replaceAll('"', ''))
    .filter(Boolean)
    .map((word) => `"${word}"`)
    .join(' OR ');

/** The best by a full-text table, with what is to be known of them. */
const byWords = (table: string, weights: string, columns: string, joins: string): string =>
  `SELECT ${columns}, found.score AS score
   FROM (SELECT rowid AS id, -bm25(${table}, ${weights}) AS score FROM ${table} WHERE ${table} MATCH ?
         ORDER BY score DESC LIMIT ?) AS found ${joins}
   ORDER BY found.score DESC, found.id`;

const fileColumns = 'files.id AS file, files.path AS path, files.kind AS fileKind, files.lines AS lines';
const chunkColumns =
  'chunks.id AS id, chunks.start_line AS startLine, chunks.end_line AS endLine, chunks.symbol AS symbol';
const ofFile = 'JOIN files ON files.id = found.id';
const ofChunk = 'JOIN chunks ON chunks.id = found.id JOIN files ON files.id = chunks.file';

interface FileColumns {
  file: number;
  path: string;
  fileKind: 'code' | 'doc';
  lines: number;
}

interface ChunkColumns extends FileColumns {
  id: number;
  startLine: number;
  endLine: number;
  symbol: string | null;
}

type Row = FileColumns & Partial<ChunkColumns>;

/** Keeps the rows that may be found, and what they say of files and chunks. */
const gathering = ({ kinds, accepts = () => true }: SignalOptions) => {
  const files = new Map<number, CandidateFile>();
  const chunks = new Map<number, CandidateChunk>();
  const refused = new Set<number>();
  const take = ({ file, path, fileKind, lines, id, startLine, endLine, symbol }: Row): boolean => {
    if (refused.has(file)) return false;
    if (!files.has(file)) {
      if (!(kinds?.includes(fileKind) ?? true) || !accepts(path)) {
        refused.add(file);
        return false;
      }
      files.set(file, { id: file, path, kind: fileKind, lines });
    }
    if (id !== undefined && startLine !== undefined && endLine !== undefined)
      chunks.set(id, { id, file, startLine, endLine, ...(typeof symbol === 'string' && { symbol }) });
    return true;
  };
  return { files, chunks, take };
};

type Gathering = ReturnType<typeof gathering>;

/** Statements over the tables of `schema.ts`. */
export const codeSignals = (database: Database): Signals => {
  const words = (sql: string) => database.prepare<[string, number], Row & { score: number }>(sql);
  const fileWords = words(byWords('file_words', '4.0, 4.0, 1.0', fileColumns, ofFile));
  const pathWords = words(byWords('file_words', '1.0, 0.0, 0.0', fileColumns, ofFile));
  const trigrams = words(byWords('file_names', '1.0', fileColumns, ofFile));
  const chunkWords = words(byWords('chunk_words', '2.0, 1.0', `${fileColumns}, ${chunkColumns}`, ofChunk));
  const commitWords = database.prepare<[string, number], { id: number; hash: string; subject: string; score: number }>(
    byWords('commit_words', '1.0', 'commits.id AS id, hash, subject', 'JOIN commits ON commits.id = found.id'),
  );
  const touchedFiles = database.prepare<[number], FileColumns>(
    `SELECT ${fileColumns} FROM commit_files JOIN files ON files.path = commit_files.path WHERE commit_id = ? AND skipped IS NULL`,
  );
  const chunkRow = database.prepare<[number], ChunkColumns>(
    `SELECT ${fileColumns}, ${chunkColumns} FROM chunks JOIN files ON files.id = chunks.file WHERE chunks.id = ?`,
  );
  const definitionRows = database.prepare<[string, number], FileColumns & { line: number; name: string }>(
    `SELECT ${fileColumns}, line, name FROM definitions JOIN files ON files.id = definitions.file WHERE name = ? COLLATE NOCASE LIMIT ?`,
  );
  // The innermost one.
  const chunkAt = database.prepare<[number, number, number], { id: number }>(
    'SELECT id FROM chunks WHERE file = ? AND start_line <= ? AND end_line >= ? ORDER BY end_line - start_line LIMIT 1',
  );
  const namedFiles = database.prepare<[string, string, number], FileColumns>(
    `SELECT ${fileColumns} FROM files WHERE skipped IS NULL AND (path = ? COLLATE NOCASE OR path LIKE ? ESCAPE '\\') ORDER BY length(path) LIMIT ?`,
  );
  // Words first: the other way round, full-text search would be asked once for each chunk.
  const chunksIn = database.prepare<[string, string], ChunkColumns>(
    `SELECT ${fileColumns}, ${chunkColumns} FROM chunk_words CROSS JOIN chunks ON chunks.id = chunk_words.rowid
     CROSS JOIN files ON files.id = chunks.file
     WHERE chunk_words MATCH ? AND chunks.file IN (SELECT value FROM json_each(?)) ORDER BY bm25(chunk_words, 2.0, 1.0)`,
  );
  const firstChunk = database.prepare<[number], ChunkColumns>(
    `SELECT ${fileColumns}, ${chunkColumns} FROM chunks JOIN files ON files.id = chunks.file WHERE file = ? ORDER BY chunks.id LIMIT 1`,
  );

  /** The best that may be found; looks further where too many may not. */
  const best = (
    statement: { all(query: string, limit: number): (Row & { score: number })[] },
    query: string,
    limit: number,
    { take }: Gathering,
  ): Scored[] => {
    if (query === '') return [];
    for (let looked = limit; ; looked *= 20) {
      const rows = statement.all(query, looked);
      const fitting = rows.filter(take);
      if (rows.length < looked || fitting.length * 10 >= limit)
        return fitting.slice(0, limit).map(({ id, file, score }) => ({ id: id ?? file, score }));
    }
  };

  const takeChunk = (id: number, { take }: Gathering): boolean => {
    const row = chunkRow.get(id);
    return row !== undefined && take(row);
  };

  const definitionsOf = ({ names, qualified }: Question, gathered: Gathering): Candidates['definitions'] =>
    names
      .flatMap((asked) =>
        // Which of many is meant, its parent tells.
        definitionRows
          .all(asked, qualified.length > 0 ? 20 * definitionLimit : definitionLimit)
          .map((row) => ({ ...row, exact: row.name === asked })),
      )
      .filter((row) => gathered.take(row))
      .map(({ file, line, exact }) => {
        const chunk = chunkAt.get(file, line, line)?.id;
        return { file, line, exact, chunk: chunk !== undefined && takeChunk(chunk, gathered) ? chunk : undefined };
      });

  const namedBy = (paths: readonly string[], { take }: Gathering): number[] =>
    paths.flatMap((path) => {
      const pattern = `%/${path.replaceAll(/[\\%_]/g, '\\$&')}`;
      const rows = namedFiles.all(path, pattern, definitionLimit);
      return rows.filter(take).map(({ file }) => file);
    });

  const commitsFor = (query: string, { take }: Gathering): Candidates['commits'] =>
    (query === '' ? [] : commitWords.all(query, commitLimit)).map(({ id, hash, subject, score }) => ({
      ...{ hash, subject, score },
      files: touchedFiles
        .all(id)
        .filter(take)
        .map(({ file }) => file),
    }));

  return {
    candidates: async (question, options = {}) => {
      const gathered = gathering(options);
      const any = anyOf(question.words);
      const inPath = any === '' ? '' : `path: (${any})`;
      // Parts of words say something where names are asked for; in sentences they only blur.
      const parts = anyOf([...question.names, ...question.paths].filter((name) => name.length > 2));
      const byWord = best(chunkWords, any, chunkLimit, gathered);
      const found = new Set(byWord.map(({ id }) => id));
      const neighbours = (await options.nearest?.(vectorLimit, found)) ?? [];
      return {
        fileWords: best(fileWords, any, fileLimit, gathered),
        pathWords: best(pathWords, inPath, fileLimit, gathered),
        trigrams: best(trigrams, parts, fileLimit, gathered),
        chunkWords: byWord,
        vectors: neighbours
          .filter(({ id }) => takeChunk(id, gathered))
          .map(({ id, similarity }) => ({ id, score: similarity })),
        definitions: definitionsOf(question, gathered),
        named: namedBy(question.paths, gathered),
        commits: commitsFor(any, gathered),
        files: gathered.files,
        chunks: gathered.chunks,
      };
    },
    bestChunks: (files, question) => {
      const any = anyOf(question.words);
      const { take, chunks } = gathering({});
      const found = new Map<number, CandidateChunk>();
      const keep = (row: ChunkColumns | undefined): void => {
        if (row === undefined || found.has(row.file) || !take(row)) return;
        const chunk = chunks.get(row.id);
        if (chunk) found.set(row.file, chunk);
      };
      if (any !== '' && files.length > 0) for (const row of chunksIn.all(any, JSON.stringify(files))) keep(row);
      for (const file of files) if (!found.has(file)) keep(firstChunk.get(file));
      return found;
    },
  };
};
