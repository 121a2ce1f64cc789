import type { Finding } from '../../core/finding.ts';
import type { BaselineEntry } from './baseline.ts';
import type { ReviewedFinding } from './report.ts';
import { commentReason, suppressionOf, type Suppression } from './suppressions.ts';

/** So often a rule is dismissed in a folder before it stays quiet there. */
export const quietAfter = 3;

/** What is known about findings besides themselves. */
export interface Knowledge {
  baseline: readonly BaselineEntry[];
  suppressions: readonly Suppression[];
  /** Such as `2026-11-28`. */
  today: string;
  /** Lines of a file after the change. */
  linesOf: (path: string) => readonly string[];
  /** What was said before about a fingerprint; `reason` when it was dismissed. */
  before: (fingerprint: string) => { isDismissed: boolean; wasOpen: boolean; reason: string | null } | undefined;
  /** How often a rule was dismissed in the folder of a path. */
  dismissals: (rule: string, path: string) => number;
}

/**
 * Says of each finding where it stands. A project's own word comes first, then the user's; what could do real harm never
 * goes quiet because its like was dismissed.
 * @throws CopilotError exit 3 for a suppression without a reason
 */
export const standing = (findings: readonly Finding[], knowledge: Knowledge): ReviewedFinding[] => {
  const inBaseline = new Set(knowledge.baseline.map(({ fingerprint }) => fingerprint));
  return findings.map((finding): ReviewedFinding => {
    const { fingerprint, rule, path, severity } = finding;
    const comment = commentReason(finding, knowledge.linesOf(path));
    if (comment !== undefined) return { ...finding, state: 'suppressed', suppressedBy: 'comment', reason: comment };
    const entry = suppressionOf(knowledge.suppressions, finding, knowledge.today);
    if (entry) return { ...finding, state: 'suppressed', suppressedBy: 'file', reason: entry.reason };
    if (inBaseline.has(fingerprint)) return { ...finding, state: 'baseline', reason: 'It is in the baseline.' };
    const before = knowledge.before(fingerprint);
    if (before?.isDismissed) return { ...finding, state: 'dismissed', reason: before.reason ?? 'No reason was given.' };
    const dismissals = severity === 'critical' ? 0 : knowledge.dismissals(rule, path);
    if (dismissals >= quietAfter)
      return { ...finding, state: 'quiet', reason: `${rule} was dismissed ${dismissals} times in this folder.` };
    return { ...finding, state: before?.wasOpen ? 'known' : 'new' };
  });
};
