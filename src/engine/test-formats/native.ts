import { enough, has, total } from './format.ts';
import type { Format } from './format.ts';

/** `go test`, also with `-v`. */
export const go: Format = (lines) => {
  const ended = /^(?:ok {2}|FAIL|\?? {3})\t(\S+)(?:\t| \[|$)/;
  if (!has(lines, ended)) return undefined;
  const names: string[] = [];
  let pending: string[] = [];
  // A package that does not build, panics or exits by itself hides its tests.
  let hidden = has(lines, /^panic: /);
  for (const line of lines) {
    const test = /^ *--- FAIL: (\S+) \([\d.]+s\)$/.exec(line)?.[1];
    if (test) pending.push(test);
    const pkg = ended.exec(line)?.[1];
    if (!pkg) continue;
    if (line.startsWith('FAIL') && pending.length === 0) hidden = true;
    names.push(...pending.map((name) => `${pkg}: ${name}`));
    pending = [];
  }
  return { names, whole: !hidden && pending.length === 0 };
};

/** `cargo test`. Without `--no-fail-fast` it stops at the first target that fails, so such a list is not whole. */
export const cargo: Format = (lines) => {
  const results = lines.filter((line) => line.startsWith('test result: '));
  if (results.length === 0) return undefined;
  const names: string[] = [];
  let target = '';
  let inList = false;
  for (const line of lines) {
    const running = /^ +Running (?:unittests )?(\S+) \(.*?([^/\\]+?)(?:-[0-9a-f]{16})?(?:\.exe)?\)$/.exec(line);
    if (running) target = `${running[2] ?? ''} ${running[1] ?? ''}`;
    const docs = /^ +Doc-tests (\S+)$/.exec(line)?.[1];
    if (docs) target = `${docs} doc`;
    const name: string | undefined = inList ? /^ {4}(\S.*)$/.exec(line)?.[1] : undefined;
    inList = line === 'failures:' || name !== undefined;
    // A doc test's line moves with every edit above it.
    if (name) names.push(`${target}: ${name.replace(/ \(line \d+\)$/, '')}`);
  }
  const stopped =
    has(lines, /^error: could not compile/) ||
    (has(lines, /^error: (?:doc)?test failed, to rerun/) && !has(lines, /^error: \d+ targets? failed:$/));
  const aborted = lines.filter((line) => /^running \d+ tests?$/.test(line)).length !== results.length;
  return { names, whole: !stopped && !aborted && enough(names, total(results, /; (\d+) failed;/)) };
};

/** `cargo nextest run`. */
export const nextest: Format = (lines) => {
  const summary = lines.filter((line) => /^ +Summary \[ *[\d.]+s\] .*tests? run: /.test(line));
  if (summary.length === 0) return undefined;
  const failed = /^ +(?:FAIL|ABORT|TIMEOUT|SIG[A-Z]+) \[ *>? *[\d.]+s\] (?:\( *\d+\/\d+\) )?(\S+ +\S.*)$/;
  const names = lines.flatMap((line) => failed.exec(line)?.[1]?.replace(/ +/, ': ') ?? []);
  const counted = (total(summary, /\b(\d+) failed\b/) ?? 0) + (total(summary, /\b(\d+) timed out\b/) ?? 0);
  const stopped = summary.some((line) => / \d+\/\d+ tests? run: /.test(line));
  return { names, whole: !stopped && enough(names, counted) };
};
