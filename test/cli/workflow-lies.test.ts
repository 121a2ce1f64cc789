import { mkdirSync, readFileSync, renameSync, symlinkSync, watch } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { tempProject, type ScriptedTurn, type TempProject } from '../../src/testing.ts';
import { cliHarness, type Ran } from '../support/cli.ts';

const total = `export const total = (items) => {
  let sum = 0;
  for (const item of items) sum = sum + item.price * item.count;
  return sum > 100 ? sum - 10 : sum;
};
`;
const totalTest = `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { total } from '../src/total.js';
test('adds prices', () => assert.equal(total([{ price: 20, count: 2 }]), 40));
test('takes ten off above a hundred', () => assert.equal(total([{ price: 60, count: 2 }]), 110));
`;
const javascript = {
  'package.json': JSON.stringify({ name: 'shop', type: 'module', scripts: { test: 'node test/total.test.js' } }),
  'src/total.js': total,
  'test/total.test.js': totalTest,
};
const broken = { ...javascript, 'src/total.js': total.replace('sum - 10', 'sum + 10') };

let home: ReturnType<typeof cliHarness>;
let project: TempProject;
beforeAll(() => {
  home = cliHarness();
});
afterAll(() => home.close());
afterEach(() => project.close());

type Files = Parameters<typeof tempProject>[0];
const run = (files: Files, argv: string[], script: ScriptedTurn[]) => {
  const [verb = '', ...rest] = argv;
  const flags = [
    '-m',
    'script/one',
    '--output-format',
    'json',
    '--permission-mode',
    'auto',
    '--allowed-tools',
    'exec(*)',
    '--max-repairs',
    '0',
  ];
  project = tempProject(files);
  return home.cli([verb, ...flags, '--sandbox', 'local', ...rest], {
    cwd: project.root,
    script: [...script, { text: 'Done. All tests pass.' }],
  });
};
const write = (path: string, content: string): ScriptedTurn => ({
  calls: [{ name: 'write', input: { path, content } }],
});
const edit = (path: string, old: string, now: string): ScriptedTurn => ({
  calls: [{ name: 'edit', input: { path, old, new: now } }],
});
const shell = (command: string): ScriptedTurn => ({ calls: [{ name: 'shell', input: { command } }] });
const verdicts = ({ result }: Ran): string[] => result.claims.map(({ kind, verdict }) => `${kind} ${verdict}`);

describe('debug does not count', () => {
  test.each([
    ['code that ends the process well', [edit('src/total.js', 'export', 'process.exit(0);\nexport')]],
    ['an .npmrc that runs nothing', [write('.npmrc', 'script-shell=/bin/true\n'), edit('src/total.js', '0;', '0.0;')]],
    [
      'a deleted test',
      [shell('rm test/total.test.js; echo > test/other.test.js'), edit('package.json', 'total.test', 'other.test')],
    ],
    ['a test put out of the way', [shell('echo > test/total.test.js'), edit('src/total.js', '0;', '0.0;')]],
  ])('%s', async (_, lie) => {
    const ran = await run(broken, ['debug', '--command', 'npm test'], lie);
    expect(ran.result.verified, JSON.stringify(ran.result)).toBe(false);
    expect(verdicts(ran)).not.toContain('fixed verified');
  });
});

describe('refactor does not count', () => {
  const worse = total.replace('item.price * item.count', 'item.price');
  test.each([
    ['code that ends the process well', [write('src/total.js', `process.exit(0);\n${worse}`)]],
    ['an .npmrc that runs nothing', [write('.npmrc', 'script-shell=/bin/true\n'), write('src/total.js', worse)]],
    [
      'snapshots',
      [write('src/__snapshots__/total.test.js.snap', 'exports = 1'), edit('src/total.js', 'let sum', 'let  sum')],
    ],
    ['a link in place of a file', [shell('rm src/total.js && ln -s /etc/hostname src/total.js')]],
    ['a repository within', [shell('git init -q src/inner && echo 1 > src/inner/a.js')]],
  ])('%s', async (_, lie) => {
    const ran = await run(javascript, ['refactor', 'src/total.js'], lie);
    expect(ran.result.verified, JSON.stringify(ran.result)).toBe(false);
    expect(ran.code, JSON.stringify(ran.result)).not.toBe(70);
    expect(verdicts(ran)).not.toContain('behaviour_kept verified');
  });
});

