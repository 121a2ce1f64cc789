import { describe, expect, test } from 'vitest';
import { codeSmells } from '../../../src/host/syntax-check/code-smells.ts';
import { exportedNames } from '../../../src/host/syntax-check/exported-names.ts';
import { pythonProblems } from '../../../src/host/syntax-check/python-problems.ts';
import { syntax } from '../../../src/host/syntax-check/syntax.ts';

describe('the parser of a file', () => {
  test.each([
    ['a.ts', 'const a: number = 1;\n', 'const a: = 1;\n'],
    ['a.tsx', 'const a = <b>{1}</b>;\n', 'const a = <b>{1};\n'],
    ['a.js', 'const a = <b/>;\n', 'const a: number = 1;\n'],
    ['a.json', '{"a": 1}', '{"a": 1,}'],
    ['tsconfig.json', '{"a": 1, /* b */ }', '{"a": }'],
    ['a.yaml', 'a: 1\n---\nb: [1]\n', 'a: [1\n'],
  ])('takes what is right in %s, and says where it is wrong', async (path, right, wrong) => {
    expect((await syntax.problems(path, right))?.problems).toEqual([]);
    expect((await syntax.problems(path, wrong))?.problems[0]?.line).toBeGreaterThan(0);
  });

  test('is not there for other files', async () => {
    expect(await syntax.problems('a.go', 'package a')).toBeUndefined();
  });

  test('of Python names the line', async () => {
    expect(await pythonProblems('a = 1\n')).toEqual([]);
    expect(await pythonProblems('a = 1\nb = (\n')).toMatchObject([{ line: 2 }]);
  });
});

describe('code without comments', () => {
  const same = async (path: string, one: string, two: string): Promise<boolean> =>
    (await syntax.code(path, one)) === (await syntax.code(path, two));

  test.each([
    ['a.ts', 'export const a = `x // y`;', '/** Doc. */\nexport const a = `x // y`; // why\n'],
    ['a.py', 'def f(a):\n    return "#" + a\n', '# why\ndef f(a):\n    """Doc."""\n    return "#" + a  # b\n'],
    ['a.go', 'package a\n', '// Package a.\npackage a\n'],
  ])('is the same in %s when only comments differ', async (path, one, two) => {
    expect(await same(path, one, two)).toBe(true);
  });

  test.each([
    ['a.ts', 'const a = `x // y`;', 'const a = `x // z`;'],
    ['a.js', 'const a = /\\/\\/ b/;', 'const a = /\\/\\/ c/;'],
    ['a.py', 'if a:\n    b()\n    c()\n', 'if a:\n    b()\nc()\n'],
    ['a.py', 'x = """a"""\n', 'x = """b"""\n'],
    ['a.py', 'x = f"a{b} c\\n d"\n', 'x = f"a{b} e\\n d"\n'],
  ])('differs in %s when the code does', async (path, one, two) => {
    expect(await same(path, one, two)).toBe(false);
  });
});

describe('breaks made on purpose', () => {
  test('change one thing each, in the lines asked for', async () => {
    const text = 'const f = (a, b) => {\n  if (a < b) return a + 1;\n  return b;\n};\n';
    const all = await syntax.mutants('a.js', text);
    expect(all.map(({ label }) => label)).toEqual(
      expect.arrayContaining([
        'line 2: < becomes >=',
        'line 2: + becomes -',
        'line 2: 1 becomes 2',
        'line 3: b becomes undefined',
      ]),
    );
    for (const { text: broken } of all) expect((await syntax.problems('a.js', broken))?.problems).toEqual([]);
    expect((await syntax.mutants('a.js', text, [[3, 3]])).map(({ line }) => line)).toEqual([3]);
  });

  test('leave types, imports, comments and docstrings alone', async () => {
    expect(await syntax.mutants('a.ts', "import a from 'b';\ntype A = 1 | true; // 1 + 1\n")).toEqual([]);
    expect(await syntax.mutants('a.py', 'def f():\n    """Doc."""\n')).toEqual([]);
  });

  test('are made in Python too', async () => {
    const broken = await syntax.mutants('a.py', 'def f(a):\n    return a and a == 1\n');
    expect(broken.map(({ label }) => label)).toEqual(
      expect.arrayContaining(['line 2: and becomes or', 'line 2: == becomes !=', 'line 2: 1 becomes 2']),
    );
    for (const { text } of broken) expect(await pythonProblems(text)).toEqual([]);
  });
});

describe('names others can use', () => {
  test('are exports, of modules and CommonJS, and what Python defines at its top', async () => {
    const module =
      'export const a = 1, { b } = c;\nexport function d() {}\nexport default class {}\nexport { e as f };\nconst g = 1;\n';
    expect((await exportedNames('a.ts', module)).sort()).toEqual(['a', 'b', 'd', 'default', 'f']);
    expect(await exportedNames('a.js', 'exports.a = 1;\nmodule.exports = { b, c: d };\n')).toEqual(['a', 'b', 'c']);
    expect(await exportedNames('a.py', 'A = 1\n_b = 2\n@x\ndef c(): pass\nclass D: pass\n')).toEqual(['A', 'c', 'D']);
  });
});

describe('what could be better', () => {
  const types = async (path: string, text: string): Promise<string[]> =>
    ((await codeSmells(path, text)) ?? []).map(({ type, line }) => `${line} ${type}`);

  test('is seen in JavaScript and TypeScript', async () => {
    expect(await types('a.ts', 'for (const a of b) await c(a);\n')).toEqual(['1 await-in-loop']);
    expect(await types('a.js', 'const f = (a, b) =>\n  a.filter((x) => b.includes(x));\n')).toEqual([
      '2 search-in-loop',
    ]);
    expect(await types('a.js', 'a.reduce((all, x) => ({ ...all, [x]: 1 }), {});\n')).toEqual(['1 spread-in-reduce']);
    expect(await types('a.js', 'var a = b == c;\n')).toEqual(['1 var', '1 loose-equality']);
    expect(await types('a.js', 'a === NaN;\n')).toEqual(['1 nan-comparison']);
  });

  test('is seen in Python', async () => {
    expect(await types('a.py', 'def f(a=[]):\n    return a == None\n')).toEqual([
      '1 mutable-default',
      '2 none-comparison',
    ]);
    expect(await types('a.py', 'for i in range(len(a)):\n    print(a[i])\n')).toEqual(['1 range-len']);
  });

  test('is not said of what is fine', async () => {
    expect(
      await types(
        'a.js',
        'for await (const a of b) c(a);\nfor (const a of await b()) c(a);\nif (d == null) e();\nconst f = g.includes(h);\n',
      ),
    ).toEqual([]);
    expect(await types('a.js', "for (const a of b) if ('aeiou'.includes(a) || a.includes('x')) c(a);\n")).toEqual([]);
  });
});
