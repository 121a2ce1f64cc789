import { printableName } from '../../base/printable.ts';

/** A name in a message: on one line, nothing hidden in it, not endless. */
export const shownName = (name: string, most = 60): string => {
  const plain = printableName(name).replace(/\s+/g, ' ').trim();
  return plain.length > most ? `${plain.slice(0, most - 1)}…` : plain;
};

/** The last part of a path. */
export const baseName = (path: string): string => shownName(path.slice(path.lastIndexOf('/') + 1));

/** `a`, `a and b`, or `a, b and 3 more`. */
export const listed = (names: readonly string[], most = 2): string => {
  const [first = '', second = ''] = names;
  if (names.length <= 1) return first;
  if (names.length === 2 && most >= 2) return `${first} and ${second}`;
  if (most === 1) return `${first} and ${names.length - 1} more`;
  return names.length === 3 && most > 2
    ? `${first}, ${second} and ${names[2] ?? ''}`
    : `${first}, ${second} and ${names.length - 2} more`;
};

/** `1 file`, `2 files`. */
export const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;
