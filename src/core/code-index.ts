import type { Found } from './found.ts';

/** What to look for. */
export interface CodeSearch {
  query: string;
  /** At most so many results; 10 when left out. */
  limit?: number;
  /** One result per file. */
  files?: boolean;
  kinds?: readonly ('code' | 'doc' | 'commit')[];
  /** Only files below or fitting these (gitignore's patterns, relative to the root). */
  paths?: readonly string[];
  /** Never these (gitignore's patterns, relative to the root). */
  hidden?: readonly string[];
}

/** What bringing an index up to date did. */
export interface IndexReport {
  /** Files in it. */
  files: number;
  chunks: number;
  added: number;
  changed: number;
  removed: number;
  /** Past commits known. */
  commits: number;
  /** Files that are not in it, by reason. */
  skipped: Partial<Record<SkipReason, number>>;
  /** What the human should know, one line each: rebuilt, shallow clone, no git, … */
  notices: string[];
  /** Chunks whose vector is not there yet. */
  withoutVector: number;
  durationMs: number;
}

/** Why a file is not indexed. */
export type SkipReason = 'binary' | 'generated' | 'too large' | 'secret' | 'unreadable';

/** How far the work is. */
export interface IndexProgress {
  stage: 'listing' | 'reading' | 'history' | 'vectors';
  done: number;
  /** 0 while it is not known. */
  total: number;
}

/** A central definition of a repository. */
export interface MapEntry {
  path: string;
  /** Rank of the file, all files together 1. */
  rank: number;
  definitions: { line: number; signature: string }[];
}

/** A repository's files, ready to be searched. It is brought up to date before each answer. */
export interface CodeIndex {
  /** @throws CopilotError `E_INDEX` when it cannot be kept (disk full, locked for long). */
  refresh(signal: AbortSignal, onProgress?: (progress: IndexProgress) => void): Promise<IndexReport>;
  /** Best first. An empty query finds nothing. */
  search(search: CodeSearch, signal: AbortSignal): Promise<Found[]>;
  /** The most central definitions within a budget of tokens; with `focus`, those central to these files. */
  map(options: { tokens: number; focus?: readonly string[] }, signal: AbortSignal): Promise<MapEntry[]>;
  close(): Promise<void>;
}

/** The index as tools and workflows see it: it brings itself up to date. Paths are relative to the workspace's root. */
export type CodeSearcher = Pick<CodeIndex, 'search' | 'map'>;
