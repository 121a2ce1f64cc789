/** What one format says of an output. */
export interface Reading {
  /** Failing tests. */
  names: string[];
  /** False when tests that failed, or might have, are not among `names`. */
  whole: boolean;
}

/** Reads one runner's output; undefined when it is not that runner's. `file` makes a path stable between two runs. */
export type Format = (lines: readonly string[], file: (path: string) => string) => Reading | undefined;

/** Sum of the numbers a pattern's groups catch over all lines; undefined when no line matches. */
export const total = (lines: readonly string[], pattern: RegExp): number | undefined => {
  let sum: number | undefined;
  for (const line of lines) {
    const match = pattern.exec(line);
    if (match) sum = match.slice(1).reduce((before, digits) => before + Number(digits), sum ?? 0);
  }
  return sum;
};

/** True when some line matches. */
export const has = (lines: readonly string[], pattern: RegExp): boolean => lines.some((line) => pattern.test(line));

/** True when there are at least as many different names as the runner counted failures. */
export const enough = (names: readonly string[], counted: number | undefined): boolean =>
  new Set(names).size >= (counted ?? 0);

/** A hook that broke: the tests it was for did not run. */
export const isHook = (name: string): boolean => /"(?:before|after) (?:all|each)" hook\b/.test(name);
