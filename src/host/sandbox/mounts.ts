import { dirname } from 'node:path';
import { isWithin } from '../../base/within.ts';

/** One thing laid over a path for commands. */
export interface Mount {
  path: string;
  /**
   * - `empty`: a private, empty, writable folder
   * - `read`, `write`: what is there on this machine (at `from`, when given)
   * - `file`, `folder`: nothing that could be read, in place of a file or folder
   */
  kind: 'empty' | 'read' | 'write' | 'file' | 'folder';
  from?: string;
}

const order: readonly Mount['kind'][] = ['empty', 'read', 'write', 'file', 'folder'];
const depthOf = (path: string): number => path.split('/').length;

/** What lies below comes later; at one path, masks come last. */
export const sortedMounts = (mounts: readonly Mount[]): Mount[] =>
  [...mounts].sort(
    (one, other) => depthOf(one.path) - depthOf(other.path) || order.indexOf(one.kind) - order.indexOf(other.kind),
  );

/** What commands find at a path of this machine, given sorted mounts over a read-only system. */
export const kindAt = (path: string, sorted: readonly Mount[]): Mount['kind'] => {
  let kind: Mount['kind'] = 'read';
  for (const mount of sorted) if (isWithin(path, mount.path)) kind = mount.kind;
  return kind;
};

/**
 * The folders above paths, where commands can write, as mounts of their own: what is a mount cannot be renamed, so
 * nothing gets away from where rules name it, and nothing else is put in its place.
 */
export const foldersAbove = (paths: readonly string[], sorted: readonly Mount[]): Mount[] => {
  const folders = new Set<string>();
  for (const path of paths)
    for (let folder = dirname(path); folder !== '/' && !folders.has(folder); folder = dirname(folder))
      folders.add(folder);
  const mounted = new Set(sorted.map(({ path }) => path));
  return [...folders]
    .filter((path) => !mounted.has(path) && kindAt(path, sorted) === 'write')
    .map((path): Mount => ({ path, kind: 'write' }));
};
