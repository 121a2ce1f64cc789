import type { JudgedClaim } from './evidence.ts';

/** How a workflow ended. */
export interface Outcome {
  status: 'done' | 'failed' | 'stopped';
  /** For the human, a few lines. */
  summary: string;
  result?: unknown;
  claims: JudgedClaim[];
  /** True when nothing is left unproven: no file changed or every check passed on exactly the final tree, and every claim is verified. */
  verified: boolean;
}
