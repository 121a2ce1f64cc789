/** How much each signal says, and what a file's kind is worth. */
export interface Weights {
  /** Of reciprocal rank fusion: the smaller, the more the first places count. */
  k: number;
  fileWords: number;
  chunkWords: number;
  pathWords: number;
  trigrams: number;
  vectors: number;
  /** Where many past commits speak of it; see `historyWeight`. */
  history: number;
  /** Where names of the query are defined. */
  definitions: number;
  /** Files whose path the query writes out. */
  named: number;
  /** Factors for kinds of files; code that is no test has 1. The wanted ones are those the query speaks of. */
  test: number;
  wantedTest: number;
  doc: number;
  wantedDoc: number;
  data: number;
}

/**
 * For queries in words. Chosen by coordinate search on ten repositories (execa, commander.js, flask, cobra, ripgrep,
 * fastify, click, gson, commitlint, sinatra; subjects of 2,424 past commits; 2026-11-27), then rounded to where the
 * neighbourhood is flat; `npm run bench:retrieval` measures them on others. Whole files add little once chunks count.
 * Words as trigrams made it worse. `test` is a little below what suits commits best (1: 0.6 points of recall more), for
 * who asks a question wants the source first (test/bench/own-questions.ts).
 */
export const plainWeights: Weights = {
  k: 3,
  fileWords: 0.3,
  chunkWords: 0.8,
  pathWords: 0.4,
  trigrams: 0,
  vectors: 0.3,
  history: 1.6,
  definitions: 0.6,
  named: 2,
  test: 0.8,
  wantedTest: 2,
  doc: 0.3,
  wantedDoc: 1,
  data: 0.3,
};

/**
 * For queries that are names and paths only: who writes one wants that very place, so that it outweighs everything else
 * together. Not measured but reasoned; `test/engine/retrieval` holds what must come first.
 */
export const identifierWeights: Weights = {
  ...plainWeights,
  trigrams: 0.4,
  history: 0.3,
  definitions: 8,
  named: 16,
  test: 0.8,
  wantedTest: 1,
  doc: 0.5,
};

/**
 * The weight of history, by how many commits fit: from a few one learns little. Fitted on the same repositories with 1, 3,
 * 10, 30 and 100 % of their commits, where a fixed weight made the first two worse than none.
 */
export const historyWeight = ({ history }: Weights, commits: number): number =>
  history * Math.sqrt(commits / (commits + 10));
