// A question to the command and to an open index, over a tree of so many files: what a person and an agent wait for.
// Alone: node .ci/run-ts.js test/bench/search.ts [files]
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { openCode } from '../../src/app/search/open-code.ts';
import { makeTree } from './code-index.ts';
import { median, printFigures, runNode, type Figure } from './measure.ts';
import { ownQuestions } from './own-questions.ts';

const quantile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))] ?? NaN;

/** How long questions take in a repository of so many files. */
export const searchFigures = async (folder: string, files = 10_000): Promise<Figure[]> => {
  const root = join(folder, 'search-tree');
  mkdirSync(root, { recursive: true });
  makeTree(root, files);
  const env = { LLM_COPILOT_DATA_DIR: join(folder, 'search-data'), XDG_CONFIG_HOME: join(folder, 'config') };
  const bin = resolve('bin/llm-copilot.js');
  const at = { cwd: root, env };
  const first = await runNode([bin, 'index'], at);
  const cold: number[] = [];
  const cpu: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round < 15; round += 1) {
    bare.push((await runNode(['-e', '0'])).wallMs);
    const sample = await runNode([bin, 'search', '--json', ownQuestions[round % ownQuestions.length]?.[0] ?? ''], at);
    cold.push(sample.wallMs);
    cpu.push(sample.cpuMs);
  }
  const remote = async (): Promise<never> => Promise.reject(new Error('nothing is sent'));
  const code = await openCode({ env: { ...process.env, ...env }, root, settings: {}, plugins: [], remote });
  const { signal } = new AbortController();
  const warm: number[] = [];
  try {
    for (let round = 0; round < 3; round += 1)
      for (const [query] of ownQuestions) {
        const startedAt = performance.now();
        await code.search({ query, limit: 10, files: round === 1 }, signal);
        if (round > 0) warm.push(performance.now() - startedAt);
      }
  } finally {
    await code.close();
  }
  const most = 'most' as const;
  return [
    {
      name: `first \`index\` of ${files} files, vectors too`,
      value: first.wallMs / 1000,
      unit: 's',
      target: 60,
      kind: most,
      note: `CPU ${(first.cpuMs / 1000).toFixed(1)} s, peak ${first.peakRssMb.toFixed(0)} MB`,
    },
    {
      name: `\`search\` in ${files} files from a cold start`,
      value: median(cold),
      unit: 'ms',
      target: 400,
      kind: most,
      note: `CPU ${median(cpu).toFixed(0)} ms, slowest ${Math.max(...cold).toFixed(0)} ms, node -e 0 ${median(bare).toFixed(0)} ms`,
    },
    { name: 'the same in starts of node', value: median(cold) / median(bare), unit: '×' },
    {
      name: `question to an open index of ${files} files, p95`,
      value: quantile(warm, 0.95),
      unit: 'ms',
      target: 100,
      kind: most,
      note: `median ${median(warm).toFixed(0)} ms, the check of all files included`,
    },
  ];
};

/** How many of the questions about this repository find a file that answers them among the first ten. */
export const ownQuestionFigures = async (folder: string): Promise<Figure[]> => {
  const env = {
    ...process.env,
    LLM_COPILOT_DATA_DIR: join(folder, 'own-data'),
    XDG_CONFIG_HOME: join(folder, 'config'),
  };
  const remote = async (): Promise<never> => Promise.reject(new Error('nothing is sent'));
  const code = await openCode({ env, root: process.cwd(), settings: {}, plugins: [], remote });
  const { signal } = new AbortController();
  const ranks: number[] = [];
  try {
    for (const [query, ...answers] of ownQuestions) {
      const found = await code.search({ query, limit: 10, files: true }, signal);
      ranks.push(found.findIndex(({ path }) => answers.includes(path)) + 1);
    }
  } finally {
    await code.close();
  }
  const mrr = ranks.reduce((sum, rank) => sum + (rank > 0 ? 1 / rank : 0), 0) / ranks.length;
  return [
    {
      name: 'questions about this repository answered among the first ten',
      value: ranks.filter((rank) => rank > 0).length / ranks.length,
      unit: '',
      target: 0.8,
      kind: 'least',
      note: `${ranks.length} questions, MRR ${mrr.toFixed(2)}`,
    },
  ];
};

if (basename(process.argv[1] ?? '') === 'test-bench-search.js') {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'llm-copilot-bench-')));
  try {
    printFigures(await searchFigures(folder, Number(process.argv[2] ?? 10_000)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
