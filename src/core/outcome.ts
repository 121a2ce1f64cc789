import type { JudgedClaim } from './evidence.ts';

/** How a workflow ended. */
export interface Outcome {
  status: 'done' | 'failed' | 'stopped';
  /** For the human, a few lines. */
  summary: string;
  result?: unknown;
  claims: JudgedClaim[];
  /** True when checks ran, every one passed on exactly the final tree, no check was weakened and every claim is verified. */
  verified: boolean;
}
