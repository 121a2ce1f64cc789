import type { CodeLines } from './changed-lines.ts';
import { filler } from './code-mask.ts';

/** How far a line is indented; tabs count as four. */
export const indentOf = (line: string): number => {
  let width = 0;
  for (const char of line) {
    if (char === ' ') width += 1;
    else if (char === '\t') width += 4;
    else break;
  }
  return width;
};

/**
 * The last line of what begins at a line, judged by indentation, which formatted code of every language agrees on: up to
 * the line that closes it, or before the first that is not deeper. All 1-based.
 */
export const blockEnd = (lines: CodeLines, start: number): number => {
  const head = lines[start - 1] ?? '';
  const indent = indentOf(head);
  let last = start;
  let isInHead = true;
  for (let number = start + 1; number <= lines.length; number++) {
    const line = lines[number - 1];
    if (line === undefined) break;
    // What stands in a long string may begin anywhere.
    if (line.trim() === '' || line.trimStart().startsWith(filler)) continue;
    const depth = indentOf(line);
    if (depth > indent) {
      last = number;
      if (depth > indent) isInHead = false;
      continue;
    }
    if (depth < indent) break;
    if (/^\s*(?:[)\]}]|end\b|\{)/.test(line)) {
      last = number;
      // `) {` and a brace on its own line only begin the body.
      if (/[{:([]\s*$/.test(line) || (isInHead && line.trim() === '{')) continue;
      break;
    }
    if (!isInHead) break;
    break;
  }
  return last;
};
