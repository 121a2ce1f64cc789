import { chmodSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { edit } from '../../plugins/files/edit.ts';
import { findPlaces } from '../../plugins/files/match.ts';
import { nearest } from '../../plugins/files/nearest.ts';
import { toolBench } from '../support/tool-bench.ts';

const bench = toolBench();
afterAll(() => bench.close());

let files = 0;
/** Edits a file of its own; returns what it reads afterwards and what the tool said. */
const editing = async (content: string | Uint8Array, input: { old: string; new: string; all?: boolean }) => {
  const path = `file-${(files += 1)}.txt`;
  bench.put(path, content);
  const output = await bench.call(edit, { path, ...input });
  return {
    after: readFileSync(join(bench.root, path), 'utf8'),
    said: output.text.replaceAll(path, 'FILE'),
    data: output.data,
  };
};
const refusal = async (content: string, input: { old: string; new: string; all?: boolean }): Promise<string> => {
  const path = `file-${(files += 1)}.txt`;
  bench.put(path, content);
  const message = await bench.call(edit, { path, ...input }).then(
    () => 'accepted',
    (error: unknown) => (error as Error).message.replaceAll(path, 'FILE'),
  );
  expect(readFileSync(join(bench.root, path), 'utf8')).toBe(content);
  return message;
};

describe('an exact edit', () => {
  it('replaces the one place and shows it with its line numbers', async () => {
    const { after, said, data } = await editing('a\nb\nc\nd\n', { old: 'b\nc', new: 'b\nX\nY' });
    expect(after).toBe('a\nb\nX\nY\nd\n');
    expect(said).toBe('edited FILE\n@@ -3,1 +3,2 @@\n-c\n+X\n+Y');
    expect(data).toMatchObject({ line: 2, replacements: 1, tolerance: 'exact' });
  });

  it('takes part of a line', async () => {
    const { after, said } = await editing('let a = 1; let b = 2;\n', { old: 'b = 2', new: 'b = 3' });
    expect(after).toBe('let a = 1; let b = 3;\n');
    expect(said).toContain('-let a = 1; let b = 2;\n+let a = 1; let b = 3;');
  });

  it('can delete lines and can empty the file', async () => {
    expect((await editing('a\nb\nc\n', { old: 'b\n', new: '' })).after).toBe('a\nc\n');
    expect((await editing('a', { old: 'a', new: '' })).after).toBe('');
  });

  it('takes the new text literally', async () => {
    expect((await editing('x = y', { old: 'y', new: "$& $1 $$ \\n $'" })).after).toBe("x = $& $1 $$ \\n $'");
  });

  it('replaces every place on request', async () => {
    const { after, said, data } = await editing('aa\nb\naa\n', { old: 'a', new: 'aa', all: true });
    expect(after).toBe('aaaa\nb\naaaa\n');
    expect(said).toContain('4 places');
    expect(data).toMatchObject({ replacements: 4 });
  });

  it('shortens what it shows of a long change', async () => {
    const { said } = await editing('x\n', {
      old: 'x',
      new: Array.from({ length: 40 }, () => 'y'.repeat(300)).join('\n'),
    });
    expect(said).toContain('+… 28 more lines');
    expect(said.length).toBeLessThan(3000);
  });
});

describe('what a file is made of', () => {
  it('keeps CRLF line ends although the model writes LF', async () => {
    const content = 'a\r\nb\r\nc\r\n';
    expect((await editing(content, { old: 'b', new: 'b1\nb2' })).after).toBe('a\r\nb1\r\nb2\r\nc\r\n');
    const { after, said } = await editing(content, { old: 'a\nb\n', new: 'x\ny\n' });
    expect(after).toBe('x\r\ny\r\nc\r\n');
    expect(said).toContain('line endings differed');
  });

  it('keeps LF line ends although the model writes CRLF', async () => {
    expect((await editing('a\nb\nc\n', { old: 'a\r\nb', new: 'x\r\ny' })).after).toBe('x\ny\nc\n');
  });

  it('lets the model change line ends when it names them', async () => {
    expect((await editing('a\r\nb\r\n', { old: 'a\r\nb\r\n', new: 'a\nb\n' })).after).toBe('a\nb\n');
  });

  it('keeps each line end of a file that mixes them', async () => {
    expect((await editing('a\r\nb\nc\r\nd\n', { old: 'a\nb\nc', new: 'a\nB\nc' })).after).toBe('a\r\nB\r\nc\r\nd\n');
    expect((await editing('one\r\na  \nb\nc\r\nd\n', { old: 'a\nb\nc', new: 'a\nB\nc' })).after).toBe(
      'one\r\na  \nB\nc\r\nd\n',
    );
  });

  it('keeps a BOM, a missing last line end, and the mode', async () => {
    const path = 'bom.sh';
    bench.put(path, '\uFEFFfirst\nlast');
    chmodSync(join(bench.root, path), 0o755);
    await bench.call(edit, { path, old: 'first', new: 'FIRST' });
    await bench.call(edit, { path, old: 'last\n', new: 'LAST\n' });
    expect(readFileSync(join(bench.root, path), 'utf8')).toBe('\uFEFFFIRST\nLAST');
    expect(statSync(join(bench.root, path)).mode & 0o777).toBe(0o755);
  });

  it('keeps bytes that are not UTF-8', async () => {
    const path = 'latin1.txt';
    bench.put(path, Buffer.from('caf\xe9 = 1\nna\xefve = 2\n', 'latin1'));
    await bench.call(edit, { path, old: '= 2', new: '= "€"' });
    expect(readFileSync(join(bench.root, path)).toString('latin1')).toBe(
      `caf\xe9 = 1\nna\xefve = "${Buffer.from('€').toString('latin1')}"\n`,
    );
  });

  it('changes only the place of an exact unique match, whatever the file (property)', () => {
    const line = fc.string({ maxLength: 12 }).map((value) => value.replace(/[\r\n]/g, ''));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(line, fc.constantFrom('\n', '\r\n')), { minLength: 1, maxLength: 12 }),
        fc.nat(),
        fc.nat(),
        fc.array(line, { minLength: 1, maxLength: 3 }),
        (parts, from, length, fresh) => {
          const content = parts.map(([value, end]) => value + end).join('');
          const start = from % content.length;
          const old = content.slice(start, start + 1 + (length % content.length));
          fc.pre(content.indexOf(old) === content.lastIndexOf(old) && !old.endsWith('\r') && !old.startsWith('\n'));
          const found = findPlaces(content, old, fresh.join('\n'), false);
          expect(found?.tolerance).toBe('exact');
          expect(found?.replacements).toHaveLength(1);
          const [place] = found!.replacements;
          expect([place!.start, place!.end]).toEqual([start, start + old.length]);
          // Line ends are the file's own, unless the model named them.
          const ends = new Set(content.match(/\r?\n/g));
          if (ends.size === 1 && !old.includes('\r\n'))
            expect(place!.text.match(/\r?\n/g) ?? []).toEqual(Array(fresh.length - 1).fill([...ends][0]));
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('a tolerant edit', () => {
  it('overlooks white space at the end of lines and leaves that of unchanged lines', async () => {
    const { after, said } = await editing('a  \nb\t\nc\n', { old: 'a\nb\nc', new: 'a\nB\nc' });
    expect(after).toBe('a  \nB\nc\n');
    expect(said).toContain('trailing whitespace differed');
  });

  it('overlooks indentation and indents the new text like the place', async () => {
    const content = 'class A {\n    run() {\n        go();\n    }\n}\n';
    const { after, said, data } = await editing(content, {
      old: 'run() {\n  go();\n}',
      new: 'run() {\n  if (x) {\n    go();\n  }\n}',
    });
    expect(after).toBe('class A {\n    run() {\n        if (x) {\n            go();\n        }\n    }\n}\n');
    expect(said).toContain('indentation differed; new text re-indented');
    expect(data).toMatchObject({ tolerance: 'indentation' });
  });

  it('turns spaces into the tabs of the file', async () => {
    const { after } = await editing('if x:\n\tif y:\n\t\tz()\n', {
      old: '    if y:\n        z()',
      new: '    if y:\n        if w:\n            z()\n    else:\n        q()',
    });
    expect(after).toBe('if x:\n\tif y:\n\t\tif w:\n\t\t\tz()\n\telse:\n\t\tq()\n');
  });

  it('indents lines less when the new text goes further out', async () => {
    const { after } = await editing('  a:\n    b\n', {
      old: '      a:\n        b',
      new: '      a:\n        b\n    c:\n\n        d',
    });
    expect(after).toBe('  a:\n    b\nc:\n\n    d\n');
    expect((await editing('\tx\n', { old: '    x', new: 'y' })).after).toBe('y\n');
  });

  it('refuses when one indentation of the model stands for two of the file', async () => {
    expect(await refusal('def f():\n    a\n', { old: 'def f():\na', new: 'def f():\nb' })).toContain(
      'old was not found',
    );
  });

  it('keeps the break of the last line where old takes it in, and joins lines where new drops it', async () => {
    expect((await editing('a \nb\n', { old: 'a\nb\n', new: 'x\n' })).after).toBe('x\n');
    expect((await editing('a \nb\nc\n', { old: 'a\nb\n', new: 'x' })).after).toBe('xc\n');
    expect((await editing('a \nb\nc\n', { old: 'a\nb\n', new: '' })).after).toBe('c\n');
    expect((await editing('a \nb', { old: 'a\nb', new: 'a\nb\nc' })).after).toBe('a \nb\nc');
  });

  it('replaces every place on request', async () => {
    const { after } = await editing('  a\n  b\n----\n\ta\n\tb\n', { old: 'a\nb', new: 'a\nc', all: true });
    expect(after).toBe('  a\n  c\n----\n\ta\n\tc\n');
  });
});

describe('an edit that fails', () => {
  it('names the lines of every place when there are several', async () => {
    expect(await refusal('x\ny\nx\n', { old: 'x', new: 'z' })).toBe(
      'old is there 2 times in FILE (lines 1, 3); make it unique or set all',
    );
    expect(await refusal('  x\n  y\n x\n y\n', { old: 'x\ny', new: 'z' })).toContain('lines 1, 3');
    expect(await refusal('x'.repeat(30), { old: 'xx', new: 'z' })).toContain('1, …');
  });

  it('shows the place most alike with its line numbers', async () => {
    const content = 'one\nfunction total(items) {\n  return items.length;\n}\nlast\n';
    expect(await refusal(content, { old: 'function total(list) {\n  return list.length;\n}', new: 'x' })).toBe(
      'old was not found in FILE. Most alike are lines 2-4:\n2\tfunction total(items) {\n3\t  return items.length;\n4\t}',
    );
  });

  it('says so when nothing is alike', async () => {
    expect(await refusal('abc\n', { old: 'zzzzzzzz', new: 'x' })).toBe(
      'old was not found in FILE, nor anything like it. Read the file again.',
    );
    expect(await refusal('', { old: 'a', new: 'x' })).toContain('nor anything like it');
    expect(await refusal('abc\n', { old: ' \n ', new: 'x' })).toContain('not found');
  });

  it('notices line numbers copied from read', async () => {
    expect(await refusal('alpha\nbeta\n', { old: '1\talpha\n2\tbeta', new: 'x' })).toContain(
      'Leave out the line numbers that read shows. Most alike are lines 1-2',
    );
  });

  it('finds a candidate in a huge file without comparing everything with everything', async () => {
    const content = Array.from({ length: 60_000 }, (_, index) => `  value${index % 500} = compute(${index});\n}`).join(
      '\n',
    );
    // An unbounded search would take minutes here and end in the test's own time limit.
    const candidate = nearest(content, 'value7 = compute(1007)\n}\nvalue8 = kompute(1008);');
    expect(candidate?.similarity).toBeGreaterThan(0.5);
  });

  it('shows no more than a dozen lines', async () => {
    const lines = Array.from({ length: 30 }, (_, index) => `line number ${index}`);
    const message = await refusal(lines.join('\n'), { old: [...lines.slice(0, 29), 'other'].join('\n'), new: 'x' });
    expect(message).toMatch(/12\tline number 11\n…$/);
  });

  it('refuses an empty old, the same text, a binary file, a missing file and a no-op', async () => {
    expect(await refusal('a', { old: '', new: 'x' })).toContain('must not be empty');
    expect(await refusal('a', { old: 'a', new: 'a' })).toBe('old and new are the same');
    expect(await refusal('a\0b', { old: 'a', new: 'x' })).toBe('FILE is a binary file');
    expect(await refusal('a\nb\n', { old: 'a \nb', new: 'a\nb' })).toBe(
      'FILE already reads like that; nothing was changed',
    );
    await expect(bench.call(edit, { path: 'nowhere', old: 'a', new: 'b' })).rejects.toThrow(/use write to create/);
  });
});
