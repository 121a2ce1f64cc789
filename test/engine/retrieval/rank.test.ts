import { describe, expect, it } from 'vitest';
import { commitHits, rankFiles } from '../../../src/engine/retrieval/rank.ts';
import { questionOf } from '../../../src/engine/retrieval/question.ts';
import { smallIndex } from './small-index.ts';

const texts = {
  'src/cli/main.ts': `import { parseArgs } from './args.ts';
/** Starts the program. */
export const main = (argv: string[]): number => {
  const options = parseArgs(argv);
  return options.help ? 0 : 1;
};
`,
  'src/cli/args.ts': `/** Reads the command line. */
export const parseArgs = (argv: string[]): { help: boolean } => {
  return { help: argv.includes('--help') };
};
`,
  'src/base/errors.ts': `/** What went wrong. */
export const usageError = (message: string): Error => Object.assign(new Error(message), { code: 'E_USAGE' });
`,
  'src/net/retry.ts': `/** Waits longer each time a request was refused. */
export class Retry {
  constructor(private readonly times: number) {}
  delayFor(attempt: number): number {
    return Math.min(1000 * 2 ** attempt, 30_000) * this.times;
  }
}
`,
  'test/cli/args.test.ts': `import { parseArgs } from '../../src/cli/args.ts';
${Array.from({ length: 12 }, (_, n) => `test('parseArgs ${String(n)}', () => { parseArgs(['E_USAGE']); });`).join('\n')}
`,
  'main/ts.ts': '// src/cli/main.ts main.ts src cli main ts\n'.repeat(20),
  'src/report.ts': `export const report = (): string => 'quarterly';
`,
  'CHANGELOG.md': `# Changes
${'- parseArgs: E_USAGE, retry, delay, main.ts, command line, request refused\n'.repeat(30)}`,
};

