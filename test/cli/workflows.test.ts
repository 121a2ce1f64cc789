import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { textOf } from '../../src/core/message.ts';
import type { Request } from '../../src/core/provider.ts';
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
  'package.json': JSON.stringify({ name: 'shop', type: 'module' }),
  Makefile: '.PHONY: test\ntest:\n\t@for file in test/*.test.js; do node $$file || exit 1; done\n',
  'src/total.js': total,
  'test/total.test.js': totalTest,
};
const typescript = {
  'package.json': JSON.stringify({ name: 'limit', type: 'module' }),
  'src/limit.ts': 'export const limit = (value: number, most: number): number => (value > most ? most : value);\n',
};
const python = {
  'pyproject.toml': '[project]\nname = "price"\nversion = "1"\n',
  'price.py': 'def net(gross, percent):\n    return gross * 100 / (100 + percent)\n',
  Makefile: 'test:\n\tpython3 -B -m unittest -q\n',
  'test_start.py':
    'import unittest\n\nclass StartTest(unittest.TestCase):\n    def test_nothing(self):\n        pass\n',
};

let home: ReturnType<typeof cliHarness>;
let project: TempProject;
beforeAll(() => {
  home = cliHarness();
});
afterAll(() => home.close());
afterEach(() => project.close());

type Options = Parameters<ReturnType<typeof cliHarness>['cli']>[1];
const run = (argv: string[], script: ScriptedTurn[], options: Options = {}) => {
  const [verb = '', ...rest] = argv;
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
  return home.cli([verb, ...flags, ...rest], { cwd: project.root, script, ...options });
};
const edit = (path: string, old: string, now: string): ScriptedTurn => ({
  calls: [{ name: 'edit', input: { path, old, new: now } }],
});
const kinds = ({ result }: Ran): string[] => result.claims.map(({ kind, verdict }) => `${kind} ${verdict}`);
const evidence = ({ result }: Ran, kind: string): string =>
  result.claims.find((one) => one.kind === kind)?.evidence ?? '';
const lastWords = (request: Request): string => textOf(request.messages.at(-1)?.content ?? []);
const write = (path: string, content: string): ScriptedTurn => ({
  calls: [{ name: 'write', input: { path, content } }],
});
const says = (text: string): ScriptedTurn => ({ text });

describe('refactor', () => {
  const better = total.replace(
    / {2}let sum[\s\S]*?count;\n/,
    '  const sum = items.reduce((all, item) => all + item.price * item.count, 0);\n',
  );

  test('is verified when the tests pass before and after and notice breaks in the changed lines', async () => {
    project = tempProject(javascript);
    const ran = await run(['refactor', 'src/total.js', 'use reduce'], [write('src/total.js', better), says('Done.')]);
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.result).toMatchObject({ status: 'done', verified: true });
    expect(kinds(ran)).toEqual(['parses verified', 'behaviour_kept verified']);
  });

  test('that breaks behaviour is not done', async () => {
    project = tempProject(javascript);
    const worse = better.replace('item.price * item.count', 'item.price');
    const ran = await run(['refactor', 'src/total.js'], [write('src/total.js', worse), says('Done. All tests pass.')]);
    expect(ran.code).toBe(1);
    expect(ran.result).toMatchObject({ status: 'failed', verified: false, error: { code: 'E_NOT_ACHIEVED' } });
    expect(kinds(ran)).toContain('behaviour_kept contradicted');
  });

  test('may not change the tests that say what it must keep', async () => {
    project = tempProject(javascript);
    const script = [write('src/total.js', better), edit('test/total.test.js', '40', '40 + 0'), says('Done.')];
    const ran = await run(['refactor', 'src/total.js'], script);
    expect(ran.code).toBe(1);
    expect(evidence(ran, 'behaviour_kept')).toContain('Tests were changed: test/total.test.js');
  });

  test('says when no test covers what was changed', async () => {
    const other = "import { test } from 'node:test';\ntest('nothing', () => undefined);\n";
    project = tempProject({ ...javascript, 'test/total.test.js': other });
    const ran = await run(['refactor', 'src/total.js'], [write('src/total.js', better), says('Done.')]);
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.result.verified).toBe(false);
    expect(kinds(ran)).toContain('behaviour_kept unverified');
    expect(evidence(ran, 'behaviour_kept')).toContain('No test covers what was changed in src/total.js');
  });

  test('that does not parse goes back to the model, and is not done', async () => {
    project = tempProject(typescript);
    const seen: string[] = [];
    const ran = await run(['refactor', 'src/limit.ts', '--max-repairs', '1'], [], {
      script: (request, turn) => {
        seen.push(lastWords(request));
        return (
          [edit('src/limit.ts', 'value > most', '(value > most'), says('Done.'), says('I cannot.')][turn] ?? says('')
        );
      },
    });
    expect(ran.code).toBe(1);
    expect(evidence(ran, 'parses')).toContain('src/limit.ts:1');
    expect(seen.at(-1)).toContain('What you wrote does not parse');
  });

  test('that changes nothing is not done', async () => {
    project = tempProject(javascript);
    const ran = await run(['refactor', 'src/total.js'], [says('It is fine as it is. All tests pass.')]);
    expect(ran.code).toBe(1);
    expect(kinds(ran)).toContain('changed contradicted');
  });
});

