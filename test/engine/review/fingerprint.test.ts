import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FileDiff } from '../../../src/core/diff.ts';
import type { Detected } from '../../../src/core/finding.ts';
import type { ParsedFile } from '../../../src/core/parsed-file.ts';
import { fingerprinted, type FingerprintFile } from '../../../src/engine/review/fingerprint.ts';

const diffOf = (over: Partial<FileDiff> = {}): FileDiff => ({
  ...{ path: 'a.js', status: 'modified', content: 'text', hunks: [], added: 0, deleted: 0 },
  ...over,
});
const fileOf = (after: string, over: Partial<FingerprintFile> = {}): FingerprintFile => ({
  diff: diffOf(),
  after,
  ...over,
});
const at = (line: number, over: Partial<Detected> = {}): Detected => ({
  ...{ rule: 'debug-leftover', severity: 'low', confidence: 'high', path: 'a.js', line, endLine: line, side: 'new' },
  ...{ message: 'It prints.', evidence: 'log(x);' },
  ...over,
});
const prints = (detected: readonly Detected[], file: FingerprintFile): string[] =>
  fingerprinted(detected, () => file).map(({ fingerprint }) => fingerprint);
const parsed = (...symbols: [symbol: string, startLine: number, endLine: number][]): ParsedFile => ({
  ...{ language: 'javascript', kind: 'code', imports: [], definitions: [], references: new Map() },
  chunks: symbols.map(([symbol, startLine, endLine]) => ({ symbol, startLine, endLine, text: '' })),
});

describe('a fingerprint', () => {
  test('stays while its lines move, are indented otherwise or end otherwise', () => {
    const line = fc.string({ minLength: 1, maxLength: 12 }).filter((text) => /\S/.test(text) && !/[\r\n]/.test(text));
    fc.assert(
      fc.property(
        fc.array(line, { minLength: 1, maxLength: 8 }),
        fc.array(line, { maxLength: 5 }),
        fc.nat(7),
        fc.constantFrom('', '\t', '    '),
        fc.constantFrom('\n', '\r\n'),
        (lines, above, pick, indent, end) => {
          const number = (pick % lines.length) + 1;
          const moved = [...above, ...lines.map((text) => indent + text)].join(end);
          expect(prints([at(number + above.length)], fileOf(moved))).toEqual(
            prints([at(number)], fileOf(lines.join('\n'))),
          );
        },
      ),
      { seed: 7 },
    );
  });

  test('differs for each of several equal lines, in whatever order they are found', () => {
    const file = fileOf('log(x);\nlog(x);\nlog(x);\n');
    const inOrder = prints([at(1), at(2), at(3)], file);
    expect(new Set(inOrder).size).toBe(3);
    expect(prints([at(3), at(1), at(2)], file)).toEqual([inOrder[2], inOrder[0], inOrder[1]]);
  });

  test('differs by rule, by path, by what the line says, by side and by what encloses it', () => {
    const file = fileOf('log(x);\nlog(y);\n', { before: 'log(x);\n' });
    const [plain] = prints([at(1)], file);
    for (const other of [at(1, { rule: 'secret' }), at(1, { path: 'b.js' }), at(2), at(1, { side: 'old' })])
      expect(prints([other], file)).not.toEqual([plain]);
    const inside = (symbol: string) => prints([at(1)], fileOf('log(x);\n', { afterParsed: parsed([symbol, 1, 1]) }));
    expect(inside('f')).not.toEqual(inside('g'));
    expect(inside('f')).not.toEqual([plain]);
  });

  test('goes by the smallest definition around it', () => {
    const within = (...symbols: [string, number, number][]) =>
      prints([at(2)], fileOf('a\nlog(x);\nb\n', { afterParsed: parsed(...symbols) }));
    expect(within(['Class', 1, 3], ['Class.m', 2, 2])).toEqual(within(['Class.m', 2, 2]));
  });

  test('survives a rename that the diff knows, and only that', () => {
    const [before] = prints([at(1)], fileOf('log(x);\n'));
    const renamed = (status: FileDiff['status']) =>
      prints(
        [at(1, { path: 'b.js' })],
        fileOf('log(x);\n', { diff: diffOf({ path: 'b.js', oldPath: 'a.js', status }) }),
      );
    expect(renamed('renamed')).toEqual([before]);
    expect(renamed('copied')).not.toEqual([before]);
  });

  test('of a finding about a whole file does not go by numbers in its words', () => {
    const about = (evidence: string) => prints([at(0, { evidence })], fileOf('x\n'));
    expect(about('1,234,567 bytes')).toEqual(about('2,000,001 bytes'));
    expect(about('1,234,567 bytes')).not.toEqual(about('1,234,567 lines'));
  });

  test('of a secret goes by the secret, which the shown evidence leaves out', () => {
    const of = (value: string) => prints([at(1, { evidence: "key = '…'" })], fileOf(`key = '${value}'\n`));
    expect(of('one')).not.toEqual(of('two'));
  });

  test('is made of what the hunks show where the text is not known', () => {
    const hunk = { oldStart: 5, oldLines: 0, newStart: 6, newLines: 1, section: '' };
    const diff = diffOf({ hunks: [{ ...hunk, lines: [{ kind: 'added', text: 'log(x);', newLine: 6 }] }] });
    expect(prints([at(6)], { diff })).toEqual(prints([at(1)], fileOf('log(x);\n')));
  });

  test('of a model goes by the line, not by its words or the kind it chose', () => {
    const file = fileOf('log(x);\n');
    const said = (kind: string, message: string) => prints([at(1, { rule: `model/${kind}`, message })], file);
    expect(said('bug', 'This is wrong.')).toEqual(said('security', 'That leaks.'));
  });
});
