import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Chunk, ParsedFile } from '../../../src/core/parsed-file.ts';
import { parseFile } from '../../../src/host/code-index/parse-file.ts';

const short = ({ startLine, endLine, kind, symbol }: Chunk): string =>
  `${startLine}-${endLine} ${kind ?? ''} ${symbol ?? ''}`.trim();
const outline = async (path: string, text: string): Promise<string[]> =>
  (await parseFile(path, text)).chunks.map(short);
const chunk = (parsed: ParsedFile, symbol: string): Chunk | undefined =>
  parsed.chunks.find((one) => one.symbol === symbol);
/** Lines of a body, so that a definition is not joined with its neighbours. */
const filler = (indent: string, end = ''): string => Array(6).fill(`${indent}work()${end}\n`).join('');

describe('what every file becomes', () => {
  const holds = (text: string, { chunks }: ParsedFile): void => {
    const lines = text.replace(/^\uFEFF/, '').split('\n');
    const seen = new Set<number>();
    for (const { startLine, endLine, text: own, signature = '' } of chunks) {
      expect(startLine).toBeGreaterThanOrEqual(1);
      expect(endLine).toBeGreaterThanOrEqual(startLine);
      expect(endLine).toBeLessThanOrEqual(lines.length);
      expect(own.split('\n')).toHaveLength(endLine - startLine + 1);
      expect(signature.length).toBeLessThanOrEqual(200);
      for (let line = startLine; line <= endLine; line += 1) seen.add(line);
    }
    const missing = lines.flatMap((line, index) => (line.trim() !== '' && !seen.has(index + 1) ? [index + 1] : []));
    expect(missing).toEqual([]);
  };
  const endings = [
    'ts',
    'tsx',
    'js',
    'py',
    'go',
    'rs',
    'java',
    'cs',
    'cpp',
    'rb',
    'php',
    'sh',
    'md',
    'rst',
    'adoc',
    'txt',
  ];
  const tokens = [
    ...[
      'class A',
      'def f',
      'function f()',
      'fn f()',
      'func f()',
      'impl A for B',
      'namespace a',
      'module M',
      'struct S',
    ],
    ...[
      '{',
      '}',
      '(',
      ')',
      '[',
      ']',
      ':',
      ';',
      ',',
      '"',
      "'",
      '`',
      '"""',
      '/*',
      '*/',
      '//',
      '#',
      '<?php',
      '@a',
      '=>',
      '=',
    ],
    ...[
      '\n',
      '\n\n',
      '\r\n',
      '\r',
      '  ',
      '\t',
      'export ',
      'default ',
      'const a',
      'import x',
      'require("a")',
      'use a::{b',
      'end',
    ],
    ...['# T', 'T\n===', '---', '```', '<<A', '\u2028', '😀', '\uD800', '\0', 'x'.repeat(300)],
  ];

  it('holds for any soup of tokens in any language', async () => {
    const soup = fc.array(fc.oneof(fc.constantFrom(...tokens), fc.string({ maxLength: 5 })), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...endings), soup, async (ending, parts) => {
        const text = parts.join('');
        holds(text, await parseFile(`a.${ending}`, text));
      }),
      // The same ones each time: a failure can be looked into.
      { numRuns: 600, seed: 20261128 },
    );
  });

  it('holds for real sources cut anywhere', async () => {
    const files = ['engine/run.ts', 'base/errors.ts', 'host/shell-parser.ts', 'README.md', 'core/walk.ts'];
    const sources = files.map((file) => readFileSync(join(import.meta.dirname, '../../../src', file), 'utf8'));
    await fc.assert(
      fc.asyncProperty(fc.nat(files.length - 1), fc.nat(20_000), fc.nat(20_000), async (which, from, length) => {
        const text = (sources[which] ?? '').slice(from % 5000, (from % 5000) + length);
        holds(text, await parseFile(files[which] ?? '', text));
      }),
      { numRuns: 100 },
    );
  });

  it.each([
    ['nothing', ''],
    ['line ends only', '\n\r\n\n'],
    ['comments only', '// one\n// two\n'],
    ['no line end at the end', 'const a = 1'],
    ['line ends of Windows', 'function a() {\r\n  return 1;\r\n}\r\n'],
    ['tabs and a byte order mark', '\uFEFF\tfunction a() {\n\t\treturn 1;\n\t}\n'],
    ['a syntax error', 'function a( {\n  return 1;\n}\nclass { x(\n'],
  ])('holds for a file with %s', async (_what, text) => {
    holds(text, await parseFile('a.ts', text));
  });

  it.each([
    ['brackets', '('.repeat(200_000)],
    ['classes inside classes', 'class A {\n'.repeat(20_000)],
    ['comments', `${'// a\n'.repeat(100_000)}function f() {}`],
    ['one line', `const a = [${'1,'.repeat(200_000)}];`],
    ['templates', '`${'.repeat(100_000)],
  ])('ends in time for a file of nothing but %s', async (_what, text) => {
    holds(text.slice(0, 100), await parseFile('a.ts', text.slice(0, 100)));
    expect((await parseFile('a.ts', text)).chunks.length).toBeGreaterThan(0);
  });
});

