import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Found } from '../../src/core/found.ts';
import type { BuildReport } from '../../src/app/search/build-index.ts';
import { textOf } from '../../src/core/message.ts';
import { tempProject, type TempProject } from '../../src/testing.ts';
import { cliHarness } from '../support/cli.ts';

const files = {
  'src/parse-args.ts':
    '/** Takes a command line apart. */\nexport const parseArgs = (argv: string[]): string[] => argv.slice(2);\n',
  'src/retry.ts':
    '/** Waits longer after each failure. */\nexport const backoff = async (attempt: number): Promise<number> => 2 ** attempt * 100;\n',
  'src/db/pool.py':
    'class ConnectionPool:\n    """Keeps connections open."""\n\n    def acquire(self):\n        return self._idle.pop()\n',
  'docs/guide.md': '# Guide\n\n## Retries\n\nA request that fails is sent again after a while.\n',
  '.env': 'TOKEN=super-secret-value-superneedle\n',
  '.gitignore': 'ignored/\n',
  'ignored/x.ts': 'export const parseArgsIgnored = 1;\n',
};

let home: ReturnType<typeof cliHarness>;
let project: TempProject;
beforeAll(() => {
  home = cliHarness();
});
afterAll(() => home.close());
beforeEach(() => {
  project = tempProject(files);
});
afterEach(() => project.close());

type Options = Parameters<ReturnType<typeof cliHarness>['cli']>[1];
const cli = (argv: string[], options: Options = {}) => home.cli(argv, { cwd: project.root, ...options });
const search = async (...argv: string[]): Promise<Found[]> => {
  const ran = await cli(['search', '--json', ...argv]);
  expect(ran.stderr).not.toMatch(/Bug/);
  return JSON.parse(ran.stdout) as Found[];
};

describe('search', () => {
  test('finds a definition by its name, with its lines and why', async () => {
    const [first] = await search('parseArgs');
    expect(first).toMatchObject({
      kind: 'code',
      path: 'src/parse-args.ts',
      startLine: 1,
      endLine: 2,
      symbol: 'parseArgs',
    });
    expect(first?.text).toContain('argv.slice(2)');
    expect(Object.keys(first?.why ?? {})).toContain('symbol');
    const sum = Object.values(first?.why ?? {}).reduce((all, one) => all + one, 0);
    expect(sum).toBeCloseTo(first?.score ?? 0, 6);
  });

  test('finds by topic, documents too, and by kind only what was asked for', async () => {
    expect((await search('connections pool')).map(({ path }) => path)).toContain('src/db/pool.py');
    const docs = await search('request sent again', '--kind', 'doc');
    expect(docs).toHaveLength(1);
    expect(docs[0]).toMatchObject({ kind: 'doc', path: 'docs/guide.md' });
    expect((await search('start', '--kind', 'commit'))[0]).toMatchObject({ kind: 'commit', startLine: 0 });
  });

  test('gives one result per file with --files, and at most as many as asked for', async () => {
    const found = await search('retry failure attempt request', '--files');
    expect(new Set(found.map(({ path }) => path)).size).toBe(found.length);
    expect(await search('retry failure attempt request', '--files', '-n', '1')).toHaveLength(1);
  });

  test('sees what changed since, without being told', async () => {
    await search('parseArgs');
    writeFileSync(join(project.root, 'src/fresh.ts'), 'export const zebraCrossing = 1;\n');
    rmSync(join(project.root, 'src/retry.ts'));
    expect((await search('zebraCrossing'))[0]?.path).toBe('src/fresh.ts');
    expect((await search('backoff')).map(({ path }) => path)).not.toContain('src/retry.ts');
  });

  test('never finds ignored files, nor files with secrets', async () => {
    expect((await search('parseArgsIgnored')).map(({ path }) => path)).not.toContain('ignored/x.ts');
    expect((await search('super secret value TOKEN')).map(({ path }) => path)).not.toContain('.env');
    const data = readdirSync(join(home.home, 'data/index'), { recursive: true, withFileTypes: true });
    const held = data
      .filter((one) => one.isFile())
      .map((one) => readFileSync(join(one.parentPath, one.name), 'latin1'));
    expect(held.some((bytes) => bytes.includes('parse-args.ts'))).toBe(true);
    expect(held.filter((bytes) => bytes.includes('super-secret-value') || bytes.includes('superneedle'))).toEqual([]);
  });

  test('narrows to paths, and to the folder it is asked in', async () => {
    expect((await search('retry request', '--path', 'docs')).every(({ path }) => path.startsWith('docs/'))).toBe(true);
    const ran = await cli(['search', 'acquire connections', '--json'], { cwd: join(project.root, 'src') });
    expect((JSON.parse(ran.stdout) as Found[]).map(({ path }) => path)).toContain('db/pool.py');
    expect(ran.stdout).not.toContain('guide.md');
  });

  test('leaves out what index.exclude names', async () => {
    mkdirSync(join(project.root, '.llm-copilot'), { recursive: true });
    writeFileSync(join(project.root, '.llm-copilot/config.yaml'), 'index:\n  exclude: [docs/]\n');
    expect((await search('request sent again')).map(({ path }) => path)).not.toContain('docs/guide.md');
  });

  test('says that nothing was found and exits 1', async () => {
    const ran = await cli(['search', 'xyzzyplugh']);
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr).toContain('Nothing found');
    expect(await cli(['search', '--json', 'xyzzyplugh'])).toMatchObject({ code: 1, stdout: '[]\n' });
  });

  test.each([
    [['search', '  '], 'The query is empty'],
    [['search', 'a', '--limit', '0'], '--limit takes'],
    [['search', 'a', '--kind', 'nonsense'], 'nonsense'],
  ])('refuses %j', async (argv, message) => {
    const ran = await cli(argv);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain(message);
  });

  test('takes any text for a query', async () => {
    for (const query of [
      '"',
      'a AND (b',
      'NEAR(x',
      '* OR *',
      "'; DROP TABLE files; --",
      '-'.repeat(50),
      '\u0000x',
      'ä'.repeat(9999),
    ])
      expect([0, 1], query.slice(0, 20)).toContain((await cli(['search', '--', query])).code);
    expect((await cli(['search', '--', `parseArgs ${'word '.repeat(200_000)}`])).code).toBe(0);
  });

  test('works outside git, where links go round in circles', async () => {
    const plain = tempProject({ 'a/one.ts': 'export const lonely = 1;\n' }, { git: false });
    symlinkSync('..', join(plain.root, 'a/up'));
    const ran = await cli(['search', 'lonely', '--json'], { cwd: plain.root });
    expect((JSON.parse(ran.stdout) as Found[]).map(({ path }) => path)).toEqual(['a/one.ts']);
    plain.close();
  });
});

