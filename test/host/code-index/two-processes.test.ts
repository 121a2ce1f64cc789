import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IndexReport } from '../../../src/core/code-index.ts';
import { openCodeStore } from '../../../src/host/code-index/store.ts';
import { updateIndex } from '../../../src/host/code-index/update.ts';

const base = realpathSync(mkdtempSync(join(tmpdir(), 'code-processes-')));
const program = resolve('dist/tools', `update-${process.pid}.mjs`);
const never = new AbortController().signal;
const files = 600;

beforeAll(async () => {
  await build({
    stdin: {
      contents: `
        import { openCodeStore } from './src/host/code-index/store.ts';
        import { updateIndex } from './src/host/code-index/update.ts';
        const [root, path, until] = process.argv.slice(2);
        const store = openCodeStore({ path, root });
        const onProgress = ({ done }) => { if (done === Number(until)) process.kill(process.pid, 'SIGKILL'); };
        const report = await updateIndex(store, { signal: new AbortController().signal, workers: 0, onProgress });
        console.log(JSON.stringify(report));
        store.close();`,
      resolveDir: process.cwd(),
    },
    outfile: program,
    ...{ bundle: true, platform: 'node', format: 'esm', conditions: ['source'], logLevel: 'error' },
    external: ['better-sqlite3'],
    banner: { js: 'import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);' },
  });
});
afterAll(() => {
  rmSync(program, { force: true });
  rmSync(base, { recursive: true, force: true });
});

let count = 0;
const project = (): { root: string; database: string } => {
  const root = join(base, `p${(count += 1)}`);
  mkdirSync(join(root, 'src'), { recursive: true });
  for (let file = 0; file < files; file += 1)
    writeFileSync(join(root, 'src', `f${file}.ts`), `export const value${file} = ${file};\n`.repeat(20));
  execFileSync('git', ['init', '-q'], { cwd: root });
  return { root, database: join(base, `d${count}`, 'code.db') };
};
const run = async (root: string, database: string): Promise<IndexReport> => {
  const { stdout } = await promisify(execFile)(process.execPath, [program, root, database]);
  return JSON.parse(stdout) as IndexReport;
};
/** What does not fit together in the tables. */
const flaws = (root: string, database: string): Record<string, number> => {
  const store = openCodeStore({ path: database, root });
  const number = (sql: string): number => store.database().prepare<[], { n: number }>(sql).get()?.n ?? NaN;
  const found = {
    files: number('SELECT count(*) AS n FROM files') - files,
    chunksOfNobody: number('SELECT count(*) AS n FROM chunks WHERE file NOT IN (SELECT id FROM files)'),
    filesWithoutChunk: number('SELECT count(*) AS n FROM files WHERE id NOT IN (SELECT file FROM chunks)'),
    words: number('SELECT count(*) AS n FROM file_words') - files,
    chunkWords: number('SELECT count(*) AS n FROM chunk_words') - number('SELECT count(*) AS n FROM chunks'),
    notices: store.notices().length,
  };
  store.close();
  return found;
};
const none = { files: 0, chunksOfNobody: 0, filesWithoutChunk: 0, words: 0, chunkWords: 0, notices: 0 };

describe('several processes with one index', () => {
  it('all end well and write each file once', async () => {
    const { root, database } = project();
    const reports = await Promise.all([run(root, database), run(root, database), run(root, database)]);
    expect(reports.map((report) => report.files)).toEqual([files, files, files]);
    expect(reports.reduce((sum, { added }) => sum + added, 0)).toBe(files);
    expect(reports.every(({ changed, removed }) => changed === 0 && removed === 0)).toBe(true);
    expect(flaws(root, database)).toEqual(none);
  });

  it('make a damaged one anew together', async () => {
    const { root, database } = project();
    mkdirSync(join(database, '..'), { recursive: true });
    writeFileSync(database, 'damaged '.repeat(5000));
    const reports = await Promise.all([run(root, database), run(root, database), run(root, database)]);
    expect(reports.map((report) => report.files)).toEqual([files, files, files]);
    expect(flaws(root, database)).toEqual(none);
  });

  it('go on where one was killed', async () => {
    const { root, database } = project();
    for (const until of [250, 130]) {
      const child = spawn(process.execPath, [program, root, database, String(until)], { stdio: 'ignore' });
      expect((await once(child, 'exit'))[1]).toBe('SIGKILL');
    }
    const store = openCodeStore({ path: database, root });
    const report = await updateIndex(store, { signal: never, workers: 0 });
    store.close();
    expect(report.files).toBe(files);
    expect(report.added).toBeLessThanOrEqual(files - 200);
    expect(flaws(root, database)).toEqual(none);
  });
});
