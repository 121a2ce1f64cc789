// npm run bench:retrieval -- <git dir>… [--dev] [--ablate] [--queries n] [--json file]
// How well files are found for the subjects of past commits, against whole-file BM25. See README.md for the rules.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Candidates } from '../../src/core/retrieval.ts';
import type { Neighbour } from '../../src/core/vector-index.ts';
import type { Database } from '../../src/host/log/database.ts';
import { learnIdf } from '../../src/engine/embedding/idf.ts';
import { localDimensions, localVectors, withLead } from '../../src/engine/embedding/local-embedder.ts';
import { questionOf } from '../../src/engine/retrieval/question.ts';
import { fileHits, rankFiles, weightsFor } from '../../src/engine/retrieval/rank.ts';
import type { Weights } from '../../src/engine/retrieval/weights.ts';
import { decode } from '../../src/host/code-index/file-kind.ts';
import { codeSignals } from '../../src/host/code-index/signals.ts';
import { openCodeStore } from '../../src/host/code-index/store.ts';
import { updateIndex } from '../../src/host/code-index/update.ts';
import { wholeFileBm25 } from './retrieval-baseline.ts';
import { chooseQueries, givesAway, pastCommits } from './retrieval-queries.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    dev: { type: 'boolean', default: false },
    ablate: { type: 'boolean', default: false },
    queries: { type: 'string', default: '300' },
    json: { type: 'string' },
  },
});
if (positionals.length === 0) throw new Error('Name one git directory or more.');

interface Figures {
  recall: number;
  mrr: number;
}

/** Share of the relevant among the first ten, and one over the place of the first relevant one. */
const judge = (found: readonly string[], relevant: readonly string[]): Figures => {
  const first = found.findIndex((path) => relevant.includes(path));
  const hits = found.slice(0, 10).filter((path) => relevant.includes(path)).length;
  return { recall: hits / relevant.length, mrr: first < 0 ? 0 : 1 / (first + 1) };
};

const mean = (figures: readonly Figures[]): Figures => ({
  recall: figures.reduce((sum, { recall }) => sum + recall, 0) / figures.length,
  mrr: figures.reduce((sum, { mrr }) => sum + mrr, 0) / figures.length,
});

const without = (...names: (keyof Candidates)[]): ((candidates: Candidates) => Candidates) => {
  const empty = Object.fromEntries(names.map((name) => [name, []]));
  return (candidates) => ({ ...candidates, ...empty });
};

/** What is left when something is taken away. */
const variants: Record<string, { of?: (candidates: Candidates) => Candidates; weights?: Partial<Weights> }> = {
  'without history': { of: without('commits') },
  'without chunks': { of: without('chunkWords') },
  'without whole files': { of: without('fileWords') },
  'without paths': { of: without('pathWords', 'named') },
  'without vectors': { of: without('vectors') },
  'without trigrams': { of: without('trigrams') },
  'without definitions': { of: without('definitions') },
  'without kinds of files': { weights: { doc: 1, data: 1, test: 1, wantedTest: 1, wantedDoc: 1 } },
  'whole files only': {
    of: without('commits', 'chunkWords', 'pathWords', 'trigrams', 'vectors', 'definitions', 'named'),
  },
};

/** Chunks near to a query by vectors of the local embedder, as `app/search/code-vectors.ts` asks for them. */
const nearestChunks = (
  database: Database,
  textOf: (path: string) => string,
): ((query: string) => (limit: number, found: ReadonlySet<number>) => Promise<Neighbour[]>) => {
  const rows = database
    .prepare<[], { id: number; path: string; symbol: string | null; first: number; last: number }>(
      `SELECT chunks.id AS id, path, symbol, start_line AS first, end_line AS last
       FROM chunks JOIN files ON files.id = chunks.file ORDER BY chunks.id`,
    )
    .all();
  const texts = rows.map(({ path, symbol, first, last }) =>
    withLead(
      `${path} ${symbol ?? ''}`,
      textOf(path)
        .split('\n')
        .slice(first - 1, last)
        .join('\n'),
    ),
  );
  const vectorOf = localVectors(learnIdf(texts));
  const matrix = new Float32Array(texts.length * localDimensions);
  for (const [row, text] of texts.entries()) matrix.set(vectorOf(text), row * localDimensions);
  return (query) => {
    const asked = vectorOf(query);
    return async (limit, found) => {
      const near = rows.flatMap(({ id }, row) => {
        if (found.size > 0 && !found.has(id)) return [];
        let similarity = 0;
        for (let at = 0, from = row * localDimensions; at < localDimensions; at++)
          similarity += (matrix[from + at] ?? 0) * (asked[at] ?? 0);
        return similarity >= leastSimilarity ? [{ id, similarity }] : [];
      });
      return near.sort((a, b) => b.similarity - a.similarity).slice(0, limit);
    };
  };
};

const leastSimilarity = 0.2;

interface Row {
  name: string;
  files: number;
  commits: number;
  queries: number;
  ways: Record<string, Figures>;
  misses: { query: string; relevant: string[]; found: string[] }[];
  p95Ms: number;
}

const nameOf = (gitDir: string): string =>
  basename(gitDir) === 'repo' || basename(gitDir) === '.git' ? basename(dirname(gitDir)) : basename(gitDir);