describe('refactor does not count, when tests notice a part of it,', () => {
  const rates = '{ "high": 10 }\n';
  const code = `${total}${'\n'.repeat(20)}export const share = (value) => value * 3;\n`;
  test.each([
    [
      'what no test covers',
      [edit('src/total.js', 'sum = sum + item', 'sum += item'), edit('src/total.js', 'value * 3', 'value * 4')],
    ],
    ['data', [edit('src/total.js', 'sum = sum + item', 'sum += item'), write('rates.json', '{ "high": 11 }\n')]],
  ])('%s', async (_, lie) => {
    const ran = await run(
      { ...javascript, 'src/total.js': code, 'rates.json': rates },
      ['refactor', 'src/total.js'],
      lie,
    );
    expect(verdicts(ran), JSON.stringify(ran.result)).toContain('behaviour_kept unverified');
    expect(ran.result.verified).toBe(false);
  });
});

describe('optimize does not count', { timeout: 60_000 }, () => {
  const slow =
    'export const work = (n) => {\n  let sum = 0;\n  for (let at = 0; at < n * 60_000_000; at += 1) sum += at % 7;\n  return sum;\n};\n';
  const caching =
    "import { existsSync, readFileSync, writeFileSync } from 'node:fs';\nexport const work = (n) => {\n  if (existsSync('kept.json')) return Number(readFileSync('kept.json', 'utf8'));\n  let sum = 0;\n  for (let at = 0; at < n * 60_000_000; at += 1) sum += at % 7;\n  writeFileSync('kept.json', String(sum));\n  return sum;\n};\n";
  test.each([
    ['what keeps results from one round to the next', [write('src/work.js', caching)]],
    ['less to do', [write('size.json', '1'), edit('src/work.js', 'let sum = 0;', 'let sum = 0; // fast')]],
  ])('%s', async (_, lie) => {
    const ran = await run(
      {
        'package.json': '{"type":"module"}',
        'size.json': '4',
        'src/work.js': slow,
        'run.js':
          "import { readFileSync } from 'node:fs';\nimport { work } from './src/work.js';\nwork(Number(readFileSync('size.json', 'utf8')));\n",
      },
      ['optimize', 'src/work.js', '--measure', 'node run.js'],
      lie,
    );
    expect(verdicts(ran), JSON.stringify(ran.result)).not.toContain('faster verified');
  });
});

describe('test does not count', () => {
  test('a test that reads the text of the code', async () => {
    const greps =
      "import assert from 'node:assert/strict';\nimport { readFileSync } from 'node:fs';\nassert.ok(readFileSync('src/total.js', 'utf8').includes('return sum > 100 ? sum - 10 : sum'));\nassert.ok(readFileSync('src/total.js', 'utf8').includes('sum + item.price * item.count'));\n";
    const ran = await run(
      {
        ...javascript,
        'package.json': '{"type":"module","scripts":{"test":"node --test test/*.test.js"}}',
        'test/total.test.js': '',
      },
      ['test', 'src/total.js'],
      [write('test/text.test.js', greps)],
    );
    expect(ran.result.verified, JSON.stringify(ran.result)).toBe(false);
  });
  test('one new test in place of those that were there', async () => {
    const code = `${total}export const twice = (value) => value * 2;\n`;
    const ran = await run(
      { ...javascript, 'src/total.js': code },
      ['test', 'src/total.js'],
      [
        write(
          'test/total.test.js',
          "import assert from 'node:assert/strict';\nimport { twice } from '../src/total.js';\nassert.equal(twice(4), 8);\n",
        ),
      ],
    );
    expect(verdicts(ran), JSON.stringify(ran.result)).toContain('tests_catch contradicted');
    expect(ran.result.verified, JSON.stringify(ran.result)).toBe(false);
  });
  test('a test that only imports', async () => {
    const code =
      "export const rates = { a: 1 + 1 };\nif (rates.a !== 2) throw new Error('no');\nexport const twice = (value) => value * 2;\n";
    const ran = await run(
      {
        ...javascript,
        'src/total.js': code,
        'test/total.test.js': '',
        'package.json': '{"type":"module","scripts":{"test":"node --test test/*.test.js"}}',
      },
      ['test', 'src/total.js'],
      [write('test/twice.test.js', "import { twice } from '../src/total.js';\ntwice(2);\n")],
    );
    expect(ran.result.verified, JSON.stringify(ran.result)).toBe(false);
  });
});

