import type { Capabilities, Need } from './capabilities.ts';
import type { Loss } from './loss.ts';
import type { Request } from './provider.ts';

/** A model that may answer. */
export interface Candidate {
  /** `provider/model`. */
  readonly name: string;
  readonly capabilities: Capabilities;
  /** Its share in `round-robin`; 1 when left out. */
  readonly weight?: number;
}

/** What a request asks of a model. */
export interface Demand {
  needs: readonly Need[];
  /** Input tokens, estimated. */
  inputTokens: number;
  outputTokens: number;
  /** The request itself, where there is one. */
  request?: Request;
}

/** A candidate, judged for one demand. */
export interface Judged<C extends Candidate = Candidate> {
  readonly candidate: C;
  /** Why it cannot answer; empty when it can. */
  readonly misfits: readonly string[];
  /** What it would lose. Costs an adaptation at the first look. */
  readonly losses: readonly Loss[];
  /** What this request would cost at most; null when the price is not known. */
  readonly costUsd: number | null;
}

/**
 * Orders candidates: who is asked first, who next. Those that do not fit come in too, and may be left out. Must not keep
 * anything: `calls` says how many requests this process routed before.
 */
export type Strategy = <C extends Candidate>(
  judged: readonly Judged<C>[],
  context: { calls: number; demand: Demand },
) => readonly Judged<C>[];

/** A step of a plugin that changes requests before they are fitted to a model. It must be pure. */
export type Transform = (request: Request, model: Candidate) => { request: Request; losses: readonly Loss[] };
