import { dropVectorSpace, openVectors, vectorSpaces } from '../../host/vectors/vectors.ts';
import type { VectorStore } from './vector-space.ts';

/** The vectors memory uses: those of the host. */
export const storeOfVectors: VectorStore = { open: openVectors, spaces: vectorSpaces, drop: dropVectorSpace };
