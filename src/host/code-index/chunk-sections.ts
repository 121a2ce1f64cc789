import type { Chunk } from '../../core/parsed-file.ts';
import { chunkOf } from './chunk-lines.ts';
import { longWindowLines, trimmed, windowsOf, type LineRange } from './chunk-windows.ts';

interface Heading {
  row: number;
  level: number;
  title: string;
}

const markdownHeadings = (lines: readonly string[]): Heading[] => {
  const headings: Heading[] = [];
  let fence: string | undefined;
  // What stands at the top between dashes is no text.
  let row = 0;
  if (lines[0]?.trim() === '---') {
    const end = lines.indexOf('---', 1);
    if (end > 0 && end < 60) row = end + 1;
  }
  for (; row < lines.length; row += 1) {
    const line = lines[row] ?? '';
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (mark !== undefined) {
      if (fence === undefined) fence = mark;
      else if (mark.startsWith(fence) && line.trim() === mark) fence = undefined;
      continue;
    }
    if (fence !== undefined) continue;
    const [, marks, title] = /^ {0,3}(#{1,6})[ \t]+(\S.*)$/.exec(line) ?? [];
    if (marks !== undefined && title !== undefined)
      headings.push({ row, level: marks.length, title: title.replace(/[ \t]#+[ \t]*$/, '') });
    const next = lines[row + 1] ?? '';
    const isText = /^ {0,3}[^\s>#|*+-]/.test(line) && (row === 0 || (lines[row - 1] ?? '').trim() === '');
    if (isText && /^ {0,3}(?:={2,}|-{2,})[ \t]*$/.test(next))
      headings.push({ row, level: next.includes('=') ? 1 : 2, title: line.trim() });
  }
  return headings;
};

const underline = /^([=\-~^"'`:.*+#_<>!$%&(),/;?@[\]\\{|}])\1{2,}\s*$/;

const rstHeadings = (lines: readonly string[]): Heading[] => {
  const headings: Heading[] = [];
  const styles: string[] = [];
  for (let row = 0; row + 1 < lines.length; row += 1) {
    const title = lines[row] ?? '';
    const mark = underline.exec(lines[row + 1] ?? '');
    if (!mark?.[1] || /^\s*$/.test(title) || underline.test(title) || mark[0].trimEnd().length < title.trim().length)
      continue;
    const over = underline.exec(lines[row - 1] ?? '')?.[1] === mark[1];
    if (!over && /^\s/.test(title)) continue;
    const style = mark[1] + String(over);
    if (!styles.includes(style)) styles.push(style);
    headings.push({ row: over ? row - 1 : row, level: styles.indexOf(style) + 1, title: title.trim() });
  }
  return headings;
};

const asciidocHeadings = (lines: readonly string[]): Heading[] => {
  let isCode = false;
  return lines.flatMap((line, row) => {
    if (/^(?:-{4,}|\.{4,}|={4,}|\+{4,})\s*$/.test(line)) isCode = !isCode;
    const [, marks, title] = /^(={1,6})[ \t]+(\S.*)$/.exec(line) ?? [];
    return isCode || marks === undefined || title === undefined ? [] : [{ row, level: marks.length, title }];
  });
};

const readers: Record<string, (lines: readonly string[]) => Heading[]> = {
  markdown: markdownHeadings,
  restructuredtext: rstHeadings,
  asciidoc: asciidocHeadings,
};

/** A title as it is read: without links' targets, marks and pictures. */
const plain = (title: string): string => {
  const bare = title
    .slice(0, 300)
    .replace(/!\[[^\]]*\]\([^)]*\)/g, '')
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/(`[^`]*`)|<\/?[a-z][^<>]*>|[*]|\{#[^}]*\}/g, '$1')
    .replace(/[`\\]/g, '')
    .replace(/\s+/g, ' ')
    .trim();
  return bare.slice(0, 120);
};

/** Cuts a document along its headings; undefined when that language has none. */
export const chunkSections = (lines: readonly string[], language: string): Chunk[] | undefined => {
  const headings = readers[language]?.(lines);
  if (!headings) return undefined;
  const chunks: Chunk[] = [];
  const add = (range: LineRange, titles: readonly string[]): void => {
    const symbol = titles.filter(Boolean).join(' > ').slice(0, 300);
    const about = symbol === '' ? {} : { symbol, kind: 'section' };
    const length = range.end - range.start;
    const windows = length <= longWindowLines ? [trimmed(lines, range)] : windowsOf(lines, range, longWindowLines);
    chunks.push(...windows.flatMap((window) => (window ? [chunkOf(lines, window, about)] : [])));
  };
  const path: Heading[] = [];
  let start = 0;
  headings.forEach((heading, index) => {
    const before = headings[index - 1];
    // A heading with nothing below it but the next one goes with that.
    const isBare =
      before && heading.level >= before.level && heading.row - before.row <= 3 && hasNoText(lines, before, heading);
    if (!isBare) {
      add(
        { start, end: heading.row },
        path.map(({ title }) => title),
      );
      start = heading.row;
    }
    while ((path.at(-1)?.level ?? 0) >= heading.level) path.pop();
    path.push({ ...heading, title: plain(heading.title) });
  });
  add(
    { start, end: lines.length },
    path.map(({ title }) => title),
  );
  return chunks;
};

const hasNoText = (lines: readonly string[], from: Heading, to: Heading): boolean =>
  lines
    .slice(from.row, to.row)
    .every(
      (line) =>
        line.trim() === '' || line.includes(from.title) || underline.test(line) || /^\s*[=-]{2,}\s*$/.test(line),
    );