describe('TypeScript', () => {
  const text = `// About this file.

import { a } from './a.ts';
import b, { c } from "b";

/** How many. */
export const limit = 10;
const other = 2;

/**
 * Says hello.
 * @param name whom
 */
export async function greet(name: string): Promise<string> {
  const inner = (): string => name;
${filler('  ', ';')}  return inner();
}

export const arrow = <T,>(
  value: T,
): T => {
${filler('  ', ';')}  return value;
};

@decorated({ a: 1 })
export class Greeter<T> extends Base {
  private count = 0;

  constructor(private readonly name: string) {
    super();
${filler('    ', ';')}  }

  /** Greets. */
  async greet(): Promise<void> {
${filler('    ', ';')}  }

  private handler = (event: Event): void => {
${filler('    ', ';')}  };

  get size(): number {
    return this.count;
  }
${filler('  // filler\n')}}

export interface Shape {
  area(): number;
}

export enum Colour {
  red,
}
`;

  it('makes a chunk of each definition, and of the members of a large class', async () => {
    expect(await outline('a.ts', text)).toEqual([
      '1-1',
      '3-4 imports',
      '6-8 constant limit, other',
      '10-23 function greet',
      '25-35 function arrow',
      '37-40 class Greeter',
      '41-49 method Greeter.constructor',
      '51-59 method Greeter.greet',
      '61-68 method Greeter.handler',
      '70-72 method Greeter.size',
      '73-85 class Greeter',
      '87-93 interface Shape, Colour',
    ]);
  });

  it('says signatures, comments, imports and names', async () => {
    const parsed = await parseFile('a.ts', text);
    expect(chunk(parsed, 'greet')).toMatchObject({
      signature: 'export async function greet(name: string): Promise<string>',
      doc: 'Says hello.\n@param name whom',
    });
    expect(chunk(parsed, 'arrow')?.signature).toBe('export const arrow = <T,>( value: T, ): T');
    expect(chunk(parsed, 'Greeter')?.signature).toBe('export class Greeter<T> extends Base');
    expect(chunk(parsed, 'Greeter.greet')).toMatchObject({ signature: 'async greet(): Promise<void>', doc: 'Greets.' });
    expect(parsed.imports).toEqual(['./a.ts', 'b']);
    expect(parsed.definitions).toContainEqual({ name: 'greet', line: 14 });
    expect(parsed.definitions.map(({ name }) => name)).not.toContain('inner');
    expect(parsed.references.get('work')).toBeGreaterThan(10);
    expect(parsed.references.has('Greeter')).toBe(false);
    expect(parsed.references.has('hello')).toBe(false);
  });

  it('does not take callbacks of tests for definitions', async () => {
    const one = `  it('works', () => {\n    const helper = () => 1;\n    function other() {}\n${filler('    ', ';')}  });\n\n`;
    const chunks = await outline('a.test.ts', `describe('a', () => {\n${one.repeat(10)}});\n`);
    expect(chunks.every((line) => /^\d+-\d+$/.test(line))).toBe(true);
    expect(chunks.length).toBeGreaterThan(1);
  });

  it('cuts a long function into windows that keep its name', async () => {
    const { chunks } = await parseFile('a.ts', `function long() {\n${'  work();\n'.repeat(200)}}\n`);
    expect(chunks.length).toBeGreaterThan(2);
    expect(chunks.every(({ symbol, endLine, startLine }) => symbol === 'long' && endLine - startLine < 60)).toBe(true);
  });
});

describe('JavaScript of all ages', () => {
  it('finds what is assigned and exported', async () => {
    const body = `{\n${filler('  ', ';')}}`;
    const text = [
      `const fs = require('fs');\nconst { join } = require("node:path");\n`,
      `exports.first = function () ${body};\n`,
      `Widget.prototype.draw = Widget.prototype.paint = function draw() ${body};\n`,
      `app.use = function use(fn) ${body};\n`,
      `module.exports = function main() ${body};\n`,
      `export default {\n  name: 'x',\n  run() ${body},\n};\n`,
      `(function () {\n  function hidden() ${body}\n})();\n`,
      `const lazy = () => import('./lazy.js');\n`,
    ].join('\n');
    const parsed = await parseFile('a.js', text);
    expect(parsed.chunks.map(({ symbol }) => symbol).filter(Boolean)).toEqual([
      'first',
      'Widget.draw, paint',
      'app.use',
      'module.exports',
      'default',
      'hidden',
      'lazy',
    ]);
    expect(parsed.imports).toEqual(['fs', 'node:path', './lazy.js']);
    expect(parsed.definitions.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['first', 'draw', 'paint', 'use', 'main', 'run', 'hidden', 'lazy']),
    );
  });
});

