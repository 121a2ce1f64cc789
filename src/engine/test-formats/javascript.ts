import { enough, has, isHook, total } from './format.ts';
import type { Format } from './format.ts';

/** node:test, reporter `spec` (Node 18 to 24). */
export const nodeSpec: Format = (lines, file) => {
  const counted = total(lines, /^ℹ (?:fail|cancelled) (\d+)$/);
  if (counted === undefined) return undefined;
  const open: { title: string; from: number }[] = [];
  const leaves: string[][] = [];
  const located: { file: string; title: string }[] = [];
  let inSummary = false;
  let at: string | undefined;
  for (const line of lines) {
    if (line.startsWith('> ')) inSummary = false; // npm announces the next script
    if (line === '✖ failing tests:') inSummary = true;
    at = /^test at (.+?):\d+:\d+$/.exec(line)?.[1] ?? at;
    const match = /^( *)([▶✖]) (.*?)( \([\d.]+ms\)( # .*)?)?$/u.exec(line);
    if (!match || line === '✖ failing tests:') continue;
    const [, indent = '', sign, title = '', duration, excuse] = match;
    const depth = indent.length / 2;
    if (excuse) continue; // a todo may fail
    if (inSummary) {
      if (depth === 0 && at !== undefined) located.push({ file: at, title });
      continue;
    }
    const suite = open[depth]?.title === title ? open[depth] : undefined;
    open.length = Math.min(open.length, depth);
    if (sign === '▶') {
      if (!(suite && duration)) open[depth] = { title, from: leaves.length };
    } else if (suite?.from !== leaves.length && suite) {
      continue; // a suite fails because of the tests already listed
    } else leaves.push([...open.map((outer) => outer.title), title]);
  }
  // The summary says in which file a test stands, but not in which suites; its order is that of the tree.
  let next = 0;
  let broken = false;
  const names = leaves.map((path) => {
    const title = path.at(-1);
    const found = located.findIndex((entry, index) => index >= next && entry.title === title);
    const entry = located[found];
    if (!entry) return path.join(' > ');
    next = found + 1;
    if (entry.title === entry.file || entry.title.endsWith(`/${entry.file}`)) broken = true;
    return `${file(entry.file)}: ${path.join(' > ')}`;
  });
  return { names, whole: enough(names, counted) && !broken };
};

/** Vitest, reporters `default`, `verbose` and `dot`. */
export const vitest: Format = (lines) => {
  const started = has(lines, /^ *(?:RUN|DEV) +v\d/);
  const ended = has(lines, /^ *Test Files +/);
  if (!started && !ended) return undefined;
  const names = lines.flatMap((line) => /^ FAIL +(.+ > .+?)(?: \(retry x\d+\))?$/.exec(line)?.[1] ?? []);
  const hidden = has(lines, /Failed Suites \d+/) || has(lines, /^ *Errors +\d+ error/);
  return { names, whole: ended && !hidden && enough(names, total(lines, /^ *Tests +(\d+) failed/)) };
};

/** Jest, with or without `--verbose`. */
export const jest: Format = (lines, file) => {
  if (!has(lines, /^Tests: .*\btotal$/)) return undefined;
  const names: string[] = [];
  let hidden = has(lines, /^Test Suites: .*\d+ of \d+ total$/);
  let current: string | undefined;
  for (const line of lines) {
    const header = /^(PASS|FAIL) (.+?)(?: \([\d.]+ m?s\))?$/.exec(line);
    if (header?.[2]) current = header[1] === 'FAIL' ? file(header[2]) : undefined;
    const title = /^ {2}● (.+)$/.exec(line)?.[1];
    if (current === undefined || title === undefined || title === 'Console') continue;
    if (title === 'Test suite failed to run') hidden = true;
    names.push(`${current}: ${title.replaceAll(' › ', ' > ')}`);
  }
  return { names, whole: !hidden && enough(names, total(lines, /^Tests: +(\d+) failed/)) };
};

/** Mocha, every reporter that ends with the list of failures (`spec`, `dot`, `min`, …). */
export const mocha: Format = (lines) => {
  if (!has(lines, /^ +\d+ passing \(/)) return undefined;
  const names: string[] = [];
  let number = -1;
  for (const [index, line] of lines.entries()) {
    if (/^ +\d+ failing$/.test(line)) number = 0;
    const first = /^ {2}(\d+)\) (.+)$/.exec(line);
    if (number < 0 || first?.[2] === undefined || Number(first[1]) !== number + 1) continue;
    number += 1;
    const titles = [first[2]];
    // Each level of a title stands two columns deeper than the one before; the error's text does not.
    for (let next = lines[index + 1]; next !== undefined; next = lines[index + titles.length]) {
      if (next.search(/\S/) !== 5 + 2 * titles.length) break;
      titles.push(next.trim());
    }
    names.push(titles.join(' > ').replace(/:$/, ''));
  }
  return { names, whole: !names.some(isHook) && enough(names, total(lines, /^ +(\d+) failing$/)) };
};