describe('generate', () => {
  test('in Python is parsed by python3, and leaves no bytecode behind', async () => {
    project = tempProject(python);
    const ran = await run(
      ['generate', 'clamp.py', 'a clamp function'],
      [write('clamp.py', 'def clamp(a, low, high):\n    return max(low, min(a, high))\n'), says('Done.')],
    );
    expect(ran.code, ran.stderr).toBe(0);
    expect(kinds(ran)).toEqual(['parses verified']);
    expect(evidence(ran, 'parses')).toContain('python3 -m py_compile');
    expect(project.git('status', '--porcelain', '--ignored')).toBe('?? clamp.py\n');
  });

  test('in Python that does not parse is not done', async () => {
    project = tempProject(python);
    const ran = await run(
      ['generate', 'clamp.py', 'a clamp function'],
      [write('clamp.py', 'def clamp(a):\nreturn a\n'), says('Done.')],
    );
    expect(ran.code).toBe(1);
    expect(evidence(ran, 'parses')).toContain('clamp.py');
  });

  test('judges JSON and YAML by their parsers', async () => {
    project = tempProject(python);
    const good = await run(
      ['generate', 'a.json', 'a file'],
      [write('a.json', '{ "a": 1 }'), write('b.yaml', 'a:\n  - 1\n'), says('Done.')],
    );
    expect(kinds(good)).toEqual(['parses verified']);
    const bad = await run(['generate', 'c.json', 'a file'], [write('c.json', '{ "a": 1, }'), says('Done.')]);
    expect(bad.code).toBe(1);
    expect(evidence(bad, 'parses')).toContain('c.json:1');
  });
});

describe('debug', () => {
  const broken = {
    ...javascript,
    'package.json': JSON.stringify({ name: 'shop', type: 'module', scripts: { test: 'node test/total.test.js' } }),
    'src/total.js': total.replace('sum - 10', 'sum + 10'),
  };

  test('shows the model what fails, and counts only what makes that pass', async () => {
    project = tempProject(broken);
    const seen: string[] = [];
    const ran = await run(['debug'], [], {
      script: (request, turn) => {
        seen.push(lastWords(request));
        return (
          [edit('src/total.js', 'sum + 10', 'sum - 10'), says('The sign in src/total.js:4 was wrong.')][turn] ??
          says('')
        );
      },
    });
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.result.verified).toBe(true);
    expect(kinds(ran)).toContain('fixed verified');
    expect(seen[0]).toContain('takes ten off above a hundred');
    expect(seen[0]).toContain('This fails now: `npm test`');
  });

  test('that does not fix is not done', async () => {
    project = tempProject(broken);
    const ran = await run(
      ['debug', '--command', 'npm test'],
      [edit('src/total.js', 'let sum = 0', 'let sum = 0.0'), says('Fixed!')],
    );
    expect(ran.code).toBe(1);
    expect(kinds(ran)).toContain('fixed contradicted');
  });

  test.each([
    ['a changed test', edit('test/total.test.js', '110', '130')],
    ['a changed script', edit('package.json', 'node test/total.test.js', 'exit 0')],
  ])('that passes only because of %s is not done', async (_, lie) => {
    project = tempProject(broken);
    const ran = await run(['debug', '--command', 'npm test'], [lie, says('Fixed!')]);
    expect(ran.code).toBe(1);
    expect(evidence(ran, 'fixed')).toContain('passes only because');
  });

  test('ends without asking a model when nothing fails', async () => {
    project = tempProject(javascript);
    const ran = await run(['debug', '--command', 'make test'], [says('never')]);
    expect(ran.code).toBe(1);
    expect(ran.result).toMatchObject({ turns: 0, error: { code: 'E_NOT_REPRODUCED' } });
  });
});