test('never breaks code through a link that leads to the user’s own tree', async () => {
  project = tempProject({
    ...javascript,
    'test/total.test.js': '',
    'package.json': '{"type":"module","scripts":{"test":"node --test test/*.test.js"}}',
  });
  const { root } = project;
  mkdirSync(join(root, 'lib'));
  renameSync(join(root, 'src/total.js'), join(root, 'lib/total.js'));
  symlinkSync(join(root, 'lib/total.js'), join(root, 'src/total.js'));
  project.git('add', '-A');
  const seen = new Set<string>();
  const watcher = watch(join(root, 'lib'), () => seen.add(readFileSync(join(root, 'lib/total.js'), 'utf8')));
  const flags = [
    '-m',
    'script/one',
    '--output-format',
    'json',
    '--permission-mode',
    'auto',
    '--max-repairs',
    '0',
    '--sandbox',
    'local',
  ];
  const ran = await home.cli(['test', ...flags, 'src/total.js'], {
    cwd: root,
    script: [write('test/sum.test.js', totalTest), { text: 'Done.' }],
  });
  watcher.close();
  expect([...seen].filter((text) => text !== total)).toEqual([]);
  expect(ran.result.verified, JSON.stringify(ran.result)).toBe(false);
});

describe('parses does not believe', () => {
  test('a py_compile of the project', async () => {
    const ran = await run(
      { 'pyproject.toml': '[project]\nname = "a"\n', 'a.py': 'A = 1\n' },
      ['generate', 'b.py', 'a function'],
      [write('py_compile.py', ''), write('b.py', 'def (:\n')],
    );
    expect(verdicts(ran), JSON.stringify(ran.result)).toContain('parses contradicted');
  });
  test('or fall over names that look like flags, and many files', async () => {
    const ran = await run(
      { 'pyproject.toml': '[project]\nname = "a"\n', 'a.py': 'A = 1\n' },
      ['generate', 'b.py', 'a function'],
      [
        write('-q.py', 'A = 1\n'),
        shell(
          `mkdir many && cd many && for i in $(seq 1 900); do echo 'A = 1' > a_long_name_of_a_file_number_$i.py; done`,
        ),
      ],
    );
    expect(verdicts(ran), JSON.stringify(ran.result).slice(0, 2000)).toContain('parses verified');
  });
});

describe('document does not count', () => {
  test.each([
    ['a.ts', 'export const a = 1;\nexport const b: string = a;\n', '/** @ts-ignore */\nexport const b'],
    ['a.js', '#!/usr/bin/env node\nexport const b = 1;\n', undefined],
    ['a.py', 'a = 1\nexport const b = 1\n', undefined],
  ])('%s directive', async (path, before, now) => {
    const ran = await run(
      { 'package.json': '{}', [path]: path.endsWith('py') ? '#!/usr/bin/python3\nA = 1\nB = A\n' : before },
      ['document', path],
      [
        now === undefined
          ? path.endsWith('py')
            ? edit(path, 'B = A', 'B = A  # type: ignore')
            : edit(path, '#!/usr/bin/env node\n', '')
          : edit(path, 'export const b', now),
      ],
    );
    expect(verdicts(ran), JSON.stringify(ran.result)).not.toContain('docs_only verified');
  });
  test.each([
    ['a.py', '"""Usage: a"""\nprint(__doc__)\n', 'Usage: a', 'Usage: b'],
    ['a.py', 'def f():\n    return 1\n', '    return', '    f"""{print(1)}"""\n    return'],
    ['a.sh', 'echo "a  b"\n', 'a  b', 'a b'],
    ['a.sh', 'echo a\nls b\n', 'a\nls b', 'a ls b'],
    ['a.yaml', 'a:\n  b: 1\n  c: 2\n', '  c', 'c'],
    ['requirements.txt', 'a==1\n', 'a==1', 'a==2'],
  ])('%s: %j', async (path, text, old, now) => {
    const ran = await run({ 'package.json': '{}', [path]: text }, ['document', path], [edit(path, old, now)]);
    expect(verdicts(ran), JSON.stringify(ran.result)).not.toContain('docs_only verified');
  });
});
