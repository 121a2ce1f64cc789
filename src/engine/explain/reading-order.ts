import type { ParsedFile } from '../../core/parsed-file.ts';
import type { FileDiff } from '../../core/diff.ts';
import { areaKindOf } from './areas.ts';
import type { AreaKind } from './explained.ts';

const rank: Readonly<Record<AreaKind, number>> = {
  ...{ dependencies: 1, code: 2, tests: 3, build: 4, ci: 4, config: 5, docs: 6, data: 7, generated: 8 },
};
const rankOf = (file: FileDiff): number => (file.made === undefined ? rank[areaKindOf(file)] : rank.generated);
const whys: Readonly<Record<Exclude<AreaKind, 'code'>, string>> = {
  ...{
    dependencies: 'what the code stands on',
    tests: 'what should hold',
    ci: 'how it is checked',
    build: 'how it is built',
  },
  ...{ config: 'tooling', docs: 'what is said about it', data: 'data', generated: 'made by a program' },
};

/** Files of a change in the order they explain one another: what others in the change use first, tests behind the code. */
export const readingOrder = (
  files: readonly FileDiff[],
  parsedOf: (path: string) => ParsedFile | undefined,
): { path: string; why: string }[] => {
  const definers = new Map<string, string[]>();
  for (const { path } of files)
    for (const { name } of parsedOf(path)?.definitions ?? []) {
      if (name.length < 3) continue;
      const found = definers.get(name);
      if (found) found.push(path);
      else definers.set(name, [path]);
    }
  const users = new Map<string, Set<string>>();
  for (const file of files) {
    if (areaKindOf(file) !== 'code') continue;
    for (const name of parsedOf(file.path)?.references.keys() ?? []) {
      // What several changed files define says nothing about which is meant.
      const found = definers.get(name);
      if (found?.length !== 1 || found[0] === undefined || found[0] === file.path) continue;
      const set = users.get(found[0]) ?? new Set<string>();
      users.set(found[0], set.add(file.path));
    }
  }
  const uses = (path: string): number => users.get(path)?.size ?? 0;
  return [...files]
    .map((file, at) => ({ file, at, kind: areaKindOf(file), rank: rankOf(file) }))
    .sort(
      (a, b) =>
        a.rank - b.rank ||
        uses(b.file.path) - uses(a.file.path) ||
        b.file.added + b.file.deleted - a.file.added - a.file.deleted ||
        a.at - b.at,
    )
    .map(({ file, kind }) => {
      const count = uses(file.path);
      const change =
        file.status === 'added'
          ? 'new'
          : file.status === 'modified'
            ? file.added + file.deleted === 1
              ? '1 line'
              : `${file.added + file.deleted} lines`
            : file.status;
      const why =
        file.made === 'lockfile'
          ? 'made by a program'
          : kind !== 'code'
            ? whys[kind]
            : count > 0
              ? `${change}; ${count} other changed ${count === 1 ? 'file uses' : 'files use'} it`
              : change;
      return { path: file.path, why };
    });
};
