import { enough, has, isHook, total } from './format.ts';
import type { Format } from './format.ts';

interface Failure {
  depth: number;
  path: string[];
  /** Where node:test says the test stands. */
  file?: string;
  /** The file itself was the test: it broke before its tests could report. */
  broken?: boolean;
}

const testLine = /^( *)(not )?ok\b(?: \d+)?(?: - | )?(.*)$/;

/** TAP 12 to 14: node:test, mocha, vitest, tape, bats, prove and others. */
export const tap: Format = (lines, file) => {
  const planned = total(lines, /^1\.\.(\d+)/);
  const versioned = has(lines, /^TAP version \d+$/);
  if (!versioned && planned === undefined) return undefined;
  const failures: Failure[] = [];
  // node:test names a parent after its children, vitest before them with a brace.
  const braces: { title: string; failed: boolean; from: number }[] = [];
  let seen = 0;
  let yaml: 'none' | 'of a failure' | 'skipped' = 'none';
  let last: Failure | undefined;
  for (const line of lines) {
    const trimmed = line.trim();
    if (yaml !== 'none') {
      if (trimmed === '...') yaml = 'none';
      const location = /^location: '?(.+?)(?::\d+){0,2}'?$/.exec(trimmed)?.[1];
      if (yaml === 'of a failure' && last && location) locate(last, location, file);
      continue;
    }
    if (trimmed === '---') {
      yaml = last ? 'of a failure' : 'skipped';
      continue;
    }
    if (trimmed === '}') {
      const brace = braces.pop();
      if (brace?.failed && failures.length === brace.from)
        failures.push({ depth: 0, path: [...braces.map((outer) => outer.title), brace.title] });
      continue;
    }
    const match = testLine.exec(line);
    if (!match) continue;
    const [, indent = '', not, rest = ''] = match;
    const depth = indent.length;
    if (depth === 0) seen += 1;
    const excused = /(?<!\\)# *(?:skip|todo)\b/i.test(rest);
    const title = titleOf(rest);
    const failed = not !== undefined && !excused;
    last = undefined;
    if (rest.endsWith(' {')) {
      braces.push({ title, failed, from: failures.length });
      continue;
    }
    const children = adopt(failures, depth, title);
    if (excused) failures.splice(failures.length - children);
    else if (failed && children === 0) {
      last =
        braces.length > 0
          ? { depth: 0, path: [...braces.map((brace) => brace.title), title] }
          : { depth, path: [title] };
      failures.push(last);
    }
  }
  if (!versioned && seen === 0) return undefined;
  const names = failures.map(({ file: from, path }) => (from === undefined ? '' : `${from}: `) + path.join(' > '));
  const counted = total(lines, /^# (?:fail|cancelled) +(\d+)$/);
  const cut = has(lines, /^Bail out!/) || planned === undefined || seen < planned;
  const hidden = names.some(isHook) || failures.some((failure) => failure.broken);
  return { names, whole: !cut && !hidden && enough(names, counted) };
};

// The failures just reported deeper than a test are its own: it becomes their first part. Answers how many they are.
const adopt = (failures: readonly Failure[], depth: number, title: string): number => {
  let count = 0;
  for (let at = failures.length - 1; at >= 0; at -= 1) {
    const failure = failures[at];
    if (!failure || failure.depth <= depth) break;
    failure.depth = depth;
    failure.path.unshift(title);
    count += 1;
  }
  return count;
};

const locate = (failure: Failure, location: string, file: (path: string) => string): void => {
  failure.file = file(location);
  const title = failure.path[0] ?? '';
  failure.broken = failure.path.length === 1 && (location === title || location.endsWith(`/${title}`));
};

const titleOf = (rest: string): string =>
  rest
    .replace(/ \{$/, '')
    .replace(/(?<!\\) # (?:time=|skip|todo).*$/i, '')
    .replace(/\\([#\\])/g, '$1')
    .trim();