describe('index', () => {
  const index = async (...argv: string[]): Promise<BuildReport> =>
    JSON.parse((await cli(['index', '--json', ...argv])).stdout) as BuildReport;

  test('says what is in it, and does nothing twice', async () => {
    const first = await index();
    expect(first).toMatchObject({ files: 5, added: 5, commits: 1, withoutVector: 0, skipped: { secret: 1 } });
    expect(await index()).toMatchObject({ files: 5, added: 0, changed: 0, removed: 0 });
    expect((await index('--rebuild')).added).toBe(5);
  });

  test('makes a damaged index anew and says so once', async () => {
    await index();
    const folder = join(home.home, 'data/index');
    for (const name of readdirSync(folder)) {
      const path = join(folder, name, 'code.db');
      if (existsSync(path)) writeFileSync(path, 'this is no database, not any more');
    }
    const ran = await cli(['search', 'parseArgs']);
    expect(ran.code).toBe(0);
    expect(ran.stderr).toMatch(/index of code was damaged; it is made anew/);
    expect((await cli(['search', 'parseArgs'])).stderr).toBe('');
  });

  test('prunes indexes of folders that are gone', async () => {
    const gone = tempProject({ 'a.ts': 'export const a = 1;\n' });
    await cli(['index'], { cwd: gone.root });
    gone.close();
    const ran = await cli(['index', '--prune', '--json']);
    expect((JSON.parse(ran.stdout) as { removed: string[] }).removed).toContain(gone.root);
    expect((await cli(['index', '--prune'])).stderr).toContain('Every index belongs to a folder that is there.');
  });

  test('is listed and erased with all other traces of a repository', async () => {
    await index();
    await cli(['privacy', 'erase', '--repo', '.', '--yes']);
    expect((await index()).added).toBe(5);
  });
});

describe('map', () => {
  test('names the definitions others lean on, within its budget', async () => {
    writeFileSync(
      join(project.root, 'src/main.ts'),
      "import { parseArgs } from './parse-args.ts';\nparseArgs(process.argv);\n",
    );
    const ran = await cli(['map', '--tokens', '60']);
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain('src/parse-args.ts');
    expect(ran.stdout).toContain('parseArgs = (argv: string[])');
    expect(Buffer.byteLength(ran.stdout)).toBeLessThan(400);
    expect((await cli(['map', '--tokens', 'many'])).code).toBe(2);
  });
});

describe('an agent', () => {
  test('asks for search on demand, and is told places', async () => {
    const seen: string[] = [];
    const ran = await cli(['run', '-m', 'script/one', '--output-format', 'json', 'where are arguments parsed?'], {
      script: (request, turn) => {
        seen.push(
          textOf(
            request.messages.at(-1)?.content.flatMap((block) => (block.type === 'tool_result' ? block.content : [])) ??
              [],
          ),
        );
        return (
          [
            { calls: [{ name: 'load_tool', input: { name: 'search' } }] },
            { calls: [{ name: 'search', input: { query: 'parse arguments', limit: 3 } }] },
            { text: 'In src/parse-args.ts.' },
          ][turn] ?? { text: 'Done.' }
        );
      },
    });
    expect(ran.code, ran.stderr).toBe(0);
    expect(seen[2]).toMatch(/^src\/parse-args\.ts:1-2 parseArgs\n/);
  });

  test('finds nothing that a rule hides', async () => {
    const seen: string[] = [];
    mkdirSync(join(project.root, '.llm-copilot'), { recursive: true });
    writeFileSync(
      join(project.root, '.llm-copilot/config.yaml'),
      'permissions:\n  rules: [{deny: read(src/retry.ts)}]\n',
    );
    const ran = await cli(['run', '-m', 'script/one', '--output-format', 'json', 'how long is waited?'], {
      script: (request, turn) => {
        seen.push(
          textOf(
            request.messages.at(-1)?.content.flatMap((block) => (block.type === 'tool_result' ? block.content : [])) ??
              [],
          ),
        );
        return (
          [
            { calls: [{ name: 'load_tool', input: { name: 'search' } }] },
            { calls: [{ name: 'search', input: { query: 'backoff attempt failure' } }] },
            { text: 'Unknown.' },
          ][turn] ?? { text: 'Done.' }
        );
      },
    });
    expect(ran.code, ran.stderr).toBe(0);
    expect(seen[2]).not.toContain('retry.ts');
  });
});
