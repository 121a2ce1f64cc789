/** A file as lines; each keeps its own end. */
export interface Line {
  text: string;
  /** `\n`, `\r\n`, or empty on a last line without one. */
  end: string;
}

/** A place in the file and what stands there afterwards. Offsets are in UTF-16 units. */
export interface Replacement {
  start: number;
  end: number;
  text: string;
}

/** How the text was found. */
export type Tolerance = 'exact' | 'line endings' | 'trailing whitespace' | 'indentation';

/** What a search for `old` came to. */
export interface Found {
  tolerance: Tolerance;
  replacements: Replacement[];
}

/** Splits a text into its lines. Joining text and ends gives it back. */
export const linesOf = (content: string): Line[] => {
  const lines: Line[] = [];
  let from = 0;
  for (let at = content.indexOf('\n'); at >= 0; at = content.indexOf('\n', from)) {
    const crlf = at > from && content[at - 1] === '\r';
    lines.push({ text: content.slice(from, crlf ? at - 1 : at), end: crlf ? '\r\n' : '\n' });
    from = at + 1;
  }
  if (from < content.length) lines.push({ text: content.slice(from), end: '' });
  return lines;
};

/** The line end most lines of a text have; `\n` when it has none. */
export const mainEnd = (content: string): string => {
  const all = content.split('\n').length - 1;
  return content.split('\r\n').length - 1 > all / 2 ? '\r\n' : '\n';
};

const withEnd = (value: string, end: string): string => (end === '\r\n' ? value.replace(/\r?\n/g, end) : value);

const occurrences = (content: string, wanted: string, step: number): number[] => {
  const found: number[] = [];
  for (let at = content.indexOf(wanted); at >= 0; at = content.indexOf(wanted, at + step)) found.push(at);
  return found;
};

/** Where `wanted` stands; overlapping places count unless all are to be replaced. */
const findExact = (content: string, wanted: string, replacement: string, all: boolean): Replacement[] =>
  occurrences(content, wanted, all ? wanted.length : 1).map((start) => ({
    start,
    end: start + wanted.length,
    text: replacement,
  }));

const indentOf = (line: string): string => /^[\t ]*/.exec(line)?.[0] ?? '';
const isBlank = (line: string): boolean => line.trim() === '';

/** Which indentation of the file stands for which of the model's; undefined when one stands for two. */
const indentMap = (old: readonly string[], actual: readonly string[]): Map<string, string> | undefined => {
  const map = new Map<string, string>();
  for (const [index, line] of old.entries()) {
    const there = actual[index] ?? '';
    if (isBlank(line)) continue;
    const indent = indentOf(there);
    if ((map.get(indentOf(line)) ?? indent) !== indent) return undefined;
    map.set(indentOf(line), indent);
  }
  return map;
};

/** What one step of indentation of the model's is in the file. */
const stepOf = (map: ReadonlyMap<string, string>): { from: number; to: string } | undefined => {
  const pairs = [...map].sort(([a], [b]) => a.length - b.length);
  for (const [index, [old, actual]] of pairs.entries()) {
    const [next, nextActual] = pairs[index + 1] ?? [];
    if (next === undefined || !nextActual?.startsWith(actual)) continue;
    if (nextActual.length > actual.length)
      return { from: next.length - old.length, to: nextActual.slice(actual.length) };
  }
  return undefined;
};

const reindent = (line: string, map: ReadonlyMap<string, string>): string => {
  if (isBlank(line)) return line;
  const indent = indentOf(line);
  const known = map.get(indent);
  const rest = line.slice(indent.length);
  if (known !== undefined) return known + rest;
  const step = stepOf(map);
  const convert = (extra: string): string =>
    step ? step.to.repeat(Math.floor(extra.length / step.from)) + ' '.repeat(extra.length % step.from) : extra;
  const keys = [...map.keys()].sort((a, b) => a.length - b.length);
  const shorter = keys.findLast((key) => indent.startsWith(key));
  if (shorter !== undefined) return (map.get(shorter) ?? '') + convert(indent.slice(shorter.length)) + rest;
  const first = keys[0] ?? '';
  const actual = map.get(first) ?? '';
  return actual.slice(0, Math.max(0, actual.length - convert(first.slice(indent.length)).length)) + rest;
};

/** Lines at the beginning and the end that the replacement does not change. */
const common = (old: readonly string[], fresh: readonly string[]): { head: number; tail: number } => {
  const most = Math.min(old.length, fresh.length);
  let head = 0;
  while (head < most && old[head] === fresh[head]) head += 1;
  let tail = 0;
  while (tail < most - head && old.at(-1 - tail) === fresh.at(-1 - tail)) tail += 1;
  return { head, tail };
};

