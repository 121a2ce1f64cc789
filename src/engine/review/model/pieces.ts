import { scanner } from '../../../base/redact/scanner.ts';
import { visible } from '../../../base/printable.ts';
import type { DiffLine, Hunk } from '../../../core/diff.ts';
import type { Detected } from '../../../core/finding.ts';
import type { Chunk } from '../../../core/parsed-file.ts';
import type { ReviewFile } from '../rule.ts';

/** A changed place as a model is shown it. */
export interface Piece {
  path: string;
  /** Heading of its file, said once before the first of its pieces. */
  heading: string;
  text: string;
  /** Greater where a mistake is likelier, or would do more harm. */
  risk: number;
  /** Where it stands in the change. */
  order: number;
}

/** Lines of the sides of a file that are not to be shown. */
export type Masked = Record<'new' | 'old', ReadonlySet<number>>;

const mask = '[a secret stands here]';
const mostChars = 240;
/** Longer places are shown in parts, so that a large one does not push all others out. */
const mostLines = 60;

const linesOfHits = (text: string, found: Set<number>, numberOf: (row: number) => number): void => {
  const hits = scanner().find(text);
  if (hits.length === 0) return;
  let row = 0;
  let at = 0;
  for (const { start, end } of hits) {
    for (let next = text.indexOf('\n', at); next >= 0 && next < start; next = text.indexOf('\n', at)) {
      row += 1;
      at = next + 1;
    }
    found.add(numberOf(row));
    for (let next = text.indexOf('\n', start), last = row; next >= 0 && next < end; next = text.indexOf('\n', next + 1))
      found.add(numberOf((last += 1)));
  }
};

/** The lines of a file that hold secrets, all lines of a key that has several; those a rule found as well. */
export const maskedLines = (file: ReviewFile, detected: readonly Detected[]): Masked => {
  const masked = { new: new Set<number>(), old: new Set<number>() };
  for (const { rule, path, line, endLine, side } of detected)
    if (rule === 'secret' && path === file.path) for (let at = line; at <= endLine; at += 1) masked[side].add(at);
  for (const [side, text] of [
    ['new', file.after],
    ['old', file.before],
  ] as const) {
    if (text !== undefined) {
      linesOfHits(text, masked[side], (row) => row + 1);
      continue;
    }
    for (const hunk of file.diff.hunks) {
      const shown = hunk.lines.filter(({ kind }) => kind !== (side === 'new' ? 'deleted' : 'added'));
      const start = side === 'new' ? hunk.newStart : hunk.oldStart;
      linesOfHits(shown.map(({ text: line }) => line).join('\n'), masked[side], (row) => start + row);
    }
  }
  return masked;
};

/** A line as a model is shown it. */
export const shownLine = (text: string, isMasked: boolean): string => {
  if (isMasked) return mask;
  const plain = visible(text.replace(/\r$/, '')).trimEnd();
  return plain.length > mostChars ? `${plain.slice(0, mostChars)}…` : plain;
};

const rendered = ({ kind, text, newLine = 0, oldLine = 0 }: DiffLine, masked: Masked): string => {
  if (kind === 'added') return `+${newLine} ${shownLine(text, masked.new.has(newLine))}`;
  if (kind === 'deleted') return `-${oldLine} ${shownLine(text, masked.old.has(oldLine))}`;
  return `  ${shownLine(text, masked.new.has(newLine))}`;
};

/** The smallest definition around a line. */
export const definitionAt = (file: ReviewFile, line: number): Chunk | undefined => {
  let best: Chunk | undefined;
  for (const chunk of file.afterParsed?.chunks ?? [])
    if (
      chunk.symbol !== undefined &&
      chunk.startLine <= line &&
      line <= chunk.endLine &&
      (!best || chunk.endLine - chunk.startLine < best.endLine - best.startLine)
    )
      best = chunk;
  return best;
};

const sensitive =
  /\b(?:auth\w*|passw\w*|token|secret|crypt\w*|sign(?:ature|ed)?|permission|role|admin|sql|query|exec\w*|spawn|eval|unlink|delete|remove|drop|transaction|lock|mutex|thread|race|retry|timeout|await|async|pay\w*|price|amount|money|migrat\w*|parse|deserial\w*|redirect|cookie|session)\b/i;

const riskOf = (file: ReviewFile, lines: readonly DiffLine[], detected: readonly Detected[]): number => {
  const changed = lines.filter(({ kind }) => kind !== 'context');
  const has = (kind: DiffLine['kind']): boolean => changed.some((line) => line.kind === kind);
  const place = { code: 4, script: 3, example: 1, test: 1, fixture: 0.2, doc: 0.2 }[file.place];
  return (
    (file.language === undefined ? Math.min(place, 1) : place) +
    (changed.some(({ text }) => sensitive.test(text)) ? 2 : 0) +
    // What is changed was relied upon; what is new is not yet.
    (has('added') && has('deleted') ? 1.5 : has('deleted') ? 1 : 0) +
    (detected.some(({ path }) => path === file.path) ? 0.5 : 0) +
    Math.min(2, Math.log2(1 + changed.length) / 3)
  );
};

const parts = (hunk: Hunk): DiffLine[][] => {
  const all: DiffLine[][] = [];
  for (let at = 0; at < hunk.lines.length; at += mostLines) all.push(hunk.lines.slice(at, at + mostLines));
  return all.filter((lines) => lines.some(({ kind, text }) => kind !== 'context' && text.trim() !== ''));
};

const headingOf = ({ diff, path }: ReviewFile): string => {
  const name = (one: string): string => visible(one).replace(/\s/g, ' ');
  const was = diff.oldPath === undefined || diff.oldPath === path ? '' : ` (was ${name(diff.oldPath)})`;
  return `=== ${name(path)}${was}${diff.status === 'modified' ? '' : ` ${diff.status}`}`;
};

/** The changed places of a change, without what people did not write and what holds keys. */
export const piecesOf = (
  files: readonly ReviewFile[],
  detected: readonly Detected[],
  maskedIn: (file: ReviewFile) => Masked,
): Piece[] => {
  const pieces: Piece[] = [];
  for (const file of files) {
    // A whole file that a rule takes for credentials stays here.
    if (detected.some(({ rule, path, line }) => rule === 'secret' && path === file.path && line === 0)) continue;
    const masked = maskedIn(file);
    for (const hunk of file.diff.hunks)
      for (const lines of parts(hunk)) {
        const first = lines.find(({ kind }) => kind === 'added') ?? lines[0];
        const line = first?.newLine ?? hunk.newStart;
        const around = definitionAt(file, line);
        const isShown = around !== undefined && lines.some(({ newLine }) => newLine === around.startLine);
        const inside = around && !isShown ? (around.signature ?? around.symbol ?? '') : '';
        const start = `@@ ${lines[0]?.newLine ?? lines[0]?.oldLine ?? hunk.newStart}${inside === '' ? '' : ` in ${shownLine(inside, false)}`}`;
        pieces.push({
          path: file.path,
          heading: headingOf(file),
          text: [start, ...lines.map((one) => rendered(one, masked))].join('\n'),
          risk: riskOf(file, lines, detected),
          order: pieces.length,
        });
      }
  }
  return pieces;
};
