/** How bad it is if it is true; worst first. */
export const findingSeverities = ['critical', 'high', 'medium', 'low'] as const;
/** One of them. */
export type FindingSeverity = (typeof findingSeverities)[number];

/** How sure one can be that it is true. */
export type Confidence = 'high' | 'medium' | 'low';

/** Something a review found in a change. */
export interface Finding {
  /** Name of the rule, such as `conflict-marker`; of a model's findings `model/<kind>`. */
  rule: string;
  severity: FindingSeverity;
  confidence: Confidence;
  /** Relative to the repository's top. */
  path: string;
  /** 1-based, inclusive; lines of the file after the change, before it with `side: 'old'`. 0 where it is about the whole file. */
  line: number;
  endLine: number;
  side: 'new' | 'old';
  /** What is wrong, one sentence. */
  message: string;
  /** The lines it is about, or what else shows it; secrets taken out. */
  evidence: string;
  suggestion?: Suggestion;
  /** The same for the same problem wherever its lines move, other for any other. */
  fingerprint: string;
}

/** What could be done. */
export interface Suggestion {
  text: string;
  /** A unified diff that applies to the state that was reviewed. */
  patch?: string;
}

/** A finding of a rule; the fingerprint is made later, from all of them. */
export type Detected = Omit<Finding, 'fingerprint'>;
