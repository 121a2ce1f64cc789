import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parserPool, type ParserPool } from '../../../src/host/code-index/parser-pool.ts';

const packageRoot = join(import.meta.dirname, '../../..');
let built: string;
let root: string;
let pool: ParserPool | undefined;

beforeAll(async () => {
  // Inside of the package, where it finds its grammars.
  mkdirSync(join(packageRoot, 'node_modules', '.cache'), { recursive: true });
  built = mkdtempSync(join(packageRoot, 'node_modules', '.cache', 'parser-'));
  const banner = { js: 'import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);' };
  await build({
    entryPoints: [join(packageRoot, 'bin/parser-worker.ts'), join(packageRoot, 'src/host/code-index/parser-pool.ts')],
    outdir: built,
    outbase: packageRoot,
    entryNames: '[name]',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    banner,
    logLevel: 'warning',
  });
});

afterAll(() => rmSync(built, { recursive: true, force: true }));

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'llm-copilot-pool-'));
});

afterEach(async () => {
  await pool?.close();
  pool = undefined;
  rmSync(root, { recursive: true, force: true });
});

const script = () => join(built, 'parser-worker.mjs');
const open = (workers: number, options: { script?: string; patienceMs?: number } = {}): ParserPool =>
  (pool = parserPool(root, { workers, script: script(), ...options }));
const write = (path: string, content: string | Buffer = `function ${path.replace(/\W/g, '_')}() {}\n`) =>
  writeFileSync(join(root, path), content);

describe.each([{ workers: 0 }, { workers: 2 }])('a pool of $workers workers', ({ workers }) => {
  it('says hash, size, lines, kind and definitions of each file asked for', async () => {
    const paths = Array.from({ length: 60 }, (_, index) => `f${index}.ts`);
    for (const path of paths) write(path);
    const { parse } = open(workers);
    const results = await Promise.all(paths.map((path) => parse(path)));
    results.forEach((result, index) => {
      if ('skipped' in result) throw new Error(result.skipped);
      expect(result.parsed.definitions).toEqual([{ name: `f${index}_ts`, line: 1 }]);
      expect(result).toMatchObject({ lines: 1, kind: 'code', parsed: { language: 'typescript' } });
      expect(result.size).toBe(`function f${index}_ts() {}\n`.length);
    });
    const [first] = results;
    const hash = execFileSync('git', ['hash-object', join(root, 'f0.ts')], { encoding: 'utf8' }).trim();
    expect(Buffer.from(first!.hash).toString('hex')).toBe(hash);
    expect([...(first && 'parsed' in first ? first.parsed.references : [])]).toEqual([]);
  });

  it('says why a file is not read', async () => {
    write('.env', 'KEY=1');
    write('large.ts', 'a'.repeat(1_000_001));
    write('large.png', Buffer.alloc(1_000_001));
    write('a.bin', Buffer.from([1, 0, 2]));
    write('go.sum');
    write('outside.ts');
    execFileSync('mkfifo', [join(root, 'pipe')]);
    mkdirSync(join(root, 'folder'));
    symlinkSync('outside.ts', join(root, 'link.ts'));
    symlinkSync(tmpdir(), join(root, 'away'));
    write('locked.ts');
    chmodSync(join(root, 'locked.ts'), 0);
    const expected = {
      '.env': 'secret',
      'large.ts': 'too large',
      'large.png': 'binary',
      'a.bin': 'binary',
      'go.sum': 'generated',
      pipe: 'unreadable',
      folder: 'unreadable',
      'link.ts': 'unreadable',
      'away/x.ts': 'unreadable',
      '../x.ts': 'unreadable',
      '/etc/hostname': 'unreadable',
      'gone.ts': 'unreadable',
      ...(process.getuid?.() === 0 ? {} : { 'locked.ts': 'unreadable' }),
    };
    const { parse } = open(workers);
    const results = await Promise.all(
      Object.keys(expected).map(async (path) => {
        const result = await parse(path);
        expect(result.hash).toHaveLength(20);
        return [path, 'skipped' in result ? result.skipped : 'read'];
      }),
    );
    expect(Object.fromEntries(results)).toEqual(expected);
  });

  it('refuses what is asked for after it was closed, and lets go of what is not done', async () => {
    const paths = Array.from({ length: 40 }, (_, index) => `f${index}.ts`);
    for (const path of paths) write(path, 'const a = 1;\n'.repeat(300));
    const { parse, close } = open(workers);
    const asked = paths.map((path) => parse(path));
    const settled = Promise.allSettled(asked);
    await asked[0];
    await close();
    expect((await settled).some(({ status }) => status === 'rejected')).toBe(true);
    await expect(parse('f0.ts')).rejects.toMatchObject({ code: 'E_INTERRUPTED' });
  });
});

