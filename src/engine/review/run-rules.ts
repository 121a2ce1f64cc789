import { messageOf } from '../../base/errors.ts';
import { findingSeverities, type Detected, type FindingSeverity } from '../../core/finding.ts';
import type { ReviewInput, ReviewRule } from './rule.ts';
import { reviewRules } from './rules/index.ts';

/** Which rules run. */
export interface RuleOptions {
  /** Severities other than the rules' own; `off` leaves one out. */
  rules?: Readonly<Record<string, FindingSeverity | 'off'>> | undefined;
  /** Only what needs no more than the changed lines. */
  quick?: boolean;
  /** Hears of a rule that failed, with the rule's name. */
  notice?: (message: string) => void;
}

/** Findings of one rule for one file that are listed; more say the same. */
const mostPerFile = 20;

const order = (finding: Detected): number => findingSeverities.indexOf(finding.severity);

/** What the rules find, worst first. A rule that throws is told to `notice` and found nothing. */
export const runRules = (
  input: ReviewInput,
  options: RuleOptions = {},
  rules: readonly ReviewRule[] = reviewRules,
): Detected[] => {
  const found: Detected[] = [];
  for (const rule of rules) {
    const wanted = options.rules?.[rule.name];
    if (wanted === 'off' || (wanted === undefined && rule.isOptional)) continue;
    if (options.quick && rule.cost === 'syntax') continue;
    const counts = new Map<string, number>();
    try {
      for (const finding of rule.look(input)) {
        const count = (counts.get(finding.path) ?? 0) + 1;
        counts.set(finding.path, count);
        if (count <= mostPerFile) found.push(wanted === undefined ? finding : { ...finding, severity: wanted });
      }
    } catch (error) {
      options.notice?.(`the rule ${rule.name} failed: ${messageOf(error)}`);
    }
  }
  return found.sort((a, b) => order(a) - order(b) || (a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line));
};
