import { describe, expect, test } from 'vitest';
import { changedRanges } from '../../../src/engine/workflows/changed-lines.ts';
import { placesIn } from '../../../src/engine/workflows/places.ts';
import { testedBy } from '../../../src/engine/workflows/tested-by.ts';
import { shellWord } from '../../../src/engine/workflows/trying.ts';
import { withScriptsOf } from '../../../src/engine/workflows/with-scripts-of.ts';
import { fillIn, workflowFrom } from '../../../src/engine/workflows/workflow-from.ts';

describe('places in a text', () => {
  const places = (text: string): string[] =>
    placesIn(text, '/shop').map(({ path, line, endLine }) => `${path} ${line}-${endLine}`);

  test('are paths with lines, ranges and frames of stacks', () => {
    expect(places('see `src/a.ts:12` and (src/b.py:3-9), ./c.md:1')).toEqual([
      'src/a.ts 12-12',
      'src/b.py 3-9',
      'c.md 1-1',
    ]);
    expect(places('    at total (file:///shop/src/total.js:3:9)')).toEqual(['src/total.js 3-3']);
    expect(places('  File "/shop/price.py", line 2, in net')).toEqual(['price.py 2-2']);
  });

  test('have letters of any language, and signs that file names have', () => {
    expect(places('in `src/ü#1.js:2` and 文/c++.py:3')).toEqual(['src/ü#1.js 2-2', '文/c++.py 3-3']);
  });

  test('are not hosts with ports, times or modules of others', () => {
    expect(places('http://example.com:80 localhost:3000 at 12:30 node_modules/x/y.js:1')).toEqual([]);
  });
});

describe('a diff', () => {
  test('gives the lines it adds, by file', () => {
    const diff =
      'diff --git a/a.js b/a.js\n--- a/a.js\n+++ b/a.js\n@@ -1,3 +1,4 @@\n one\n-two\n+2\n+3\n four\n@@ -9 +10 @@\n-x\n+y\n';
    expect([...changedRanges(diff)]).toEqual([
      [
        'a.js',
        [
          [2, 3],
          [10, 10],
        ],
      ],
    ]);
  });
});

test('what a test imports is found with the endings it may have', () => {
  expect(testedBy('test/a.test.ts', "import { a } from '../src/a.js';")).toContain('src/a.ts');
  expect(testedBy('tests/test_a.py', 'from shop.total import total')).toContain('src/shop/total.py');
});

test('scripts of an earlier package.json are put back, the rest stays', () => {
  const earlier = '{"scripts":{"test":"node --test"},"type":"commonjs"}';
  const now = '{"scripts":{"test":"exit 0"},"type":"module"}';
  expect(JSON.parse(withScriptsOf(earlier, now) ?? '')).toEqual({ scripts: { test: 'node --test' }, type: 'module' });
  expect(withScriptsOf(earlier, earlier)).toBeUndefined();
  expect(withScriptsOf('{', now)).toBeUndefined();
});

test('words for a shell are quoted where they must be', () => {
  expect(shellWord('src/a.py')).toBe('src/a.py');
  expect(shellWord("it's; rm -rf ~")).toBe(`'it'\\''s; rm -rf ~'`);
});

describe('a workflow’s file', () => {
  const source = (head: string): string =>
    `---\nsummary: does it\n${head}\n---\n\nDo {request} in {targets} by {measure}, {other}\n`;

  test('says what is typed and what is proven', () => {
    const definition = workflowFrom(
      'speed',
      source(
        'writes: true\narguments: targets required, request\nflag-measure: <command> what is timed\nproofs: parses, faster',
      ),
    );
    expect(definition).toMatchObject({ name: 'speed', agent: 'coder', writes: true, proofs: ['parses', 'faster'] });
    expect(definition.arguments).toEqual([{ name: 'targets', required: true }, { name: 'request' }]);
    expect(definition.flags).toEqual([{ name: 'measure', value: 'command', description: 'what is timed' }]);
    expect(fillIn(definition, { targets: 'a.js', request: '{targets}', measure: 'make bench' })).toBe(
      'Do {targets} in a.js by make bench, {other}',
    );
  });

  test.each([
    ['proofs: guessed', 'none of the proofs'],
    ['write: true', '"write" is none of'],
    ['writes: yes', '"writes" is true or false'],
    ['arguments: files', '"arguments" are targets and request'],
    ['flag-X: y', 'a flag is'],
    ['name: other', 'its name is not that of its file'],
  ])('with %s is refused', (head, message) => {
    expect(() => workflowFrom('speed', source(head))).toThrow(message);
  });
});
