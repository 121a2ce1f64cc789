/** Something that was found, and why. */
export interface Found {
  kind: 'code' | 'doc' | 'commit' | 'memory';
  /** Relative to the root, with `/`; of a commit its hash, of a memory its id. */
  path: string;
  /** 1-based, inclusive; 0 where there are no lines. */
  startLine: number;
  endLine: number;
  symbol?: string;
  /** Greater is better; comparable within one answer only. */
  score: number;
  /** What spoke for it: its share in `score` by signal, none left out that has one. */
  why: Partial<Record<Signal, number>>;
  text: string;
}

/** Ways something can be found. */
export type Signal = 'bm25' | 'trigram' | 'vector' | 'path' | 'symbol' | 'history';
