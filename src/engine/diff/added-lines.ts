import type { DiffLine, FileDiff } from '../../core/diff.ts';

/** A line that a change adds, with its number after the change. */
export interface AddedLine {
  line: number;
  text: string;
}

/** The lines a change adds to a file, from top to bottom; none of a file whose hunks are left out. */
export const addedLines = (file: FileDiff): AddedLine[] =>
  file.hunks.flatMap((hunk) =>
    hunk.lines.flatMap((line) =>
      line.kind === 'added' && line.newLine !== undefined ? [{ line: line.newLine, text: line.text }] : [],
    ),
  );

/** The lines a change takes out of a file, with their numbers before the change. */
export const deletedLines = (file: FileDiff): AddedLine[] =>
  file.hunks.flatMap((hunk) =>
    hunk.lines.flatMap((line) =>
      line.kind === 'deleted' && line.oldLine !== undefined ? [{ line: line.oldLine, text: line.text }] : [],
    ),
  );

/** Whether a change adds the line of that number (after the change). */
export const isAddedLine = (file: FileDiff, line: number): boolean =>
  file.hunks.some(
    (hunk) =>
      line >= hunk.newStart &&
      line < hunk.newStart + hunk.newLines &&
      hunk.lines.some((one) => one.kind === 'added' && one.newLine === line),
  );

/** The numbers of all lines a change adds to a file. */
export const addedLineNumbers = (file: FileDiff): Set<number> => new Set(addedLines(file).map(({ line }) => line));

const joined = (lines: readonly DiffLine[]): string =>
  lines.map(({ text, noNewline }) => (noNewline ? text : `${text}\n`)).join('');

/**
 * A file after the change, from its text before it.
 * @throws Error when the hunks do not fit the text, or are left out.
 */
export const applyHunks = (before: string, file: FileDiff): string => {
  if (file.omitted !== undefined) throw new Error(`The changes of ${file.path} are left out: ${file.omitted}.`);
  const lines = before.split(/(?<=\n)/);
  const pieces: string[] = [];
  let at = 0;
  for (const hunk of file.hunks) {
    // Git counts from the line before when there are none.
    const start = hunk.oldLines === 0 ? hunk.oldStart : hunk.oldStart - 1;
    pieces.push(...lines.slice(at, start));
    const old = joined(hunk.lines.filter(({ kind }) => kind !== 'added'));
    if (lines.slice(start, start + hunk.oldLines).join('') !== old)
      throw new Error(`The changes of ${file.path} do not fit its text at line ${hunk.oldStart}.`);
    pieces.push(joined(hunk.lines.filter(({ kind }) => kind !== 'deleted')));
    at = start + hunk.oldLines;
  }
  pieces.push(...lines.slice(at));
  return pieces.join('');
};