describe('ranking', () => {
  it.each([
    ['parseArgs', 'src/cli/args.ts'],
    ['parseargs', 'src/cli/args.ts'],
    ['src/cli/main.ts', 'src/cli/main.ts'],
    ['main.ts', 'src/cli/main.ts'],
    ['MAIN.TS', 'src/cli/main.ts'],
    ['E_USAGE', 'src/base/errors.ts'],
    ['Retry.delayFor', 'src/net/retry.ts'],
    ['delayF', 'src/net/retry.ts'],
    ['report', 'src/report.ts'],
  ])('puts what is called %s first: %s', async (query, path) => {
    const { files } = await smallIndex(texts);
    expect((await files(query))[0]?.path).toBe(path);
  });

  it('believes a path that is written out more than everything else together', async () => {
    const { files } = await smallIndex(texts);
    const [first] = await files('src/cli/main.ts');
    expect(first?.why.path).toBeGreaterThan(0.5 * (first?.score ?? 0));
  });

  it('puts the definition itself first where pieces of files are asked for', async () => {
    const { chunks, files } = await smallIndex(texts);
    const [first] = await chunks('parseArgs');
    expect(first).toMatchObject({ path: 'src/cli/args.ts', symbol: 'parseArgs' });
    expect(first?.startLine).toBeLessThanOrEqual(2);
    const [file] = await files('delayFor');
    expect(file).toMatchObject({ path: 'src/net/retry.ts', symbol: 'Retry' });
  });

  it('finds code by words for it, before documents that repeat them', async () => {
    const { files } = await smallIndex(texts);
    expect((await files('where is the delay between refused requests'))[0]?.path).toBe('src/net/retry.ts');
    expect((await files('changelog entry about the command line'))[0]?.path).toBe('CHANGELOG.md');
  });

  it('puts tests first when it is asked for tests', async () => {
    const { files } = await smallIndex(texts);
    expect((await files('add a test of args'))[0]?.path).toBe('test/cli/args.test.ts');
    expect((await files('reading args'))[0]?.path).toBe('src/cli/args.ts');
  });

  it('learns from past commits which file is meant, and shows its lines', async () => {
    const commits = Array.from({ length: 5 }, (_, n) => ({
      subject: `Improve figures ${String(n)}`,
      files: ['src/report.ts'],
    }));
    const { files, ask } = await smallIndex(texts, [...commits, { subject: 'Improve delay', files: ['src/gone.ts'] }]);
    const [first] = await files('figures');
    expect(first).toMatchObject({ path: 'src/report.ts', startLine: 1 });
    expect(Object.keys(first?.why ?? {})).toEqual(['history']);
    const { question, candidates } = await ask('improve delay');
    const [commit] = commitHits(candidates, question, { limit: 3 });
    expect(commit).toMatchObject({ kind: 'commit', path: `${'0'.repeat(39)}5`, text: 'Improve delay' });
    const touching = commitHits(candidates, question, { limit: 10, touching: true });
    expect(touching.map(({ text }) => text)).not.toContain('Improve delay');
    expect(touching).toHaveLength(5);
  });

  it('trusts one commit less than many', async () => {
    const share = async (count: number): Promise<number> => {
      const commit = { subject: 'Improve figures', files: ['src/report.ts'] };
      const { files } = await smallIndex(
        texts,
        Array.from({ length: count }, () => commit),
      );
      return (await files('improve figures'))[0]?.why.history ?? 0;
    };
    expect(await share(1)).toBeLessThan(0.5 * (await share(30)));
  });

  it('takes what vectors say into account', async () => {
    const { files, database } = await smallIndex(texts);
    const id = database
      .prepare<[], { id: number }>(
        "SELECT chunks.id FROM chunks JOIN files ON files.id = file WHERE path = 'src/net/retry.ts'",
      )
      .get()?.id;
    const nearest = async () => [
      { id: id ?? 0, similarity: 0.9 },
      { id: 999_999, similarity: 0.8 },
    ];
    const [first] = await files('backoff', { nearest });
    expect(first).toMatchObject({ path: 'src/net/retry.ts', why: { vector: first?.score } });
  });

  it('says what spoke for a hit, and that is all of its score', async () => {
    const { files, chunks } = await smallIndex(texts, [{ subject: 'parseArgs', files: ['src/cli/args.ts'] }]);
    for (const hit of [...(await files('parseArgs')), ...(await chunks('parse the command line'))]) {
      const sum = Object.values(hit.why).reduce((total, share) => total + share, 0);
      expect(sum).toBeCloseTo(hit.score, 10);
    }
    expect(Object.keys((await files('parseArgs'))[0]?.why ?? {}).sort()).toEqual(
      ['bm25', 'history', 'path', 'symbol', 'trigram'].sort(),
    );
  });

  it('gives the same order each time', async () => {
    const { ask } = await smallIndex(texts);
    const { question, candidates } = await ask('command line');
    const once = rankFiles(candidates, question).map(({ path }) => path);
    expect(rankFiles(candidates, questionOf('command line')).map(({ path }) => path)).toEqual(once);
  });
});

describe('names that many things have', () => {
  it('are those below the parent they were written with', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 60 }, (_, at) => [
        `src/a${at}.ts`,
        `export class Alpha${at} {\n  build(): number {\n    return ${at};\n  }\n}\n`,
      ]),
    );
    const index = await smallIndex({
      ...many,
      'src/z.ts': 'export class Zebra {\n  build(): string {\n    return "";\n  }\n}\n',
    });
    for (const query of ['Zebra.build', 'Zebra::build', 'zebra#build', 'pack.Zebra.build()'])
      expect((await index.chunks(query))[0], query).toMatchObject({ path: 'src/z.ts' });
    index.database.close();
  });
});

describe('scripts without spaces', () => {
  it('are found by any part of a sentence', async () => {
    const index = await smallIndex({
      'docs/ja.md': '# 使い方\n\nこれは日本語の検索についての文書です。\n',
      'docs/zh.md': '# 安装\n\n请先安装依赖，然后运行测试。\n',
      'docs/en.md': '# Use\n\nSearch for Japanese text.\n',
    });
    for (const [query, path] of [
      ['検索', 'docs/ja.md'],
      ['日本語', 'docs/ja.md'],
      ['検索の文書', 'docs/ja.md'],
      ['运行测试', 'docs/zh.md'],
      ['依赖', 'docs/zh.md'],
    ] as const)
      expect((await index.files(query)).map((hit) => hit.path)[0], query).toBe(path);
    expect(await index.files('天気')).toEqual([]);
    index.database.close();
  });
});