const samples: Record<string, { path: string; text: string; symbols: string[]; imports: string[] }> = {
  Python: {
    path: 'a.py',
    text: `from . import x, y as z\nfrom .b import c\nimport os.path as p, sys\n\nLIMIT = 1\n\n\n@wraps(f)\ndef top(a):\n    """Docs here."""\n    def inner():\n        pass\n${filler('    ')}\n\nclass A(B):\n    """About A."""\n\n    def run(self):\n${filler('        ')}\n    async def stop(self):\n${filler('        ')}${'\n    # note'.repeat(20)}\n    def last(self):\n${filler('        ')}`,
    symbols: ['LIMIT', 'top', 'A', 'A.run', 'A.stop', 'A.last'],
    imports: ['.x', '.y', '.b', 'os.path', 'sys'],
  },
  Go: {
    path: 'a.go',
    text: `package a\n\nimport (\n\t"fmt"\n\tx "github.com/a/b"\n)\n\nconst (\n\tOne = 1\n\tTwo = 2\n\tThree = 3\n\tFour = 4\n)\n\n// T is a type.\ntype T[K any] struct {\n${filler('\t')}}\n\nfunc (t *T[K]) Run() error {\n${filler('\t')}}\n\nfunc Top() {\n${filler('\t')}}\n`,
    symbols: ['One, Two, Three, Four', 'T', 'T.Run', 'Top'],
    imports: ['fmt', 'github.com/a/b'],
  },
  Rust: {
    path: 'a.rs',
    text: `use std::{fmt::{self, Debug as D}, io};\nmod other;\n\n/// A point.\n#[derive(Debug)]\npub struct Point {\n${filler('    a: u8, //')}}\n\nimpl<T> fmt::Display for Point<T> {\n    fn fmt(&self) {\n${filler('        ', ';')}    }\n${'    // note\n'.repeat(30)}    fn more(&self) {\n${filler('        ', ';')}    }\n}\n\npub fn top() {\n${filler('    ', ';')}}\n`,
    symbols: ['Point', 'Point', 'Point.fmt', 'Point.more', 'top'],
    imports: ['std::fmt::self', 'std::fmt::Debug', 'std::io', 'self::other'],
  },
  Java: {
    path: 'A.java',
    text: `package a;\n\nimport java.util.List;\nimport static a.B.*;\n\n/** About. */\npublic class A<T> implements I {\n${'  int x;\n'.repeat(10)}\n  @Override\n  public void run(int a) {\n${filler('    ', ';')}  }\n\n  A() {\n${filler('    ', ';')}  }\n${'  // note\n'.repeat(15)}}\n`,
    symbols: ['A', 'A.run', 'A.A', 'A'],
    imports: ['java.util.List', 'a.B.*'],
  },
  'C#': {
    path: 'A.cs',
    text: `using System;\nusing static A.B;\nusing X = C.D;\n\nnamespace N.M\n{\n    /// <summary>About.</summary>\n    public class A : I\n    {\n        public int P { get; set; }\n${'        int x;\n'.repeat(20)}\n        [Test]\n        public void Run()\n        {\n${filler('            ', ';')}        }\n\n        public A()\n        {\n${filler('            ', ';')}        }\n    }\n}\n`,
    symbols: ['N.M', 'N.M.A', 'N.M.A.P', 'N.M.A', 'N.M.A.Run', 'N.M.A.A'],
    imports: ['System', 'A.B', 'C.D'],
  },
  'C++': {
    path: 'a.cpp',
    text: `#include <vector>\n#include "a/b.h"\n#define MAX(a, b) \\\n  x \\\n  x \\\n  x \\\n  x \\\n  x\n\nnamespace ns {\ntemplate <typename T>\nclass A : public B {\n${filler('  // ')}};\n\n${'// note\n'.repeat(30)}\nint A<T>::run(int *p) const {\n${filler('  ', ';')}}\n\nchar **name(void) {\n${filler('  ', ';')}}\n}\n`,
    symbols: ['MAX', 'ns', 'ns.A', 'ns', 'ns.A.run', 'ns.name'],
    imports: ['vector', 'a/b.h'],
  },
  Ruby: {
    path: 'a.rb',
    text: `require 'set'\nrequire_relative 'b/c'\n\nmodule M\n  # About.\n  class A::B < C\n    attr_reader :x\n\n    def run?\n${filler('      ')}    end\n\n    def self.build(a)\n${filler('      ')}    end\n${'    # note\n'.repeat(30)}  end\nend\n`,
    symbols: ['M', 'M.A.B', 'M.A.B.run?', 'M.A.B.build', 'M.A.B'],
    imports: ['set', './b/c'],
  },
  PHP: {
    path: 'a.php',
    text: `<?php\nnamespace N;\n\nuse A\\B;\nuse C\\{D, E as F};\nrequire __DIR__ . '/x.php';\n\nclass K extends L\n{\n${'    public $x;\n'.repeat(20)}\n    /** Runs. */\n    public function run(): void\n    {\n${filler('        ', ';')}    }\n\n    private function stop()\n    {\n${filler('        ', ';')}    }\n}\n\nfunction top() {\n${filler('    ', ';')}}\n`,
    symbols: ['K', 'K.run', 'K.stop', 'top'],
    imports: ['A\\B', 'C\\D', 'C\\E', '/x.php'],
  },
  Bash: {
    path: 'run',
    text: `#!/usr/bin/env bash\nsource "./lib.sh"\n. other.sh\n\n# Builds.\nbuild() {\n${'  work\n'.repeat(6)}}\n\nfunction clean {\n${'  work\n'.repeat(6)}}\n`,
    symbols: ['build', 'clean'],
    imports: ['./lib.sh', 'other.sh'],
  },
};

