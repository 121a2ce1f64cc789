import { enough, has, total } from './format.ts';
import type { Format } from './format.ts';

const summaryLine =
  /^(?:=+ )?(?:\d+ (?:passed|failed|errors?|skipped|xfailed|xpassed|deselected|warnings?|rerun)\b|no tests ran).* in [\d.]+s\b/;

/** pytest: the short summary, or the lines of `-v` (also under xdist) when there is none. */
export const pytest: Format = (lines) => {
  const ends = lines.filter((line) => summaryLine.test(line));
  if (ends.length === 0 && !has(lines, /^=+ test session starts =+$/)) return undefined;
  const summary = lines.flatMap((line) => named(/^(FAILED|ERROR) (\S.*)$/.exec(line)));
  const verbose = lines.flatMap((line) => {
    const [, id, word] = /^(\S.*::.*?) (FAILED|ERROR)(?: +\[ *\d+%\])?$/.exec(line) ?? [];
    return named(word ? ['', word, id] : /^\[gw\d+\] \[ *\d+%\] (FAILED|ERROR) (\S.*)$/.exec(line));
  });
  const names = summary.length > 0 ? summary : verbose;
  const stopped = ends.length === 0 || has(lines, /^!+ .*!+$/) || has(lines, /^INTERNALERROR>/);
  const counted = (total(ends, /\b(\d+) failed\b/) ?? 0) + (total(ends, /\b(\d+) errors?\b/) ?? 0);
  return { names, whole: !stopped && enough(names, counted) };
};

// An error comes from set-up or tear-down: the same test can also have failed.
const named = (match: readonly (string | undefined)[] | null): string[] => {
  const [, word, text] = match ?? [];
  if (!text) return [];
  return [idOf(text.trim()) + (word === 'ERROR' ? ' (error)' : '')];
};

// `path::test[parameters] - message`: parameters may hold ` - `, the message anything.
const idOf = (text: string): string => {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '[') depth += 1;
    else if (text[at] === ']') depth -= 1;
    else if (depth <= 0 && text.startsWith(' - ', at)) return text.slice(0, at);
  }
  return depth === 0 ? text : text.replace(/ - .*$/, '');
};

/** unittest and what prints like it (Django). */
export const unittest: Format = (lines) => {
  if (!has(lines, /^Ran \d+ tests? in [\d.]+s$/)) return undefined;
  const names = lines.flatMap((line) => /^(?:FAIL|ERROR|UNEXPECTED SUCCESS): (.+)$/.exec(line)?.[1] ?? []);
  const counted = ['failures', 'errors', 'unexpected successes'].reduce(
    (sum, word) => sum + (total(lines, new RegExp(`^FAILED \\(.*\\b(?<!expected )${word}=(\\d+)`)) ?? 0),
    0,
  );
  const hidden = names.some((name) => /_FailedTest\b|^(?:setUp|tearDown)(?:Class|Module)\b/.test(name));
  return { names, whole: !hidden && enough(names, counted) };
};
