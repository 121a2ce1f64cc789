import { readdirSync, readFileSync } from 'node:fs';

/** Processes a process started, and what those started, however deep; none where there is no /proc. */
export const descendantsOf = (pid: number): number[] => {
  const children = new Map<number, number[]>();
  let names: string[] = [];
  try {
    names = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
  for (const name of names) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
      // The program's name stands in parentheses and may hold anything, parentheses too.
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
    } catch {
      // It ended.
    }
  }
  const all: number[] = [];
  for (const queue = [pid]; queue.length > 0;) {
    const below = children.get(queue.pop() ?? 0) ?? [];
    all.push(...below);
    queue.push(...below);
  }
  return all;
};
