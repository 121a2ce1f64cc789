/** A query, taken apart. */
export interface Question {
  /** Lower-case words to look for, most telling first; identifiers also as their parts. Letters and digits only. */
  words: readonly string[];
  /** What is written like an identifier, without its parents: `parseArgs`, `E_USAGE`, of `Class.method` the method. */
  names: readonly string[];
  /** Those of them that were written with a parent, as `Class.method`. */
  qualified: readonly string[];
  /** What is written like a path or a file's name. */
  paths: readonly string[];
  /** Nothing but names and paths: whoever asks knows what it is called and wants the place. */
  isIdentifier: boolean;
  /** It speaks of tests, or of documents. */
  wantsTests: boolean;
  wantsDocs: boolean;
}

/** A file some signal brought up. */
export interface CandidateFile {
  id: number;
  path: string;
  kind: 'code' | 'doc';
  lines: number;
}

/** A chunk some signal brought up. */
export interface CandidateChunk {
  id: number;
  file: number;
  startLine: number;
  endLine: number;
  symbol?: string;
}

/** A commit whose message fits. */
export interface CandidateCommit {
  hash: string;
  subject: string;
  /** How well, greater is better. */
  score: number;
  /** Files it touched that are still there. */
  files: readonly number[];
}

/** Something by its id and how well it fits; greater is better, comparable within its list only. */
export interface Scored {
  id: number;
  score: number;
}

/** What each signal brought up, best first. Every id is in `files` or `chunks`. */
export interface Candidates {
  files: ReadonlyMap<number, CandidateFile>;
  chunks: ReadonlyMap<number, CandidateChunk>;
  /** Files by their words (BM25). */
  fileWords: readonly Scored[];
  /** Files by the words of their path (BM25). */
  pathWords: readonly Scored[];
  /** Files by parts of their path and of the names they define. */
  trigrams: readonly Scored[];
  /** Chunks by their words (BM25). */
  chunkWords: readonly Scored[];
  /** Chunks by similarity of vectors. */
  vectors: readonly Scored[];
  /** Where names of the question are defined; `exact` when also upper and lower case agree. */
  definitions: readonly { file: number; line: number; chunk: number | undefined; exact: boolean }[];
  /** Files that paths of the question name, the closest first. */
  named: readonly number[];
  commits: readonly CandidateCommit[];
}
