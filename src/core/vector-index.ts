/** A vector under its id; null takes it away. */
export interface VectorChange {
  /** An integer from 0 to 2³²−1. */
  id: number;
  vector: Float32Array | null;
}

/** A vector that is near to the one asked for. */
export interface Neighbour {
  id: number;
  /** Cosine of the angle between them, −1 to 1. */
  similarity: number;
}

/** What a search wants. */
export interface NearestOptions {
  limit: number;
  /** Only these count. */
  among?: ReadonlySet<number>;
}

/**
 * Vectors by cosine similarity. A cache: what it holds can always be made again from rows kept elsewhere, so anything
 * doubtful in it is thrown away. Zero vectors are near to nothing and are never found.
 */
export interface VectorIndex {
  readonly kind: 'hnsw' | 'sqlite-vec' | 'scan';
  readonly dimensions: number;
  /** Vectors in it. */
  size(): number;
  /** In order; the last change of an id counts. @throws RangeError for a wrong length, a number that is not finite, or an id out of range: then nothing of the call is applied. */
  apply(changes: readonly VectorChange[]): Promise<void>;
  /** Best first. Fewer than `limit` only when there are not more (hnsw: as a rule). @throws RangeError like `apply` */
  nearest(vector: Float32Array, options: NearestOptions): Promise<Neighbour[]>;
  /** Writes it whole or not at all, with what the caller wants to find again. */
  save(path: string, note: string): Promise<void>;
  /** Lets go of memory, threads and files. Safe to call twice. */
  close(): Promise<void>;
}