describe.each(Object.entries(samples))('%s', (_language, { path, text, symbols, imports }) => {
  it('finds definitions with their parents, and imports', async () => {
    const parsed = await parseFile(path, text);
    expect(parsed.chunks.flatMap(({ symbol }) => symbol ?? [])).toEqual(symbols);
    expect(parsed.imports).toEqual(imports);
  });
});

describe('documentation', () => {
  it('takes the docstring of Python', async () => {
    const parsed = await parseFile('a.py', samples.Python!.text);
    expect(chunk(parsed, 'top')).toMatchObject({ signature: 'def top(a)', doc: 'Docs here.' });
    expect(chunk(parsed, 'A')?.doc).toBe('About A.');
  });

  it('takes comments above attributes', async () => {
    const parsed = await parseFile('a.rs', samples.Rust!.text);
    expect(chunk(parsed, 'Point')).toMatchObject({ startLine: 4, signature: 'pub struct Point', doc: 'A point.' });
    const java = await parseFile('A.java', samples.Java!.text);
    expect(chunk(java, 'A.run')?.signature).toBe('public void run(int a)');
  });
});

describe('documents', () => {
  it('become one chunk per section, named by its path', async () => {
    const text =
      '---\ntitle: x\n---\n\nIntro.\n\n# Guide\n\n## `<Box>` [Install](a.md)\n\n```sh\n# no heading\n```\n\nOther\n-----\n\ntext\n';
    expect(await outline('README.md', text)).toEqual([
      '1-5',
      '7-13 section Guide > <Box> Install',
      '15-18 section Guide > Other',
    ]);
    expect(await outline('a.rst', 'Top\n===\n\ntext\n\nSub\n---\n\nmore\n\nNext\n====\n\nend\n')).toEqual([
      '1-4 section Top',
      '6-9 section Top > Sub',
      '11-14 section Next',
    ]);
    expect(await outline('a.adoc', '= Top\n\ntext\n\n== Sub\n\nmore\n')).toEqual([
      '1-3 section Top',
      '5-7 section Top > Sub',
    ]);
  });

  it('are cut when a section is long', async () => {
    const { chunks, kind, language } = await parseFile('a.md', `# A\n\n${'Some words.\n\n'.repeat(100)}`);
    expect({ kind, language }).toEqual({ kind: 'doc', language: 'markdown' });
    expect(chunks.length).toBeGreaterThan(3);
    expect(chunks.every(({ symbol }) => symbol === 'A')).toBe(true);
  });
});

describe('other files', () => {
  it('are cut at blank lines', async () => {
    const text = `${'key: value\n'.repeat(24)}\n`.repeat(4);
    expect(await outline('a.yaml', text)).toEqual(['1-24', '26-49', '51-74', '76-99']);
    expect((await parseFile('a.yaml', text)).language).toBeUndefined();
  });

  it('are known by their first line where the name says nothing', async () => {
    const language = async (text: string) => (await parseFile('bin/tool', text)).language;
    expect(await language('#!/usr/bin/env -S node --no-warnings\nlet a;\n')).toBe('javascript');
    expect(await language('#!/usr/bin/python3\n')).toBe('python');
    expect(await language('#! /bin/sh -e\n')).toBe('bash');
    expect(await language('just text\n')).toBeUndefined();
  });
});