describe('test', () => {
  const untested = {
    ...javascript,
    'test/total.test.js': "import { test } from 'node:test';\ntest('nothing', () => undefined);\n",
  };

  test('is verified when a break of the code makes the new tests fail', async () => {
    project = tempProject(untested);
    const ran = await run(['test', 'src/total.js'], [write('test/sum.test.js', totalTest), says('Done.')]);
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.result.verified).toBe(true);
    expect(evidence(ran, 'tests_catch')).toMatch(/With src\/total\.js broken on purpose \(line \d: .*\) they fail/);
    expect(project.read('src/total.js')).toBe(total);
  });

  test('that always passes is not done, although other tests would notice', async () => {
    project = tempProject(javascript);
    const vacuous =
      "import assert from 'node:assert/strict';\nimport { test } from 'node:test';\nimport { total } from '../src/total.js';\ntest('sums', () => assert.ok(total([]) !== undefined || true));\n";
    const ran = await run(['test', 'src/total.js'], [write('test/sum.test.js', vacuous), says('All tests pass.')]);
    expect(ran.code).toBe(1);
    expect(evidence(ran, 'tests_catch')).toContain('They pass whatever the code does');
  });

  test('in Python too', async () => {
    project = tempProject(python);
    const good =
      'import unittest\nfrom price import net\n\nclass NetTest(unittest.TestCase):\n    def test_takes_tax_off(self):\n        self.assertEqual(net(120, 20), 100)\n';
    const ran = await run(['test', 'price.py#net'], [write('test_price.py', good), says('Done.')]);
    expect(ran.code, ran.stderr).toBe(0);
    expect(kinds(ran)).toEqual(['parses verified', 'tests_catch verified']);
  });

  test('may not change the code it tests', async () => {
    project = tempProject(untested);
    const ran = await run(
      ['test', 'src/total.js'],
      [edit('src/total.js', '> 100', '>= 100'), write('test/sum.test.js', totalTest), says('Done.')],
    );
    expect(ran.code).toBe(1);
    expect(evidence(ran, 'tests_catch')).toContain('src/total.js');
  });
});

describe('document', () => {
  test('changes comments only, and is held to that', async () => {
    project = tempProject(typescript);
    const doc = '/** The value, or the most there may be. */\n';
    const ran = await run(
      ['document', 'src/limit.ts'],
      [edit('src/limit.ts', 'export const', `${doc}export const`), says('Done.')],
    );
    expect(ran.code, ran.stderr).toBe(0);
    expect(kinds(ran)).toContain('docs_only verified');
    const sly = await run(
      ['document', 'src/limit.ts'],
      [edit('src/limit.ts', 'value > most', 'value >= most'), says('Done.')],
    );
    expect(sly.code).toBe(1);
    expect(evidence(sly, 'docs_only')).toContain('src/limit.ts');
  });

  test('compares Python without comments and docstrings', async () => {
    project = tempProject(python);
    const ran = await run(
      ['document', 'price.py'],
      [edit('price.py', '    return', '    """Takes the tax off."""\n    # In percent.\n    return'), says('Done.')],
    );
    expect(kinds(ran)).toEqual(['parses verified', 'docs_only verified']);
    const sly = await run(['document', 'price.py'], [edit('price.py', '100 +', '101 +'), says('Done.')]);
    expect(kinds(sly)).toContain('docs_only contradicted');
  });
});

