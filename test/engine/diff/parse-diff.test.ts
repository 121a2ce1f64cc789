import { describe, expect, it } from 'vitest';
import { parseDiff } from '../../../src/engine/diff/parse-diff.ts';

const zeros = '0'.repeat(40);
const ones = '1'.repeat(40);
const twos = '2'.repeat(40);

const raw = (...records: string[]): string => `${records.join('\0')}\0\0`;

describe('a unified diff', () => {
  it('is read into hunks with the numbers of both sides', () => {
    const [file] = parseDiff(
      [
        'diff --git a/src/a.ts b/src/a.ts',
        `index ${ones}..${twos} 100644`,
        '--- a/src/a.ts',
        '+++ b/src/a.ts',
        '@@ -3,3 +3,4 @@ const f = () => {',
        ' three',
        '-four',
        '+FOUR',
        '+and more',
        ' five',
        '@@ -20 +21,0 @@',
        '-gone',
        '',
      ].join('\n'),
    );
    expect(file).toEqual({
      ...{ path: 'src/a.ts', status: 'modified', content: 'text', added: 2, deleted: 2 },
      ...{ oldMode: '100644', newMode: '100644', oldId: ones, newId: twos },
      hunks: [
        {
          ...{ oldStart: 3, oldLines: 3, newStart: 3, newLines: 4, section: 'const f = () => {' },
          lines: [
            { kind: 'context', text: 'three', oldLine: 3, newLine: 3 },
            { kind: 'deleted', text: 'four', oldLine: 4 },
            { kind: 'added', text: 'FOUR', newLine: 4 },
            { kind: 'added', text: 'and more', newLine: 5 },
            { kind: 'context', text: 'five', oldLine: 5, newLine: 6 },
          ],
        },
        {
          ...{ oldStart: 20, oldLines: 1, newStart: 21, newLines: 0, section: '' },
          lines: [{ kind: 'deleted', text: 'gone', oldLine: 20 }],
        },
      ],
    });
  });

  it('may come from diff -u, without any line of git', () => {
    const text =
      '--- old/a.txt\t2026-01-01\n+++ old/a.txt\t2026-01-02\n@@ -1 +1 @@\n-a\n+b\n--- /dev/null\n+++ b/new.txt\n@@ -0,0 +1 @@\n+n\n';
    expect(parseDiff(text).map(({ path, status, added, deleted }) => ({ path, status, added, deleted }))).toEqual([
      { path: 'old/a.txt', status: 'modified', added: 1, deleted: 1 },
      { path: 'new.txt', status: 'added', added: 1, deleted: 0 },
    ]);
  });

  it('keeps lines that look like the heads of a patch where they stand in a hunk', () => {
    const lines = [
      '--- a/x',
      '+++ b/x',
      '@@ -1 +1 @@',
      'diff --git a/y b/y',
      'Binary files a and b differ',
      '* Unmerged path z',
    ];
    const text = [
      ...['diff --git a/x b/x', `index ${ones}..${twos} 100644`, '--- a/x', '+++ b/x'],
      `@@ -0,0 +1,${lines.length} @@`,
      ...lines.map((line) => `+${line}`),
      '',
    ].join('\n');
    const files = parseDiff(text);
    expect(files).toHaveLength(1);
    expect(files[0]?.content).toBe('text');
    expect(files[0]?.hunks[0]?.lines.map((line) => line.text)).toEqual(lines);
  });

  it('keeps the carriage return of CRLF files in the text, and says where the last line does not end', () => {
    const text =
      'diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a\r\n-b\r\n\\ No newline at end of file\n+c\r\n\\ No newline at end of file\n';
    expect(parseDiff(text)[0]?.hunks[0]?.lines).toEqual([
      { kind: 'context', text: 'a\r', oldLine: 1, newLine: 1 },
      { kind: 'deleted', text: 'b\r', oldLine: 2, noNewline: true },
      { kind: 'added', text: 'c\r', newLine: 2, noNewline: true },
    ]);
  });

  it('reads a context line whose leading space was stripped', () => {
    const text = 'diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n a\n\n-b\n+c\n';
    expect(parseDiff(text)[0]?.hunks[0]?.lines.map((line) => [line.kind, line.text])).toEqual([
      ['context', 'a'],
      ['context', ''],
      ['deleted', 'b'],
      ['added', 'c'],
    ]);
  });

  it('reads renames, copies, modes and quoted names from its own lines', () => {
    const text = [
      ...['diff --git "a/t\\303\\244b\\t.txt" b/plain name.txt', 'similarity index 100%'],
      ...['rename from "t\\303\\244b\\t.txt"', 'rename to plain name.txt'],
      ...['diff --git a/a b b/a b', 'old mode 100644', 'new mode 100755'],
      ...['diff --git a/x b/y', 'similarity index 90%', 'copy from x', 'copy to y', ''],
    ].join('\n');
    expect(parseDiff(text)).toMatchObject([
      { status: 'renamed', oldPath: 'täb\t.txt', path: 'plain name.txt', hunks: [] },
      { status: 'modified', path: 'a b', oldMode: '100644', newMode: '100755' },
      { status: 'copied', oldPath: 'x', path: 'y' },
    ]);
  });

  it('is empty when there is nothing in it', () => {
    expect(parseDiff('')).toEqual([]);
    expect(parseDiff('no diff at all\n')).toEqual([]);
  });
});

