import { messageOf } from '../../base/errors.ts';
import { loadHnswLibrary } from '../../host/vectors/hnsw-graph.ts';

/** Says which index of vectors works here. @throws Error when the usual one does not */
export const vectorReport = async (): Promise<string> => {
  try {
    await loadHnswLibrary();
    return 'HNSW for large sets of vectors, exact comparison for small ones';
  } catch (error) {
    const why = messageOf(error).split('\n', 1)[0] ?? '';
    throw new Error(
      `hnswlib-node cannot be loaded (${why}): vectors are compared exactly, which takes longer. Run "npm rebuild hnswlib-node".`,
      { cause: error },
    );
  }
};
