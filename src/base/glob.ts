import { all, graphBuilder, graphMatcher, inFolder, type Fits, type TextGraph } from './text-graph.ts';

type Builder = ReturnType<typeof graphBuilder>;

/** A set such as `[a-z_]` or `[!a-z]`: ranges that end before they begin hold nothing. */
const setOf = (inner: string): Fits => {
  const isNot = /^[!^]/.test(inner);
  const ranges: [string, string][] = [];
  for (let at = isNot ? 1 : 0; at < inner.length;) {
    const isRange = inner[at + 1] === '-' && at + 2 < inner.length;
    ranges.push([inner.charAt(at), inner.charAt(isRange ? at + 2 : at)]);
    at += isRange ? 3 : 1;
  }
  return (unit) => ranges.some(([from, to]) => from <= unit && unit <= to) !== isNot;
};

/** The pieces of a glob, each as what adds it before a place. */
const piecesOf = (glob: string, build: Builder): ((next: number) => number)[] => {
  const { place, one, many, folders } = build;
  const pieces: ((next: number) => number)[] = [];
  for (let at = 0; at < glob.length;) {
    const char = glob.charAt(at);
    const end = char === '{' ? glob.indexOf('}', at) : char === '[' ? glob.indexOf(']', at + 2) : -1;
    if (char === '*') {
      const [stars = ''] = /^\*+/.exec(glob.slice(at)) ?? [];
      at += stars.length;
      if (stars.length === 1) pieces.push((next) => many(inFolder, next));
      else if (glob[at] === '/') {
        pieces.push(folders);
        at += 1;
      } else pieces.push((next) => many(all, next));
    } else if (end < 0) {
      pieces.push((next) => one(char === '?' ? inFolder : (unit) => unit === char, next));
      at += 1;
    } else {
      const inner = glob.slice(at + 1, end);
      if (char === '[') pieces.push((next) => one(setOf(inner), next));
      else {
        const choices = inner.split(',').map((choice) => piecesOf(choice, build));
        pieces.push((next) => place(choices.map((choice) => choice.reduceRight((to, add) => add(to), next))));
      }
      at = end + 1;
    }
  }
  return pieces;
};

const cache = new Map<string, (text: string) => boolean>();

const known = (key: string, make: () => TextGraph): ((text: string) => boolean) => {
  const before = cache.get(key);
  if (before) return before;
  const made = graphMatcher(make());
  cache.set(key, made);
  return made;
};

const pathGraph = (pattern: string): TextGraph => {
  const trimmed = pattern.replace(/\/+$/, '');
  const build = graphBuilder();
  const { places, place, one, many } = build;
  const end = place([]);
  const under = place([end, one((unit) => unit === '/', many(all, end))]);
  const body = piecesOf(trimmed.replace(/^\.\//, ''), build).reduceRight((to, add) => add(to), under);
  const start = trimmed.includes('/')
    ? body
    : place([
        body,
        many(
          all,
          one((unit) => unit === '/', body),
        ),
      ]);
  return { places, start, end };
};

/**
 * Matches a path against a pattern with gitignore's habits: no slash inside means "at any depth", a leading or inner
 * slash anchors it, and whatever lies under a match matches too. `*` stays within a folder, `**` does not; dots are
 * ordinary characters. Patterns and paths may be anybody's: the time is bounded by the product of their lengths.
 */
export const matchesPath = (pattern: string, path: string): boolean => known(pattern, () => pathGraph(pattern))(path);

const textGraph = (pattern: string): TextGraph => {
  const { places, place, one, many } = graphBuilder();
  const end = place([]);
  const optionalTail = pattern.endsWith(' *');
  const tail = optionalTail ? place([end, one((unit) => unit === ' ', many(all, end))]) : end;
  const body = optionalTail ? pattern.slice(0, -2) : pattern;
  const start = body
    .split('')
    .reduceRight((next, char) => (char === '*' ? many(all, next) : one((unit) => unit === char, next)), tail);
  return { places, start, end };
};

/** Matches a command line: `*` is any text, and a final ` *` also matches no arguments at all. Bounded as above. */
export const matchesText = (pattern: string, text: string): boolean =>
  known(`\0${pattern}`, () => textGraph(pattern))(text);
