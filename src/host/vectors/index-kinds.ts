import { messageOf } from '../../base/errors.ts';
import type { VectorIndex } from '../../core/vector-index.ts';
import { loadHnswLibrary, type HnswLibrary } from './hnsw-graph.ts';
import { hnswIndex, loadHnswIndex } from './hnsw-index.ts';
import { loadSqliteVec, loadSqliteVecIndex, sqliteVecIndex, type SqliteVecLibrary } from './sqlite-vec-index.ts';

/** Kinds that need a package which may not be there. */
export type NativeKind = Exclude<VectorIndex['kind'], 'scan'>;

/** How the packages are loaded; what is left out is loaded as usual. */
export interface Loaders {
  hnsw?: () => Promise<HnswLibrary>;
  'sqlite-vec'?: () => Promise<SqliteVecLibrary>;
}

/** An index that may have work of its own to do. */
export interface MadeIndex extends VectorIndex {
  /** Vectors that went and still take room. */
  deleted?(): number;
  /** Does what makes later searches faster or better, in pieces. */
  tidy?(): Promise<void>;
}

/** Makes and reads indexes of one kind. */
export interface IndexMaker {
  kind: NativeKind;
  make(dimensions: number): MadeIndex;
  load(path: string, dimensions: number): Promise<{ index: MadeIndex; note: string } | undefined>;
}

const makerOf = async (kind: NativeKind, loaders: Loaders): Promise<IndexMaker> => {
  if (kind === 'hnsw') {
    const library = await (loaders.hnsw ?? loadHnswLibrary)();
    return {
      kind,
      make: (dimensions) => hnswIndex(library, dimensions),
      load: (path, dimensions) => loadHnswIndex(library, path, dimensions),
    };
  }
  const library = await (loaders['sqlite-vec'] ?? loadSqliteVec)();
  // Whether SQLite can load it is found out by doing it.
  await sqliteVecIndex(library, 1).close();
  return {
    kind,
    make: (dimensions) => sqliteVecIndex(library, dimensions),
    load: (path, dimensions) => loadSqliteVecIndex(library, path, dimensions),
  };
};

const packageOf: Record<NativeKind, string> = { hnsw: 'hnswlib-node', 'sqlite-vec': 'sqlite-vec' };

/**
 * The first kind whose package loads; each that does not is told.
 * @throws Error when none does.
 */
export const firstMaker = async (
  kinds: readonly NativeKind[],
  loaders: Loaders,
  notice: (text: string) => void,
): Promise<IndexMaker> => {
  for (const [index, kind] of kinds.entries()) {
    try {
      return await makerOf(kind, loaders);
    } catch (error) {
      const instead = kinds[index + 1];
      const why = messageOf(error).split('\n', 1)[0] ?? '';
      notice(
        `${packageOf[kind]} cannot be loaded (${why}): vectors are searched ${instead ? `with ${packageOf[instead]}` : 'by comparing with all of them'}.`,
      );
    }
  }
  throw new Error('no package for vector search can be loaded');
};
