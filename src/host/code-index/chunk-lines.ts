import type { Chunk } from '../../core/parsed-file.ts';

/** The lines of a text; a final line end begins no further one. */
export const linesOf = (text: string): string[] => {
  const lines = text.replace(/^\uFEFF/, '').split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
};

/** A chunk of lines (0-based, the end not included) with what is known of it. */
export const chunkOf = (
  lines: readonly string[],
  { start, end }: { start: number; end: number },
  about: Omit<Chunk, 'startLine' | 'endLine' | 'text'> = {},
): Chunk => ({ startLine: start + 1, endLine: end, ...about, text: lines.slice(start, end).join('\n') });
