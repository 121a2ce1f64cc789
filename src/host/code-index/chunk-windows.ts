/** Lines from one to another, 0-based, the end not included. */
export interface LineRange {
  start: number;
  end: number;
}

/** Lines of a window where nothing else is said. */
export const windowLines = 40;

/** Lines of a window of one long definition. */
export const longWindowLines = 60;

/** Lines that two windows share where no good place to cut was found. */
const overlap = 3;

const isBlank = (line: string | undefined): boolean => line === undefined || line.trim() === '';

const indentOf = (line: string): number => line.length - line.trimStart().length;

/** Where the next window begins: after a blank line, at the least indented line, as late as possible. */
const cutBetween = (lines: readonly string[], from: number, to: number): { at: number; isClean: boolean } => {
  let best = to;
  let bestScore = Infinity;
  for (let at = to; at >= from; at -= 1) {
    const line = lines[at] ?? '';
    if (isBlank(line)) continue;
    // A closing bracket belongs to what it closes.
    const closes = /^\s*(?:[)\]}]|end\b)/.test(line);
    const score = Math.min(indentOf(line), 40) + (isBlank(lines[at - 1]) ? 0 : 20) + (closes ? 100 : 0);
    if (score < bestScore) [best, bestScore] = [at, score];
  }
  return { at: best, isClean: isBlank(lines[best - 1]) };
};

/** The range without blank lines at its ends; undefined when nothing else is in it. */
export const trimmed = (lines: readonly string[], range: LineRange): LineRange | undefined => {
  let { start, end } = range;
  while (start < end && isBlank(lines[start])) start += 1;
  while (end > start && isBlank(lines[end - 1])) end -= 1;
  return start < end ? { start, end } : undefined;
};

/** Cuts a range into windows of at most so many lines; together they hold every line that is not blank. */
export const windowsOf = (lines: readonly string[], range: LineRange, most = windowLines): LineRange[] => {
  const windows: LineRange[] = [];
  let rest = trimmed(lines, range);
  while (rest) {
    if (rest.end - rest.start <= most) {
      windows.push(rest);
      break;
    }
    const { at, isClean } = cutBetween(lines, rest.start + (most >> 1), rest.start + most);
    const window = trimmed(lines, { start: rest.start, end: at });
    if (window) windows.push(window);
    rest = trimmed(lines, { start: isClean ? at : at - overlap, end: rest.end });
  }
  return windows;
};
