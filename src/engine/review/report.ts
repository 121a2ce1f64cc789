import type { Finding, FindingSeverity } from '../../core/finding.ts';

/**
 * Where a finding stands: `new` and `known` (raised before) are open; the others are kept out of people's way by the
 * baseline, by a suppression, by somebody's word about this one, or because its like was dismissed again and again.
 */
export type FindingState = 'new' | 'known' | 'baseline' | 'suppressed' | 'dismissed' | 'quiet';

/** A finding with where it stands. */
export interface ReviewedFinding extends Finding {
  state: FindingState;
  /** Why it is not open; always there where it is not. */
  reason?: string;
  /** A suppression: a comment beside the line, or an entry of the file. */
  suppressedBy?: 'comment' | 'file';
}

/** A finding that is not there any more. */
export interface FixedFinding {
  fingerprint: string;
  rule: string;
  path: string;
  message: string;
}

/** The level from which on findings fail a review. */
export type Gate = FindingSeverity | 'never';

/** What a model added to a review. */
export interface ModelShare {
  model: string;
  /** Findings it proposed; of these dropped because they cite no changed line, and by the sceptical pass. */
  proposed: number;
  uncited: number;
  refuted: number;
  inputTokens: number;
  outputTokens: number;
  costUsd: number | null;
}

/** Everything a review has to say. */
export interface ReviewReport {
  /** What was reviewed, such as `staged`. */
  title: string;
  /** Changed files, lines added and deleted. */
  files: number;
  added: number;
  deleted: number;
  /** Worst first. */
  findings: ReviewedFinding[];
  fixed: FixedFinding[];
  /** What the rules that found something claim, by name. */
  claims: Record<string, string>;
  gate: Gate;
  /** True when an open finding is as bad as the gate says, or worse. */
  failed: boolean;
  model?: ModelShare;
  /** What was not looked at, and what else the human should know; one line each. */
  notices: string[];
}

/** True while somebody should look at it. */
export const isOpen = ({ state }: Pick<ReviewedFinding, 'state'>): boolean => state === 'new' || state === 'known';

/** True for what a model found. */
export const isOfModel = ({ rule }: Pick<Finding, 'rule'>): boolean => rule.startsWith('model/');
