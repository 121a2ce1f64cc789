import { createHash } from 'node:crypto';
import type { FileDiff } from '../../core/diff.ts';
import type { Detected, Finding } from '../../core/finding.ts';
import type { ParsedFile } from '../../core/parsed-file.ts';
import { isOfModel } from './report.ts';

/** What a fingerprint needs to know of the file a finding lies in. */
export interface FingerprintFile {
  diff: FileDiff;
  /** Texts; where one is not known, what the hunks show of it counts. */
  before?: string;
  after?: string;
  beforeParsed?: ParsedFile;
  afterParsed?: ParsedFile;
}

/** Findings about more lines are about what encloses them. */
const quotedLines = 3;

const spaceless = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** The lines of a text, each as it is, however they end. */
export const splitLines = (text: string): string[] => text.split(/\r?\n/);

const renamedFrom = (diff: FileDiff | undefined): string | undefined =>
  diff?.status === 'renamed' ? diff.oldPath : undefined;

const symbolAt = (parsed: ParsedFile | undefined, line: number): string => {
  let best: { symbol: string; size: number } | undefined;
  for (const { symbol, startLine, endLine } of parsed?.chunks ?? [])
    if (symbol !== undefined && startLine <= line && line <= endLine && (!best || endLine - startLine < best.size))
      best = { symbol, size: endLine - startLine };
  return best?.symbol ?? '';
};

/** The text a finding is about with whitespace evened out; undefined where it is about no few lines. */
export const quotedText = (
  { line, endLine, side }: Pick<Detected, 'line' | 'endLine' | 'side'>,
  lines: (side: Detected['side']) => readonly string[],
): string | undefined => {
  if (line < 1 || endLine - line >= quotedLines) return undefined;
  const quoted = spaceless(
    lines(side)
      .slice(line - 1, endLine)
      .join('\n'),
  );
  return quoted === '' ? undefined : quoted;
};

/** Numbers in words about a file (its size, a count) change while the problem stays. */
const withoutNumbers = (text: string): string => spaceless(text).replace(/\d+(?:[.,]\d+)*/g, '#');

const shownLines = (diff: FileDiff | undefined, side: Detected['side']): string[] => {
  const lines: string[] = [];
  for (const hunk of diff?.hunks ?? [])
    for (const { text, oldLine, newLine } of hunk.lines) {
      const number = side === 'new' ? newLine : oldLine;
      if (number !== undefined) lines[number - 1] = text;
    }
  return lines;
};

/** The lines of files, each text taken apart once. */
export const linesByFile = (
  fileOf: (path: string) => FingerprintFile | undefined,
): ((path: string, side: Detected['side']) => readonly string[]) => {
  const known = new Map<string, readonly string[]>();
  return (path, side) => {
    const key = `${side}\0${path}`;
    const before = known.get(key);
    if (before) return before;
    const file = fileOf(path);
    const text = side === 'new' ? file?.after : file?.before;
    const lines = text === undefined ? shownLines(file?.diff, side) : splitLines(text);
    known.set(key, lines);
    return lines;
  };
};

/**
 * Gives each finding its fingerprint: rule, path, what the lines say, what encloses them, and which of several equal ones
 * it is. Moved or re-indented lines, other line ends and a rename that the diff knows leave it as it is.
 */
export const fingerprinted = (
  detected: readonly Detected[],
  fileOf: (path: string) => FingerprintFile | undefined,
): Finding[] => {
  const linesOf = linesByFile(fileOf);
  const inOrder = detected
    .map((finding, at) => ({ finding, at }))
    .sort((a, b) => a.finding.line - b.finding.line || a.at - b.at);
  const times = new Map<string, number>();
  const result: Finding[] = [];
  for (const { finding, at } of inOrder) {
    const file = fileOf(finding.path);
    const { line, side, path, evidence } = finding;
    const quoted = quotedText(finding, (which) => linesOf(path, which));
    // A model says the same in other words each time, and calls it by another kind.
    const rule = isOfModel(finding) && quoted !== undefined ? 'model' : finding.rule;
    const symbol = symbolAt(side === 'new' ? file?.afterParsed : file?.beforeParsed, line);
    const key = JSON.stringify([
      rule,
      renamedFrom(file?.diff) ?? path,
      quoted ?? withoutNumbers(evidence),
      symbol,
      side,
    ]);
    const time = times.get(key) ?? 0;
    times.set(key, time + 1);
    const hash = createHash('sha256').update(`${key}\n${time}`).digest('hex');
    result[at] = { ...finding, fingerprint: hash.slice(0, 20) };
  }
  return result;
};
