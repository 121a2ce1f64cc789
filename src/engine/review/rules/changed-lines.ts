import type { FileDiff } from '../../../core/diff.ts';
import { languageOf } from './code-language.ts';
import { maskCode } from './code-mask.ts';

/** What a review is made of besides the diff. */
export interface ReviewTexts {
  /** Texts before the change, by the path they had then. */
  before: ReadonlyMap<string, string>;
  /** Texts after the change, by path. */
  after: ReadonlyMap<string, string>;
  paths?: Iterable<string>;
  /** Further texts after the change, such as tests and imported files. */
  others?: ReadonlyMap<string, string>;
}

/** A line that came or went. */
export interface ChangedLine {
  /** 1-based, on its own side of the change. */
  line: number;
  /** Without its line end, and no more of it than rules look at. */
  text: string;
  /** The same without comments, and with what is inside of strings filled; the text itself where no language is known. */
  code: string;
}

/** Lines of one side, code only; what is not known is missing. Index 0 is line 1. */
export type CodeLines = readonly (string | undefined)[];

/** Characters of a line that rules look at: nobody writes longer ones, and patterns take time with the square of a line. */
const longestLine = 2000;

const lookedAt = (text: string): string => (text.endsWith('\r') ? text.slice(0, -1) : text).slice(0, longestLine);

/** The lines of a side as code, from the whole text, or from what the hunks show of it. */
export const codeLines = (file: FileDiff, side: 'old' | 'new', text: string | undefined): CodeLines => {
  const path = side === 'old' ? (file.oldPath ?? file.path) : file.path;
  const language = languageOf(path);
  const masked = (source: string): string[] =>
    (language ? maskCode(source, language, path) : source).split('\n').map(lookedAt);
  if (text !== undefined) return masked(text);
  const lines: (string | undefined)[] = [];
  for (const hunk of file.hunks) {
    const ours = hunk.lines.filter((one) => one.kind !== (side === 'old' ? 'added' : 'deleted'));
    const codes = masked(ours.map((one) => one.text).join('\n'));
    for (const [index, one] of ours.entries()) {
      const number = side === 'old' ? one.oldLine : one.newLine;
      if (number !== undefined) lines[number - 1] = codes[index];
    }
  }
  return lines;
};

interface Sides {
  added: ChangedLine[];
  removed: ChangedLine[];
}

/** Lines of which there are many say nothing of where they came from. */
const isTelling = (text: string): boolean => /\w/.test(text);

/** For each file its changed lines, without what was only moved within the change: the same but for its indentation. */
export const changedLines = (
  files: readonly FileDiff[],
  texts: ReviewTexts,
): ((file: FileDiff) => Sides & { beforeCode: CodeLines; afterCode: CodeLines }) => {
  const balance = new Map<string, { deleted: number; added: number }>();
  for (const file of files)
    for (const hunk of file.hunks)
      for (const { kind, text } of hunk.lines) {
        if (kind === 'context') continue;
        const key = text.trim();
        const count = balance.get(key) ?? { deleted: 0, added: 0 };
        count[kind] += 1;
        balance.set(key, count);
      }
  for (const count of balance.values()) {
    const moved = Math.min(count.deleted, count.added);
    count.deleted = moved;
    count.added = moved;
  }
  return (file) => {
    let before: CodeLines | undefined;
    let after: CodeLines | undefined;
    const beforeCode = (): CodeLines =>
      (before ??= codeLines(file, 'old', texts.before.get(file.oldPath ?? file.path)));
    const afterCode = (): CodeLines => (after ??= codeLines(file, 'new', texts.after.get(file.path)));
    const plain: Record<'added' | 'deleted', { line: number; text: string }[]> = { added: [], deleted: [] };
    for (const hunk of file.hunks)
      for (const { kind, text, oldLine, newLine } of hunk.lines) {
        if (kind === 'context') continue;
        const count = balance.get(text.trim());
        if (count && count[kind] > 0 && isTelling(text)) {
          count[kind] -= 1;
          continue;
        }
        plain[kind].push({ line: (kind === 'added' ? newLine : oldLine) ?? 0, text: lookedAt(text) });
      }
    const withCode = (line: { line: number; text: string }, code: () => CodeLines): ChangedLine => ({
      ...line,
      get code() {
        return code()[line.line - 1] ?? line.text;
      },
    });
    return {
      added: plain.added.map((line) => withCode(line, afterCode)),
      removed: plain.deleted.map((line) => withCode(line, beforeCode)),
      get beforeCode() {
        return beforeCode();
      },
      get afterCode() {
        return afterCode();
      },
    };
  };
};
