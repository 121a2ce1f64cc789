import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { addedLines, applyHunks, deletedLines } from '../../../src/engine/diff/added-lines.ts';
import { diffReader, parseDiff } from '../../../src/engine/diff/parse-diff.ts';

const folder = mkdtempSync(join(tmpdir(), 'llm-copilot-edits-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const gitDiff = (before: string, after: string, context: number): string => {
  writeFileSync(join(folder, 'before'), before);
  writeFileSync(join(folder, 'after'), after);
  try {
    execFileSync('git', ['diff', '--no-index', `-U${context}`, '--', 'before', 'after'], { cwd: folder });
    return '';
  } catch (error) {
    // It says 1 when they differ.
    return (error as { stdout: Buffer }).stdout.toString();
  }
};

const line = fc.constantFrom(
  '',
  'a',
  'b',
  'c',
  '+',
  '-',
  ' ',
  '\\ No newline at end of file',
  '@@ -1 +1 @@',
  'diff --git a/x b/x',
  '--- a',
  '+++ b',
  'é\r',
  '\t',
);
const text = fc
  .tuple(fc.array(line, { maxLength: 40 }), fc.boolean())
  .map(([lines, ends]) => lines.join('\n') + (ends && lines.length > 0 ? '\n' : ''));
/** Texts that have most of their lines in common. */
const edited = fc
  .tuple(
    fc.array(fc.tuple(line, fc.constantFrom('keep', 'keep', 'keep', 'delete', 'change', 'insert'), line), {
      maxLength: 60,
    }),
    fc.boolean(),
    fc.boolean(),
  )
  .map(([steps, oldEnds, newEnds]): [string, string] => {
    const before = steps.flatMap(([old, step]) => (step === 'insert' ? [] : [old]));
    const after = steps.flatMap(([old, step, fresh]) => (step === 'keep' ? [old] : step === 'delete' ? [] : [fresh]));
    const whole = (lines: string[], ends: boolean): string => lines.join('\n') + (ends && lines.length > 0 ? '\n' : '');
    return [whole(before, oldEnds), whole(after, newEnds)];
  });

describe('what git says of any two texts', () => {
  it('leads from the first to the second one', () => {
    fc.assert(
      fc.property(
        fc.oneof(edited, fc.tuple(text, text)),
        fc.integer({ min: 0, max: 4 }),
        ([before, after], context) => {
          const [file] = parseDiff(gitDiff(before, after, context));
          if (file === undefined) expect(after).toBe(before);
          else {
            expect(applyHunks(before, file)).toBe(after);
            const [old, fresh] = [before.split('\n'), after.split('\n')];
            for (const one of addedLines(file)) expect(fresh[one.line - 1]).toBe(one.text);
            for (const one of deletedLines(file)) expect(old[one.line - 1]).toBe(one.text);
            expect([addedLines(file).length, deletedLines(file).length]).toEqual([file.added, file.deleted]);
          }
        },
      ),
      { numRuns: 150, seed: 7 },
    );
  });

  it('is the same whatever pieces it comes in', () => {
    fc.assert(
      fc.property(edited, fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }), ([before, after], sizes) => {
        const whole = gitDiff(before, after, 3);
        const reader = diffReader();
        for (let at = 0, piece = 0; at < whole.length; piece += 1) {
          const size = sizes[piece % sizes.length] ?? 1;
          reader.push(whole.slice(at, at + size));
          at += size;
        }
        expect(reader.end()).toEqual(parseDiff(whole));
      }),
      { numRuns: 60, seed: 7 },
    );
  });

  it('is refused for a text it was not made of', () => {
    const [file] = parseDiff(gitDiff('a\nb\n', 'a\nc\n', 3));
    expect(() => applyHunks('a\nx\n', file!)).toThrow('do not fit');
  });
});
