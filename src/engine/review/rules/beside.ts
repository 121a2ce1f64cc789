import type { Diff } from '../../../core/diff.ts';
import { entryPaths } from './api-break.ts';
import { nameOf } from './code-language.ts';

/** At most so many files are asked for. */
const most = 40;

/** Unchanged files whose text rules ask for with `other`: the manifests and entries of the packages that changed. */
export const pathsBeside = (diff: Diff, paths: ReadonlySet<string>): string[] => {
  const wanted = new Set<string>();
  for (const { path, oldPath = path, made } of diff.files) {
    for (const entry of made === undefined ? entryPaths(oldPath, paths) : []) wanted.add(entry);
    for (let folder = path; folder !== '';) {
      folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/')));
      const manifest = folder === '' ? 'package.json' : `${folder}/package.json`;
      if (!paths.has(manifest)) continue;
      wanted.add(manifest);
      break;
    }
    if (nameOf(path) === 'package-lock.json') wanted.add(path);
    if (wanted.size >= most) break;
  }
  return [...wanted];
};
