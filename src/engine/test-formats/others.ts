import { enough, has, total } from './format.ts';
import type { Format } from './format.ts';

/** RSpec. */
export const rspec: Format = (lines) => {
  const summary = lines.filter((line) => /^\d+ examples?, \d+ failures?\b/.test(line));
  if (summary.length === 0) return undefined;
  const names = lines.flatMap((line) => {
    const [, file, title] = /^rspec '?(.+?)(?::\d+|\[[\d:]+\])'? # (.+)$/.exec(line) ?? [];
    return file && title ? [`${file.replace(/^\.\//, '')}: ${title}`] : [];
  });
  const hidden = has(summary, /occurred outside of examples/);
  return { names, whole: !hidden && enough(names, total(summary, /, (\d+) failures?/)) };
};

/** PHPUnit's default printer. */
export const phpunit: Format = (lines) => {
  const end = /^(?:OK \(\d+ tests?, |Tests: \d+, Assertions: \d+)/;
  if (!has(lines, end)) return undefined;
  const names: string[] = [];
  let section = '';
  for (const line of lines) {
    section = /^There (?:was|were) \d+ (\w+)/.exec(line)?.[1] ?? section;
    const name = /^\d+\) (\S.*)$/.exec(line)?.[1];
    if (name && /^(?:failure|error)/.test(section))
      names.push(name.replace(/( with data set (?:"[^"]*"|#\d+)) \(.*$/, '$1'));
  }
  const counted = (total(lines, /^Tests: .*\bErrors: (\d+)/) ?? 0) + (total(lines, /^Tests: .*\bFailures: (\d+)/) ?? 0);
  return { names, whole: enough(names, counted) };
};

/** Maven Surefire and Failsafe. */
export const surefire: Format = (lines) => {
  const end = /^\[\w+\] Tests run: \d+, Failures: (\d+), Errors: (\d+), Skipped: \d+$/;
  const counted = total(lines, end);
  if (counted === undefined) return undefined;
  const names = lines.flatMap(
    (line) => /^\[ERROR\] (?!Tests run:)(.+?)(?: --)? +Time elapsed: .*<<< (?:FAILURE|ERROR)!/.exec(line)?.[1] ?? [],
  );
  // A class in place of a test: its set-up broke, its tests did not run.
  const classes = new Set(lines.flatMap((line) => /^\[ERROR\] Tests run: .* in (\S+)$/.exec(line)?.[1] ?? []));
  const hidden =
    names.some((name) => classes.has(name) || name.endsWith('.initializationError')) ||
    has(lines, /^\[ERROR\] COMPILATION ERROR|^\[INFO\] .* SKIPPED$|forked VM terminated/);
  return { names, whole: !hidden && enough(names, counted) };
};

/** Gradle's test task; it prints nothing of tests when all pass. */
export const gradle: Format = (lines) => {
  const counted = total(lines, /^\d+ tests? completed, (\d+) failed/);
  if (counted === undefined) return undefined;
  const names = lines.flatMap((line) => /^(\S.* > .+) FAILED$/.exec(line)?.[1] ?? []);
  return { names, whole: enough(names, counted) && !names.some((name) => name.endsWith('initializationError')) };
};

/** `dotnet test`. */
export const dotnet: Format = (lines) => {
  const counted = total(lines, /^(?:Failed|Passed|Skipped)! +- Failed: +(\d+), Passed: /);
  if (counted === undefined) return undefined;
  const names = lines.flatMap((line) => /^ {2}Failed (\S.*?)(?: \[[^\]]+\])?$/.exec(line)?.[1] ?? []);
  const hidden = has(lines, /^Build FAILED|: error [A-Z]+\d+: |test run was aborted/i);
  return { names, whole: !hidden && enough(names, counted) };
};