// It waits for what it measures.
describe('optimize', { timeout: 90_000 }, () => {
  const bench =
    "import { unique } from './src/unique.js';\nconst list = Array.from({ length: 16000 }, (_, at) => at % 8000);\nfor (let at = 0; at < 5; at += 1) unique(list);\n";
  const slow = 'export const unique = (list) => list.filter((one, at) => list.indexOf(one) === at);\n';
  const fast = 'export const unique = (list) => [...new Set(list)];\n';
  const files = {
    'package.json': JSON.stringify({ name: 'u', type: 'module', scripts: { bench: 'node bench.js' } }),
    Makefile: javascript.Makefile,
    'bench.js': bench,
    'test/unique.test.js':
      "import assert from 'node:assert/strict';\nimport { test } from 'node:test';\nimport { unique } from '../src/unique.js';\ntest('takes doubles out', () => assert.deepEqual(unique([2, 1, 2]), [2, 1]));\n",
  };

  test('is measured before and after, in turn', async () => {
    project = tempProject({ ...files, 'src/unique.js': slow });
    const ran = await run(['optimize', 'src/unique.js'], [write('src/unique.js', fast), says('Done.')]);
    expect(ran.code, ran.stderr).toBe(0);
    expect(kinds(ran)).toContain('faster verified');
    expect(evidence(ran, 'faster')).toMatch(/npm run --silent bench.*interleaved rounds/);
  });

  test.each([
    ['is slower', 'src/unique.js', fast, slow],
    ['only measures less', 'bench.js', fast, fast],
  ])('that %s is not done', async (_, path, before, after) => {
    project = tempProject({ ...files, 'src/unique.js': before });
    const ran = await run(
      ['optimize', 'src/unique.js', '--measure', 'node bench.js'],
      [write(path, path === 'bench.js' ? '' : after), says('Much faster now.')],
    );
    expect(ran.code).toBe(1);
    expect(kinds(ran)).toContain('faster contradicted');
  });

  test('without a measurement is not called faster', async () => {
    project = tempProject({ ...files, 'src/unique.js': slow, 'package.json': javascript['package.json'] });
    const ran = await run(['optimize', 'src/unique.js'], [write('src/unique.js', fast), says('Done.')]);
    expect(ran.result.verified).toBe(false);
    expect(evidence(ran, 'faster')).toContain('No measurement');
  });
});

describe('explain and plan', () => {
  test('name lines that exist, and those that do not are marked', async () => {
    project = tempProject(javascript);
    const good = await run(
      ['explain', 'src/total.js'],
      [says('It sums in src/total.js:3 and takes ten off in src/total.js:4.')],
    );
    expect(good.code, good.stderr).toBe(0);
    expect(good.result).toMatchObject({ verified: true, claims: [{ kind: 'cited', verdict: 'verified' }] });
    const bad = await run(['plan', 'src/total.js', 'add tax'], [says('Change src/total.js:99 and src/none.js:1.')]);
    expect(bad.result.verified).toBe(false);
    expect(bad.result.summary).toContain('src/total.js:99 [no such line, it has 5]');
    expect(bad.result.summary).toContain('src/none.js:1 [no such file]');
  });

  test('can write nothing, whatever the mode', async () => {
    project = tempProject(javascript);
    const ran = await run(['plan', 'add tax'], [write('src/total.js', 'gone'), says('Done.')]);
    expect(ran.code).not.toBe(70);
    expect(project.read('src/total.js')).toBe(total);
  });

  test('are given the file, who uses it, its tests and its history', async () => {
    project = tempProject({
      ...javascript,
      'src/order.js': "import { total } from './total.js';\nexport const order = (items) => total(items);\n",
    });
    let seen = '';
    await run(['explain', 'src/total.js'], [], {
      script: (request) => {
        seen = lastWords(request);
        return says('See src/total.js:1.');
      },
    });
    expect(seen).toContain('sum = sum + item.price * item.count');
    expect(seen).toContain('src/order.js:2');
    expect(seen).toContain('Tests that name it: test/total.test.js');
    expect(seen).toMatch(/[0-9a-f]{7} .*: Start/);
  });
});

describe('what is typed', () => {
  test.each([
    [['refactor'], 'refactor needs a file or folder'],
    [['explain'], 'explain needs a file'],
    [['generate', 'src/new.js'], 'generate needs to be told what to do'],
    [['explain', 'src/nowhere.js'], 'There is no file src/nowhere.js'],
  ])('%j is refused before anything is asked', async (argv, message) => {
    project = tempProject(javascript);
    const ran = await run(argv, [says('never')]);
    expect(ran.code).toBe(2);
    expect(ran.result.error?.message).toContain(message);
  });
});
