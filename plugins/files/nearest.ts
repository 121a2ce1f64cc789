import { linesOf } from './match.ts';

/** Lines of a file that look most like what was looked for. Line numbers count from 1. */
export interface Candidate {
  firstLine: number;
  lines: string[];
  /** 0 to 1. */
  similarity: number;
}

// Bounds that keep a failed edit cheap on a huge file.
const maxLines = 50_000;
const maxPlacesOfOneLine = 50;
const maxLineLength = 300;
const maxWindows = 20;

const pairsOf = (line: string): Map<string, number> => {
  const pairs = new Map<string, number>();
  const text = line.slice(0, maxLineLength);
  for (let at = 0; at < text.length - 1; at += 1) {
    const pair = text.slice(at, at + 2);
    pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
  }
  return pairs;
};

/** Dice coefficient over pairs of letters. */
const similarity = (a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>, sizes: number): number => {
  let shared = 0;
  for (const [pair, count] of a) shared += Math.min(count, b.get(pair) ?? 0);
  return sizes === 0 ? 0 : (2 * shared) / sizes;
};

const likeness = (a: string, b: string): number => {
  if (a === b) return 1;
  const sizes = Math.min(a.length, maxLineLength) + Math.min(b.length, maxLineLength) - 2;
  return similarity(pairsOf(a), pairsOf(b), Math.max(0, sizes));
};

/** First lines of windows that may fit, by lines they share with what was looked for; else by the likest single line. */
const windows = (keys: readonly string[], wanted: readonly string[]): number[] => {
  const places = new Map<string, number[]>();
  for (const [index, key] of keys.entries()) {
    if (key === '') continue;
    const list = places.get(key);
    if (!list) places.set(key, [index]);
    else if (list.length <= maxPlacesOfOneLine) list.push(index);
  }
  const votes = new Map<number, number>();
  for (const [index, line] of wanted.entries()) {
    const list = places.get(line) ?? [];
    if (list.length > maxPlacesOfOneLine) continue;
    for (const place of list) {
      const start = Math.max(0, place - index);
      // A long line says more than a lone brace.
      votes.set(start, (votes.get(start) ?? 0) + line.length);
    }
  }
  if (votes.size > 0) {
    return [...votes]
      .sort((a, b) => b[1] - a[1])
      .slice(0, maxWindows)
      .map(([start]) => start);
  }
  const longest = wanted.reduce((best, line, index) => (line.length > (wanted[best]?.length ?? 0) ? index : best), 0);
  const target = wanted[longest] ?? '';
  let best = { index: 0, score: -1 };
  for (const [index, key] of keys.entries()) {
    const score = likeness(target, key);
    if (score > best.score) best = { index, score };
  }
  return [Math.max(0, best.index - longest)];
};

/** The place most like `old`; undefined when nothing is alike. */
export const nearest = (content: string, old: string): Candidate | undefined => {
  const lines = linesOf(content).slice(0, maxLines);
  const keys = lines.map((line) => line.text.trim());
  const wanted = old
    .replace(/\r?\n$/, '')
    .split(/\r?\n/)
    .map((line) => line.trim());
  let best: Candidate | undefined;
  for (const start of windows(keys, wanted)) {
    const there = keys.slice(start, start + wanted.length);
    const weights = wanted.map((line) => line.length + 1);
    const score = wanted.reduce(
      (sum, line, index) => sum + likeness(line, there[index] ?? '') * (weights[index] ?? 0),
      0,
    );
    const value = score / weights.reduce((sum, weight) => sum + weight, 0);
    if (value <= (best?.similarity ?? 0.3)) continue;
    best = {
      firstLine: start + 1,
      lines: lines.slice(start, start + wanted.length).map((line) => line.text),
      similarity: value,
    };
  }
  return best;
};