interface Wanted {
  old: string[];
  fresh: string[];
  /** `old` ended in a line break, so the end of its last line belongs to it. */
  closed: boolean;
}

const wantedLines = (old: string, fresh: string): Wanted => {
  const lines = old.split(/\r?\n/);
  const closed = lines.length > 1 && lines.at(-1) === '';
  if (closed) lines.pop();
  const freshLines = fresh.split(/\r?\n/);
  return { old: lines, fresh: freshLines, closed };
};

/** The text that takes the place of `there`. Lines that do not change keep the file's own spelling. */
const render = (wanted: Wanted, there: readonly Line[], end: string, map?: ReadonlyMap<string, string>): string => {
  const last = there.at(-1)?.end ?? '';
  const fresh = [...wanted.fresh];
  // With the last line's break inside `old`, a break at the end of the new text is that same one.
  const keepsEnd = !wanted.closed || fresh.at(-1) === '';
  if (wanted.closed && keepsEnd) fresh.pop();
  const { head, tail } = common(wanted.old, fresh);
  return fresh
    .map((line, index) => {
      const unchanged =
        index < head ? there[index] : index >= fresh.length - tail ? there.at(index - fresh.length) : undefined;
      const value = unchanged?.text ?? (map ? reindent(line, map) : line);
      if (index === fresh.length - 1) return value + (keepsEnd ? last : '');
      // A last line without a break gets one when something follows it now.
      return value + (unchanged?.end === undefined || unchanged.end === '' ? end : unchanged.end);
    })
    .join('');
};

const findLines = (
  content: string,
  wanted: Wanted,
  tolerance: 'trailing whitespace' | 'indentation',
  all: boolean,
): Replacement[] => {
  const lines = linesOf(content);
  const key = (line: string): string => (tolerance === 'indentation' ? line.trim() : line.trimEnd());
  const keys = lines.map((line) => key(line.text));
  const old = wanted.old.map(key);
  // The rarest line is looked for first: most windows fall at once.
  const anchor = old.reduce((best, line, index) => (line.length > (old[best]?.length ?? 0) ? index : best), 0);
  const starts: number[] = [];
  let offset = 0;
  for (const line of lines) {
    starts.push(offset);
    offset += line.text.length + line.end.length;
  }
  const found: Replacement[] = [];
  for (let at = 0; at + old.length <= lines.length; at += 1) {
    if (keys[at + anchor] !== old[anchor] || !old.every((line, index) => keys[at + index] === line)) continue;
    const there = lines.slice(at, at + old.length);
    const map =
      tolerance === 'indentation'
        ? indentMap(
            wanted.old,
            there.map((line) => line.text),
          )
        : undefined;
    if (tolerance === 'indentation' && !map) continue;
    const end = there.find((line) => line.end !== '')?.end ?? mainEnd(content);
    const start = starts[at] ?? 0;
    const length = there.reduce((sum, line) => sum + line.text.length + line.end.length, 0);
    found.push({ start, end: start + length, text: render(wanted, there, end, map) });
    if (all) at += old.length - 1;
  }
  return found;
};

/**
 * Finds `old` in a text: exactly; else whatever the line ends; else as whole lines whatever the white space at their
 * end; else whatever their indentation, the new text being indented like the place it goes to.
 * Undefined when it is nowhere. Several replacements without `all` mean that it is ambiguous.
 */
export const findPlaces = (content: string, old: string, fresh: string, all: boolean): Found | undefined => {
  const explicit = old.includes('\r\n');
  const end = mainEnd(content);
  const exact = findExact(content, old, explicit ? fresh : withEnd(fresh, old.includes('\n') ? '\n' : end), all);
  if (exact.length > 0) return { tolerance: 'exact', replacements: exact };
  for (const other of ['\r\n', '\n']) {
    const respelt = old.replace(/\r?\n/g, other);
    if (respelt === old) continue;
    const spelt = explicit && other === '\n' ? fresh.replaceAll('\r\n', '\n') : withEnd(fresh, other);
    const replacements = findExact(content, respelt, spelt, all);
    if (replacements.length > 0) return { tolerance: 'line endings', replacements };
  }
  if (isBlank(old)) return undefined;
  const wanted = wantedLines(old, fresh);
  for (const tolerance of ['trailing whitespace', 'indentation'] as const) {
    const replacements = findLines(content, wanted, tolerance, all);
    if (replacements.length > 0) return { tolerance, replacements };
  }
  return undefined;
};
