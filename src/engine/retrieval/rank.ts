import type { Found, Signal } from '../../core/found.ts';
import type { CandidateChunk, CandidateFile, Candidates, Question, Scored } from '../../core/retrieval.ts';
import { diversify } from './diversify.ts';
import { kindFactor } from './file-kinds.ts';
import { fuse, scaled, type Fused } from './fuse.ts';
import { historyWeight, identifierWeights, plainWeights, type Weights } from './weights.ts';

/** What was found, but for its text: that is read from the file. */
export type Hit = Omit<Found, 'text'>;

/** A file and how well it fits. */
export interface RankedFile extends CandidateFile, Fused {}

/** The weights a question is ranked with. */
export const weightsFor = (question: Question): Weights => (question.isIdentifier ? identifierWeights : plainWeights);

const idsOf = (rows: readonly Scored[]): number[] => rows.map(({ id }) => id);

const bestFirst = (scores: ReadonlyMap<number, number>): number[] =>
  [...scores].sort(([a, x], [b, y]) => y - x || a - b).map(([id]) => id);

/** Of each file the best chunks count: the first whole, the second half, the third a quarter. */
const byChunks = (chunks: readonly Scored[], candidates: Candidates): number[] => {
  const seen = new Map<number, { count: number; score: number }>();
  for (const { id, score } of chunks) {
    const file = candidates.chunks.get(id)?.file;
    if (file === undefined) continue;
    const known = seen.get(file) ?? { count: 0, score: 0 };
    if (known.count < 3) known.score += score / 2 ** known.count;
    known.count += 1;
    seen.set(file, known);
  }
  return bestFirst(new Map([...seen].map(([file, { score }]) => [file, score])));
};

/** Files past commits touched whose messages fit: the better the message and the fewer the files, the more. */
const byHistory = ({ commits }: Candidates): number[] => {
  const scores = new Map<number, number>();
  for (const { score, files } of commits)
    for (const file of files) scores.set(file, (scores.get(file) ?? 0) + score ** 2 / Math.sqrt(files.length));
  return bestFirst(scores);
};

/** True for the symbol of a chunk that holds a definition with the parent the question names, or that parent whole. */
const isQualified = (symbol: string, qualified: readonly string[]): boolean => {
  const ends = qualified.flatMap((name) => [name, name.split('.')[0] ?? '']).map((name) => `.${name}`.toLowerCase());
  return symbol.split(', ').some((one) => ends.some((end) => `.${one}`.toLowerCase().endsWith(end)));
};

/** Where names are defined: below the parent that was named before others, as written before in another case, code before tests. */
const byDefinition = (candidates: Candidates, question: Question, weights: Weights): Candidates['definitions'] => {
  const worth = ({ file, exact, chunk }: Candidates['definitions'][number]): number => {
    const { path = '', kind = 'code' } = candidates.files.get(file) ?? {};
    const symbol = chunk === undefined ? undefined : candidates.chunks.get(chunk)?.symbol;
    const isMeant = symbol !== undefined && isQualified(symbol, question.qualified);
    return (isMeant ? 4 : 1) * (exact ? 2 : 1) * kindFactor(path, kind, question, weights);
  };
  return candidates.definitions
    .map((definition) => ({ definition, worth: worth(definition) }))
    .sort((a, b) => b.worth - a.worth)
    .map(({ definition }) => definition);
};

const unique = (ids: readonly number[]): number[] => [...new Set(ids)];

/** Ranks the files of the candidates, best first. Pure. */
export const rankFiles = (
  candidates: Candidates,
  question: Question,
  weights: Weights = weightsFor(question),
): RankedFile[] => {
  const defined = byDefinition(candidates, question, weights).map(({ file }) => file);
  const telling = candidates.commits.filter(({ files }) => files.length > 0).length;
  const fused = fuse(
    [
      { signal: 'bm25', weight: weights.fileWords, ids: idsOf(candidates.fileWords) },
      { signal: 'bm25', weight: weights.chunkWords, ids: byChunks(candidates.chunkWords, candidates) },
      { signal: 'path', weight: weights.pathWords, ids: idsOf(candidates.pathWords) },
      { signal: 'path', weight: weights.named, ids: unique(candidates.named) },
      { signal: 'trigram', weight: weights.trigrams, ids: idsOf(candidates.trigrams) },
      { signal: 'vector', weight: weights.vectors, ids: byChunks(candidates.vectors, candidates) },
      { signal: 'symbol', weight: weights.definitions, ids: unique(defined) },
      { signal: 'history', weight: historyWeight(weights, telling), ids: byHistory(candidates) },
    ],
    weights.k,
  );
  return [...fused]
    .flatMap(([id, score]) => {
      const file = candidates.files.get(id);
      return file ? [{ ...file, ...scaled(score, kindFactor(file.path, file.kind, question, weights)) }] : [];
    })
    .sort((a, b) => b.score - a.score || (a.path < b.path ? -1 : 1));
};

