import { kindOfPath, type PathKind } from './path-kind.ts';

/** What is known of a changed file from the log alone. */
export interface TouchedFile {
  path: string;
  oldPath?: string;
  status: string;
  added: number;
  deleted: number;
}

/** What kinds of files a change touches, as one word that histories can be counted by. */
export type Shape =
  | 'docs'
  | 'test'
  | 'ci'
  | 'manifest'
  | 'build'
  | 'tooling'
  | 'example'
  | 'bench'
  | 'types'
  | 'data'
  | 'asset'
  | 'style-sheet'
  | 'source'
  | 'source+test'
  | 'source+docs'
  | 'source+docs+test'
  | 'mixed'
  | 'none';

const companions = new Set<PathKind>(['lockfile', 'asset', 'made']);

/** The kinds a change touches, those that only come along left out where others are there. */
export const kindsOf = (paths: readonly string[]): Set<PathKind> => {
  const all = new Set(paths.map(kindOfPath));
  const telling = [...all].filter((kind) => !companions.has(kind));
  return telling.length > 0 ? new Set(telling) : all;
};

/** The shape of a change. */
export const shapeOf = (paths: readonly string[]): Shape => {
  const kinds = kindsOf(paths);
  const [first] = kinds;
  if (first === undefined) return 'none';
  if (kinds.size === 1) return first === 'lockfile' ? 'manifest' : first === 'made' ? 'asset' : first;
  if (kinds.has('source') || kinds.has('style-sheet')) {
    const docs = kinds.has('docs') || kinds.has('example');
    const test = kinds.has('test');
    return docs && test ? 'source+docs+test' : docs ? 'source+docs' : test ? 'source+test' : 'source';
  }
  if (kinds.has('types')) return kinds.has('test') ? 'source+test' : 'types';
  const only = (...allowed: PathKind[]): boolean => [...kinds].every((kind) => allowed.includes(kind));
  if (only('test', 'bench', 'data')) return 'test';
  if (only('docs', 'example')) return 'docs';
  if (only('ci', 'tooling')) return 'ci';
  if (only('manifest', 'tooling')) return 'tooling';
  if (only('manifest', 'build', 'tooling', 'ci')) return 'build';
  return 'mixed';
};
