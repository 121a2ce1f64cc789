import { hash as digest } from 'node:crypto';
import type { MemorySource } from '../../core/memory.ts';

/** A source in a file. */
export type FileSource = Extract<MemorySource, { type: 'file' }>;

/** How cited lines stand in their file as it is now. */
export type Standing =
  | { state: 'ok' }
  /** The same words stand elsewhere in it. */
  | { state: 'moved'; startLine: number; endLine: number }
  | { state: 'changed'; why: string };

/** The lines of a text; how they end does not matter. */
export const linesOf = (text: string): string[] => text.split(/\r\n|\n|\r/);

/** Hex SHA-256 of lines `startLine` to `endLine` (1-based, inclusive). */
export const linesHash = (lines: readonly string[], startLine: number, endLine: number): string =>
  digest('sha256', lines.slice(startLine - 1, endLine).join('\n'));

/** Letters and digits that moved lines must have at least: a bracket stands everywhere. */
const leastTelling = 8;
/** Characters hashed at most while lines are looked for. */
const searchedChars = 16 << 20;

/**
 * Looks whether cited lines are as they were. Lines that moved are looked for from their old place outwards, so of
 * several places the nearest is found.
 */
export const standingOf = (
  source: Pick<FileSource, 'startLine' | 'endLine' | 'hash'>,
  lines: readonly string[],
): Standing => {
  const { startLine, endLine, hash } = source;
  const count = endLine - startLine + 1;
  if (endLine <= lines.length && linesHash(lines, startLine, endLine) === hash) return { state: 'ok' };
  const last = lines.length - count + 1;
  const perTry = lines.reduce((sum, line) => sum + line.length + 1, 0) * (count / Math.max(1, lines.length));
  const tries = Math.max(50, Math.floor(searchedChars / Math.max(1, perTry)));
  const from = Math.min(startLine, Math.max(1, last));
  for (let step = 0, tried = 0; tried < tries && step <= lines.length; step += 1) {
    for (const at of step === 0 ? [from] : [from - step, from + step]) {
      if (at < 1 || at > last || at === startLine) continue;
      tried += 1;
      if (linesHash(lines, at, at + count - 1) !== hash) continue;
      const words =
        lines
          .slice(at - 1, at + count - 1)
          .join('\n')
          .match(/[\p{L}\p{N}]/gu)?.length ?? 0;
      if (words >= leastTelling) return { state: 'moved', startLine: at, endLine: at + count - 1 };
      return { state: 'changed', why: 'the lines are no longer there' };
    }
  }
  return { state: 'changed', why: 'the lines changed' };
};
