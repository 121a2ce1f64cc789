import type { Origin } from './message.ts';

/** What an item is: how things are; how to do something; what happened once; a procedure in steps. */
export type MemoryKind = 'fact' | 'strategy' | 'episode' | 'skill';

/** Where an item is true. `repo` names a repository by its remote, its first commit or its folder. */
export type MemoryScope =
  { type: 'user' } | { type: 'repo'; repo: string } | { type: 'branch'; repo: string; branch: string };

/** What an item rests on. */
export type MemorySource =
  | { type: 'user' }
  | { type: 'session'; session: string; seq: number }
  | { type: 'commit'; commit: string }
  /**
   * `hash` is the SHA-256 of the lines (joined with `\n`) as they were; `copies` says in how many places of the file the
   * same lines stood, when these were several: where one of them changed, another is no proof that it moved.
   */
  | { type: 'file'; path: string; startLine: number; endLine: number; hash: string; copies?: number };

/** Something remembered. Times are ms since the epoch. */
export interface MemoryItem {
  id: string;
  kind: MemoryKind;
  text: string;
  scope: MemoryScope;
  sources: MemorySource[];
  /** 0 to 1. */
  confidence: number;
  /** Times it was recalled into a run, and how these ended. */
  uses: number;
  helped: number;
  harmed: number;
  createdAt: number;
  updatedAt: number;
  usedAt: number | null;
  expiresAt: number | null;
  /** A proposed item waits in the inbox and is never recalled. */
  status: 'accepted' | 'proposed';
  /** Ids of items that say otherwise. */
  contradicts: string[];
  /** Where its words came from when that is neither the user nor the workspace. */
  origin?: Origin;
}

/** What somebody wants remembered. */
export interface MemoryDraft {
  kind: MemoryKind;
  text: string;
  /** The repository at hand when left out. */
  scope?: MemoryScope;
  /** File sources come without their hash: it is taken from the file as it is. */
  sources: (
    Exclude<MemorySource, { type: 'file' }> | { type: 'file'; path: string; startLine: number; endLine: number }
  )[];
  confidence?: number;
  expiresAt?: number;
  origin?: Origin;
}

/** What became of a draft. */
export interface Remembered {
  item: MemoryItem;
  /** `merged`: it said what `item` said already. */
  outcome: 'added' | 'merged' | 'proposed';
}

/** A recalled item. */
export interface Recalled {
  item: MemoryItem;
  score: number;
  why: { similarity: number; confidence: number; recency: number };
  /** Cited lines changed but the words still stand in the file, at these places now. */
  moved?: { path: string; startLine: number; endLine: number }[];
}

/** What is remembered across runs. */
export interface Memory {
  /** Secrets are taken out first. @throws ToolError when there is nothing to remember or a source does not exist. */
  remember(draft: MemoryDraft, signal: AbortSignal): Promise<Remembered>;
  /** Accepted items that hold here and now, best first: stale, expired and foreign ones are left out. */
  recall(
    query: { text: string; limit?: number; kinds?: readonly MemoryKind[] },
    signal: AbortSignal,
  ): Promise<Recalled[]>;
  /** How a run with these items ended. */
  judge(ids: readonly string[], outcome: 'helped' | 'harmed'): void;
}