describe('the raw part of a diff', () => {
  it('gives names that no patch could, such as one with a line break that looks like a patch', () => {
    const name = 'a\ndiff --git a/evil b/evil\n@@ -1 +1 @@';
    const text = `${raw(`:100644 100644 ${ones} ${twos} M`, name)}diff --git "a/a\\ndiff --git a/evil b/evil\\n@@ -1 +1 @@" "b/a\\ndiff --git a/evil b/evil\\n@@ -1 +1 @@"\nindex ${ones}..${twos} 100644\n--- "a/a\\n"\n+++ "b/a\\n"\n@@ -1 +1 @@\n-x\n+y\n`;
    expect(parseDiff(text)).toMatchObject([{ path: name, added: 1, deleted: 1, oldId: ones, newId: twos }]);
  });

  it('leaves out files of which only the time changed, and gives the next ones their own lines', () => {
    const text = `${raw(`:100644 100644 ${ones} ${zeros} M`, 'a', `:100644 100644 ${ones} ${zeros} M`, 'b')}diff --git a/b b/b\nindex ${ones}..${twos} 100644\n--- a/b\n+++ b/b\n@@ -1 +1 @@\n-x\n+y\n`;
    expect(parseDiff(text)).toMatchObject([{ path: 'b', added: 1, deleted: 1 }]);
  });

  it('knows binary files, submodules, links and pointers of Git LFS', () => {
    const pointer = (oid: string): string => `oid sha256:${oid.repeat(64)}`;
    const text = [
      raw(
        ...[`:100644 100644 ${ones} ${twos} M`, 'b.png', `:160000 160000 ${ones} ${twos} M`, 'sub'],
        ...[`:000000 120000 ${zeros} ${twos} A`, 'link', `:100644 100644 ${ones} ${twos} M`, 'big.bin'],
      ),
      `diff --git a/b.png b/b.png\nindex ${ones}..${twos} 100644\nBinary files a/b.png and b/b.png differ\n`,
      `diff --git a/sub b/sub\nindex ${ones}..${twos} 160000\n--- a/sub\n+++ b/sub\n@@ -1 +1 @@\n-Subproject commit ${ones}\n+Subproject commit ${twos}\n`,
      `diff --git a/link b/link\nnew file mode 120000\nindex ${zeros}..${twos}\n--- /dev/null\n+++ b/link\n@@ -0,0 +1 @@\n+to\n\\ No newline at end of file\n`,
      `diff --git a/big.bin b/big.bin\nindex ${ones}..${twos} 100644\n--- a/big.bin\n+++ b/big.bin\n@@ -1,3 +1,3 @@\n version https://git-lfs.github.com/spec/v1\n-${pointer('a')}\n-size 1\n+${pointer('b')}\n+size 2\n`,
    ].join('');
    expect(parseDiff(text).map(({ path, content }) => [path, content])).toEqual([
      ['b.png', 'binary'],
      ['sub', 'submodule'],
      ['link', 'symlink'],
      ['big.bin', 'lfs'],
    ]);
  });

  it('puts both halves of a file that became a link together', () => {
    const text = `${raw(`:100644 120000 ${ones} ${twos} T`, 'x')}diff --git a/x b/x\ndeleted file mode 100644\nindex ${ones}..${zeros}\n--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-text\ndiff --git a/x b/x\nnew file mode 120000\nindex ${zeros}..${twos}\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+target\n\\ No newline at end of file\n`;
    expect(parseDiff(text)).toMatchObject([
      { path: 'x', status: 'retyped', content: 'symlink', oldMode: '100644', newMode: '120000', added: 1, deleted: 1 },
    ]);
  });
});

describe('a diff too large to read', () => {
  const patch = (path: string, lines: readonly string[]): string =>
    `diff --git a/${path} b/${path}\nnew file mode 100644\n--- /dev/null\n+++ b/${path}\n@@ -0,0 +1,${lines.length} @@\n${lines.map((line) => `+${line}\n`).join('')}`;
  const limits = { fileLines: 10, fileChars: 100, totalChars: 150 };

  it('tells how much changed, but not the lines, of a file with too many', () => {
    const [large, small] = parseDiff(patch('large', Array<string>(11).fill('x')) + patch('small', ['y']), limits);
    expect(large).toMatchObject({ added: 11, omitted: 'too large', hunks: [] });
    expect(small).toMatchObject({ added: 1, hunks: [{ lines: [{ text: 'y' }] }] });
    expect(small).not.toHaveProperty('omitted');
  });

  it('does the same with one endless line, and with all files together', () => {
    const files = parseDiff(
      patch('long', ['x'.repeat(5000), 'end']) +
        patch('a', ['x'.repeat(80)]) +
        patch('b', ['x'.repeat(80)]) +
        patch('c', ['x']),
      limits,
    );
    expect(files.map(({ path, added, omitted }) => [path, added, omitted])).toEqual([
      ['long', 2, 'too large'],
      ['a', 1, undefined],
      ['b', 1, 'too large'],
      ['c', 1, undefined],
    ]);
  });
});
