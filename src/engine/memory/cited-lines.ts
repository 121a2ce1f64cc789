import { hash as digest } from 'node:crypto';
import type { MemorySource } from '../../core/memory.ts';

/** A source in a file. */
export type FileSource = Extract<MemorySource, { type: 'file' }>;

/** Which lines, and how they were. */
export type Cited = Pick<FileSource, 'startLine' | 'endLine' | 'hash' | 'copies'>;

/** How cited lines stand in their file as it is now. */
export type Standing =
  | { state: 'ok' }
  /** The same words stand elsewhere in it. */
  | { state: 'moved'; startLine: number; endLine: number }
  | { state: 'changed'; why: string };

/** The lines of a text; how they end does not matter. */
export const linesOf = (text: string): string[] => text.split(/\r\n|\n|\r/);

/** Hex SHA-256 of lines `startLine` to `endLine` (1-based, inclusive). */
export const linesHash = (lines: readonly string[], startLine: number, endLine: number): string =>
  digest('sha256', lines.slice(startLine - 1, endLine).join('\n'));

/** Letters and digits that moved lines must have at least: a bracket stands everywhere. */
const leastTelling = 8;
/** Characters hashed at most while lines are looked for. */
const searchedChars = 16 << 20;
/** Lengths of passages that all places of a file are known for. */
const keptLengths = 16;

/** What is known of a file's lines: how long they are, and where passages of some lengths stand, by their hash. */
interface Passages {
  chars: number;
  places: Map<number, Map<string, number[]>>;
}
const known = new WeakMap<readonly string[], Passages>();
const passagesOf = (lines: readonly string[]): Passages => {
  const made = known.get(lines) ?? {
    chars: lines.reduce((sum, line) => sum + line.length + 1, 0),
    places: new Map<number, Map<string, number[]>>(),
  };
  known.set(lines, made);
  return made;
};

/** Where passages of so many lines stand; undefined where that is too much to hash. Thousands of items may cite one file. */
const placesOf = (lines: readonly string[], count: number): Map<string, number[]> | undefined => {
  const { chars, places } = passagesOf(lines);
  const ready = places.get(count);
  if (ready) return ready;
  if (chars * count > searchedChars || places.size >= keptLengths) return undefined;
  const made = new Map<string, number[]>();
  for (let at = 1; at + count - 1 <= lines.length; at += 1) {
    const hash = linesHash(lines, at, at + count - 1);
    const others = made.get(hash);
    if (others) others.push(at);
    else made.set(hash, [at]);
  }
  places.set(count, made);
  return made;
};

/** Lines of a file as a source. */
export const citation = (lines: readonly string[], startLine: number, endLine: number): Cited => {
  const hash = linesHash(lines, startLine, endLine);
  const copies = placesOf(lines, endLine - startLine + 1)?.get(hash)?.length ?? 1;
  return { startLine, endLine, hash, ...(copies > 1 ? { copies } : {}) };
};

/** The nearest place that has the lines, as far as it can be looked for. */
const nearestPlace = (source: Cited, lines: readonly string[]): number => {
  const { startLine, endLine, hash, copies = 1 } = source;
  const count = endLine - startLine + 1;
  const places = placesOf(lines, count);
  if (places) {
    const found = places.get(hash) ?? [];
    if (found.length < copies) return Infinity;
    return found.reduce((best, at) => (Math.abs(at - startLine) < Math.abs(best - startLine) ? at : best), Infinity);
  }
  const last = lines.length - count + 1;
  const perTry = passagesOf(lines).chars * (count / Math.max(1, lines.length));
  const tries = Math.max(50, Math.floor(searchedChars / Math.max(1, perTry)));
  const from = Math.min(startLine, Math.max(1, last));
  for (let step = 0, tried = 0; tried < tries && step <= lines.length; step += 1)
    for (const at of step === 0 ? [from] : [from - step, from + step]) {
      if (at < 1 || at > last || at === startLine) continue;
      tried += 1;
      if (linesHash(lines, at, at + count - 1) === hash) return at;
    }
  return Infinity;
};

/**
 * Looks whether cited lines are as they were. Lines that moved are looked for from their old place outwards, so of
 * several places the nearest is found.
 */
export const standingOf = (source: Cited, lines: readonly string[]): Standing => {
  const { startLine, endLine, hash } = source;
  if (endLine <= lines.length && linesHash(lines, startLine, endLine) === hash) return { state: 'ok' };
  const at = nearestPlace(source, lines);
  if (at === Infinity) return { state: 'changed', why: 'the lines changed' };
  const end = at + endLine - startLine;
  const words =
    lines
      .slice(at - 1, end)
      .join('\n')
      .match(/[\p{L}\p{N}]/gu)?.length ?? 0;
  return words >= leastTelling
    ? { state: 'moved', startLine: at, endLine: end }
    : { state: 'changed', why: 'the lines are no longer there' };
};