/** A worker that does something bad at one file, and answers for the others. */
const badWorker = (atBad: string): string => {
  const path = join(built, `bad-${Math.random().toString(36).slice(2)}.mjs`);
  writeFileSync(
    path,
    `import { parentPort, workerData } from 'node:worker_threads';
    parentPort.on('message', (paths) => {
      Atomics.store(workerData.state, 0, 0);
      const answer = paths.map((path) => {
        Atomics.store(workerData.state, 1, path.startsWith('unread') ? 1 : 2);
        if (path.includes('bad')) { ${atBad} }
        Atomics.add(workerData.state, 0, 1);
        return { skipped: 'generated', hash: new Uint8Array(20), size: 1, mtimeMs: 1 };
      });
      Atomics.store(workerData.state, 1, 0);
      parentPort.postMessage(answer);
    });`,
  );
  return path;
};

describe('a worker that breaks', () => {
  it.each([
    ['crashes', 'throw new Error("crash");'],
    ['ends', 'process.exit(3);'],
    ['hangs', 'for (;;) {}'],
  ])('is replaced when it %s, and every file gets its answer', async (_what, atBad) => {
    const paths = Array.from({ length: 50 }, (_, index) => (index === 20 ? 'bad.ts' : `f${index}.ts`));
    for (const path of [...paths, 'unread-bad.ts']) write(path);
    const { parse } = open(2, { script: badWorker(atBad), patienceMs: 300 });
    const results = await Promise.all([...paths, 'unread-bad.ts'].map((path) => parse(path)));
    const [bad] = results.splice(20, 1);
    // What was read but could not be parsed is cut by lines.
    expect(bad).toMatchObject({ lines: 1, parsed: { language: undefined } });
    expect(results.pop()).toMatchObject({ skipped: 'unreadable' });
    expect(results.every((result) => 'skipped' in result && result.skipped === 'generated')).toBe(true);
  });

  it('is given up when all of them break, and the work is done here', async () => {
    const script = join(built, 'broken.mjs');
    writeFileSync(script, 'throw new Error("cannot start");');
    const paths = Array.from({ length: 30 }, (_, index) => `f${index}.ts`);
    for (const path of paths) write(path);
    const { parse } = open(2, { script });
    const results = await Promise.all(paths.map((path) => parse(path)));
    expect(results.every((result) => 'parsed' in result && result.parsed.language === 'typescript')).toBe(true);
  });

  it('is not missed where there is none', async () => {
    write('a.ts');
    expect(await open(2, { script: join(built, 'missing.mjs') }).parse('a.ts')).toMatchObject({ lines: 1 });
  });
});

describe('the process', () => {
  const run = (body: string) => {
    for (let index = 0; index < 20; index += 1) write(`f${index}.ts`);
    const file = join(built, 'run.mjs');
    writeFileSync(
      file,
      `import { parserPool } from './parser-pool.mjs';
      const pool = parserPool(${JSON.stringify(root)}, { workers: 2, script: ${JSON.stringify(script())} });
      const all = () => Promise.all(Array.from({ length: 20 }, (_, index) => pool.parse('f' + index + '.ts')));
      ${body}`,
    );
    return spawnSync(process.execPath, [file], { encoding: 'utf8', timeout: 15_000 });
  };

  it('ends by itself while the pool is idle, and not before it has answered', () => {
    const { status, stdout, stderr } = run('void all().then((results) => console.log(results.length));');
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '20\n', stderr: '' });
  });

  it('ends after the pool was closed', () => {
    const { status, stdout } = run('await all(); await pool.close(); console.log("closed");');
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'closed\n' });
  });

  it('lives until a pool that was closed in the middle of its work is closed', () => {
    const body = `
      void (async () => {
        for (let round = 0; round < 10; round += 1) {
          const pool = parserPool(${JSON.stringify(root)}, { workers: 2, script: ${JSON.stringify(script())} });
          const parse = (index) => pool.parse('f' + (index % 20) + '.ts').catch(() => undefined);
          await Promise.race(Array.from({ length: 200 }, (_, index) => parse(index)));
          // Answers that are under way arrive while it closes.
          for (const until = performance.now() + 20; performance.now() < until;);
          await pool.close();
        }
        console.log('closed');
      })();`;
    expect(run(body)).toMatchObject({ status: 0, stdout: 'closed\n' });
  }, 20_000);
});
