import type { Detected, FindingSeverity } from '../../core/finding.ts';
import type { ReviewInput } from './review-input.ts';

/** Something that can be said of a change without a model. */
export interface ReviewRule {
  /** In kebab-case. */
  name: string;
  /** Of its findings, unless one says otherwise. */
  severity: FindingSeverity;
  /** What it claims of what it reports, one sentence. */
  claim: string;
  /** `syntax` needs definitions, or files besides the changed lines: left out where the review must be quick. */
  cost: 'text' | 'syntax';
  /** Runs only when the settings name it. */
  isOptional?: true;
  look(input: ReviewInput): Iterable<Detected>;
}
