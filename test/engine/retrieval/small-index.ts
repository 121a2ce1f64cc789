// A small index in memory, for the tests beside it.
import { createHash } from 'node:crypto';
import type { Candidates, Question } from '../../../src/core/retrieval.ts';
import { questionOf } from '../../../src/engine/retrieval/question.ts';
import { chunkHits, fileHits, rankFiles, type Hit } from '../../../src/engine/retrieval/rank.ts';
import { kindOf } from '../../../src/host/code-index/file-kind.ts';
import { parseFile } from '../../../src/host/code-index/parse-file.ts';
import { codeRows } from '../../../src/host/code-index/rows.ts';
import { codeIndexSteps } from '../../../src/host/code-index/schema.ts';
import { codeSignals, type SignalOptions, type Signals } from '../../../src/host/code-index/signals.ts';
import { openDatabase, type Database } from '../../../src/host/log/database.ts';

/** An index of texts by their paths, and of commits. */
export interface SmallIndex {
  database: Database;
  signals: Signals;
  ask: (query: string, options?: SignalOptions) => Promise<{ question: Question; candidates: Candidates }>;
  files: (query: string, options?: SignalOptions) => Promise<Hit[]>;
  chunks: (query: string, options?: SignalOptions) => Promise<Hit[]>;
}

/** Makes one. */
export const smallIndex = async (
  texts: Record<string, string>,
  commits: { subject: string; files: string[] }[] = [],
): Promise<SmallIndex> => {
  const database = openDatabase(':memory:', 1000, codeIndexSteps);
  const rows = codeRows(database);
  for (const [path, text] of Object.entries(texts)) {
    const hash = createHash('sha1').update(text).digest();
    const lines = text.split('\n').length;
    rows.put({ path, hash, size: text.length, mtimeMs: 0, lines, kind: kindOf(path) }, await parseFile(path, text));
  }
  for (const [at, { subject, files }] of commits.entries()) {
    const { lastInsertRowid } = database
      .prepare('INSERT INTO commits (hash, at, subject) VALUES (?, ?, ?)')
      .run(String(at).padStart(40, '0'), at, subject);
    database.prepare('INSERT INTO commit_words (rowid, message) VALUES (?, ?)').run(lastInsertRowid, subject);
    for (const path of files)
      database.prepare('INSERT INTO commit_files (commit_id, path) VALUES (?, ?)').run(lastInsertRowid, path);
  }
  const signals = codeSignals(database);
  const ask: SmallIndex['ask'] = async (query, options) => {
    const question = questionOf(query);
    return { question, candidates: await signals.candidates(question, options) };
  };
  return {
    database,
    signals,
    ask,
    files: async (query, options) => {
      const { question, candidates } = await ask(query, options);
      return fileHits(rankFiles(candidates, question), candidates, (files) => signals.bestChunks(files, question));
    },
    chunks: async (query, options) => {
      const { question, candidates } = await ask(query, options);
      return chunkHits(candidates, question, 10);
    },
  };
};
