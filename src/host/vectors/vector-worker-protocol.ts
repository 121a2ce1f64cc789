import type { Neighbour } from '../../core/vector-index.ts';
import type { NativeKind } from './index-kinds.ts';
import type { ViewState } from './index-view.ts';

/** What the thread that keeps an index is started with. */
export interface WorkerTask {
  databasePath: string;
  space: string;
  dimensions: number;
  path: string;
  kinds: readonly NativeKind[];
}

/** What it is asked; each question with a number gets one answer with it. */
export type ToWorker =
  | { type: 'catchUp'; call: number; rev: number }
  | { type: 'nearest'; call: number; rev: number; vector: Float32Array; limit: number; among?: Uint32Array | undefined }
  | { type: 'save'; call: number; token: string }
  | { type: 'close'; call: number };

/** What it says. */
export type FromWorker =
  | { type: 'state'; state: ViewState }
  | { type: 'notice'; text: string }
  | { type: 'answer'; call: number; state: ViewState; neighbours?: Neighbour[]; error?: string };