const measure = async (gitDir: string): Promise<Row> => {
  const folder = mkdtempSync(join(tmpdir(), 'llm-copilot-retrieval-'));
  try {
    const root = join(folder, 'tree');
    execFileSync('git', ['clone', '--quiet', '--shared', gitDir, root], { stdio: 'ignore' });
    const store = openCodeStore({ path: join(folder, 'index', 'code.db'), root });
    await updateIndex(store, { signal: new AbortController().signal });
    const database = store.database();
    const paths = database
      .prepare<[], { path: string }>('SELECT path FROM files WHERE skipped IS NULL ORDER BY path')
      .all()
      .map(({ path }) => path);
    const there = new Set(paths);
    const commits = pastCommits(gitDir);
    const queries = chooseQueries(commits, (path) => there.has(path), { limit: Number(values.queries), seed: 42 });
    const excluded = commits.filter(givesAway(queries));
    const forget = ['commit_files WHERE commit_id', 'commit_words WHERE rowid', 'commits WHERE id'].map((place) =>
      database.prepare(`DELETE FROM ${place} = (SELECT id FROM commits WHERE hash = ?)`),
    );
    database.transaction(() => {
      for (const { hash } of excluded) for (const statement of forget) statement.run(hash);
    })();
    const left = database.prepare<[], { n: number }>('SELECT count(*) AS n FROM commits').get()?.n ?? 0;

    const texts = new Map(paths.map((path) => [path, decode(readFileSync(join(root, path))) ?? '']));
    const baseline = wholeFileBm25([...texts].map(([path, text]) => ({ path, text })));
    const nearest = nearestChunks(database, (path) => texts.get(path) ?? '');
    const signals = codeSignals(database);
    const judged: Record<string, Figures[]> = {};
    const misses: Row['misses'] = [];
    const times: number[] = [];
    const see = (way: string, found: readonly { path: string }[], relevant: readonly string[]): void =>
      void (judged[way] ??= []).push(
        judge(
          found.map(({ path }) => path),
          relevant,
        ),
      );
    for (const { text, relevant } of queries) {
      const startedAt = performance.now();
      const question = questionOf(text);
      const candidates = await signals.candidates(question, { nearest: nearest(text) });
      const ranked = rankFiles(candidates, question);
      const hits = fileHits(ranked.slice(0, 10), candidates, (files) => signals.bestChunks(files, question));
      times.push(performance.now() - startedAt);
      see(
        'baseline',
        baseline(text).map((path) => ({ path })),
        relevant,
      );
      see('ours', ranked, relevant);
      if (!relevant.some((path) => hits.some((hit) => hit.path === path)))
        misses.push({ query: text, relevant, found: hits.slice(0, 3).map(({ path }) => path) });
      if (!values.ablate) continue;
      for (const [name, { of = (all: Candidates) => all, weights = {} }] of Object.entries(variants))
        see(name, rankFiles(of(candidates), question, { ...weightsFor(question), ...weights }), relevant);
    }
    store.close();
    times.sort((a, b) => a - b);
    return {
      ...{ name: nameOf(gitDir), files: paths.length, commits: left, queries: queries.length, misses },
      ways: Object.fromEntries(Object.entries(judged).map(([way, figures]) => [way, mean(figures)])),
      p95Ms: times[Math.floor(times.length * 0.95)] ?? NaN,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const rows: Row[] = [];
for (const gitDir of positionals) {
  const row = await measure(resolve(gitDir));
  rows.push(row);
  const { baseline, ours } = row.ways;
  if (baseline && ours)
    console.error(`${row.name}: recall@10 ${baseline.recall.toFixed(3)} → ${ours.recall.toFixed(3)}`);
}

const share = (ours: number, theirs: number): string => {
  const percent = Math.round((ours / theirs - 1) * 100);
  return `${percent < 0 ? '−' : '+'}${Math.abs(percent)} %`;
};
const never: Figures = { recall: NaN, mrr: NaN };
const line = (name: string, counts: readonly (string | number)[], theirs: Figures, ours: Figures): string =>
  [
    ...[name, ...counts, theirs.recall.toFixed(3), ours.recall.toFixed(3), share(ours.recall, theirs.recall)],
    ...[theirs.mrr.toFixed(3), ours.mrr.toFixed(3), share(ours.mrr, theirs.mrr)],
  ].join(' | ');

console.log(`Weights ${values.dev ? 'were chosen on these repositories' : 'were not chosen on these repositories'}.\n`);
console.log(
  '| repository | files | commits | queries | recall@10: BM25 | ours | | MRR: BM25 | ours | | search p95 |\n' +
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
);
for (const { name, files, commits, queries, ways, p95Ms } of rows)
  console.log(
    `| ${line(name, [files, commits, queries], ways.baseline ?? never, ways.ours ?? never)} | ${p95Ms.toFixed(0)} ms |`,
  );
const macro = (way: string): Figures => mean(rows.map(({ ways }) => ways[way] ?? never));
const all = macro('baseline');
const ours = macro('ours');
const total = rows.reduce((sum, { queries }) => sum + queries, 0);
console.log(`| ${line('**macro average**', ['', '', total], all, ours)} | |`);
if (values.ablate) {
  console.log('\n| macro average | recall@10 | | MRR | |\n| --- | --- | --- | --- | --- |');
  for (const way of ['ours', ...Object.keys(variants)]) {
    const { recall, mrr } = macro(way);
    console.log(
      `| ${way} | ${recall.toFixed(3)} | ${share(recall, all.recall)} | ${mrr.toFixed(3)} | ${share(mrr, all.mrr)} |`,
    );
  }
}
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(rows, null, 1));

const worst = rows.filter(
  ({ ways: { baseline = never, ours: mine = never } }) => mine.recall < baseline.recall || mine.mrr < baseline.mrr,
);
if (ours.recall < all.recall * 1.15 || ours.mrr < all.mrr * 1.15 || worst.length > 0) {
  console.log(
    `\nMissed: 15 % above on average, below on none${worst.map(({ name }) => `; below on ${name}`).join('')}.`,
  );
  process.exitCode = 1;
}
