import type { FileDiff } from '../../core/diff.ts';
import { versionBumps } from '../commit/version-bumps.ts';
import { kindOfPath } from '../commit/path-kind.ts';
import type { DependencyChange } from './explained.ts';

const jsonGroups = [
  'dependencies',
  'devDependencies',
  'peerDependencies',
  'optionalDependencies',
  'require',
  'require-dev',
];

const jsonDependencies = (text: string | undefined): Map<string, string> => {
  const found = new Map<string, string>();
  let value: unknown;
  try {
    value = JSON.parse((text ?? '{}').replace(/^\ufeff/, ''));
  } catch {
    return found;
  }
  if (typeof value !== 'object' || value === null) return found;
  for (const group of jsonGroups) {
    const entries: unknown = (value as Record<string, unknown>)[group];
    if (typeof entries !== 'object' || entries === null) continue;
    for (const [name, version] of Object.entries(entries)) if (typeof version === 'string') found.set(name, version);
  }
  return found;
};

/**
 * Dependencies that came, went or moved, by manifest. JSON manifests are compared whole; of others the changed lines are
 * read, as far as they do nothing else.
 * @param texts before and after, by path
 */
export const dependencyChanges = (
  files: readonly FileDiff[],
  texts: { before: ReadonlyMap<string, string>; after: ReadonlyMap<string, string> },
): DependencyChange[] =>
  files.flatMap((file): DependencyChange[] => {
    const { path, oldPath = path } = file;
    if (kindOfPath(path) !== 'manifest') return [];
    if (/(?:^|\/)(?:package|composer)\.json$/.test(path)) {
      const [before, after] = [jsonDependencies(texts.before.get(oldPath)), jsonDependencies(texts.after.get(path))];
      return [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((name): DependencyChange[] => {
        const [from, to] = [before.get(name), after.get(name)];
        if (from === to) return [];
        return [{ manifest: path, name, ...(from !== undefined && { from }), ...(to !== undefined && { to }) }];
      });
    }
    // Line by line: what is no dependency in a manifest must not hide what is.
    const bumps = file.hunks.flatMap((hunk) =>
      hunk.lines.flatMap((line) =>
        line.kind === 'context'
          ? []
          : (versionBumps([{ ...file, status: 'modified', hunks: [{ ...hunk, lines: [line] }] }]) ?? []),
      ),
    );
    const merged = new Map<string, DependencyChange>();
    for (const bump of bumps) merged.set(bump.name, { manifest: path, ...merged.get(bump.name), ...bump });
    return [...merged.values()].filter(({ from, to }) => from !== to);
  });