/**
 * The hits of files, each with the lines of the chunk that fits best.
 * @param more asked once for the chunks of files that were found for other reasons than their chunks.
 */
export const fileHits = (
  files: readonly RankedFile[],
  candidates: Candidates,
  more: (files: readonly number[]) => ReadonlyMap<number, CandidateChunk>,
): Hit[] => {
  const best = new Map<number, CandidateChunk>();
  const exactFirst = [...candidates.definitions].sort((a, b) => Number(b.exact) - Number(a.exact));
  for (const id of [...exactFirst.map(({ chunk }) => chunk), ...idsOf(candidates.chunkWords)]) {
    const chunk = id === undefined ? undefined : candidates.chunks.get(id);
    if (chunk && !best.has(chunk.file)) best.set(chunk.file, chunk);
  }
  const others = more(files.map(({ id }) => id).filter((id) => !best.has(id)));
  return files.map(({ id, path, kind, lines, score, why }) => {
    const { startLine = Math.min(1, lines), endLine = lines, symbol } = best.get(id) ?? others.get(id) ?? {};
    return { kind, path, startLine, endLine, ...(symbol !== undefined && { symbol }), score, why };
  });
};

/** A chunk's own score counts beside so much of its file's. */
const fileShare = 0.5;

const sum = (one: Fused, other: Fused): Fused => {
  const why = { ...one.why };
  for (const [signal, share] of Object.entries(other.why) as [Signal, number][])
    why[signal] = (why[signal] ?? 0) + share;
  return { score: one.score + other.score, why };
};

/** Ranks chunks, best first and without repeating itself. `similarity` of two chunks, 0 to 1, where vectors know it. Pure. */
export const chunkHits = (
  candidates: Candidates,
  question: Question,
  limit: number,
  similarity?: (one: number, other: number) => number | undefined,
): Hit[] => {
  const weights = weightsFor(question);
  const files = new Map(rankFiles(candidates, question, weights).map((file) => [file.id, file]));
  const defined = byDefinition(candidates, question, weights).flatMap(({ chunk }) => chunk ?? []);
  const own = fuse(
    [
      { signal: 'bm25', weight: weights.chunkWords, ids: idsOf(candidates.chunkWords) },
      { signal: 'vector', weight: weights.vectors, ids: idsOf(candidates.vectors) },
      { signal: 'symbol', weight: weights.definitions, ids: unique(defined) },
    ],
    weights.k,
  );
  const ranked = [...own].flatMap(([id, score]) => {
    const chunk = candidates.chunks.get(id);
    const file = chunk && files.get(chunk.file);
    if (!file) return [];
    const factor = kindFactor(file.path, file.kind, question, weights);
    return [{ chunk, file, ...sum(scaled(score, factor), scaled(file, fileShare)) }];
  });
  ranked.sort((a, b) => b.score - a.score || a.chunk.id - b.chunk.id);
  return diversify(ranked, limit, similarity).map(({ chunk, file, score, why }) => ({
    kind: file.kind,
    path: file.path,
    startLine: chunk.startLine,
    endLine: chunk.endLine,
    ...(chunk.symbol !== undefined && { symbol: chunk.symbol }),
    score,
    why,
  }));
};

/**
 * Commits whose messages fit, best first; their path is the hash, their text the subject. Pure.
 * @param options.touching only those that touched a file that is there and may be found.
 */
export const commitHits = (
  { commits }: Candidates,
  question: Question,
  { limit, touching = false }: { limit: number; touching?: boolean },
): Found[] => {
  const { history, k } = weightsFor(question);
  const fitting = touching ? commits.filter(({ files }) => files.length > 0) : commits;
  return fitting.slice(0, limit).map(({ hash, subject }, index) => {
    const score = history / (k + index + 1);
    return { kind: 'commit', path: hash, startLine: 0, endLine: 0, score, why: { history: score }, text: subject };
  });
};
