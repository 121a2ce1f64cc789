import { scanSecrets } from '../../../base/redact/scanner.ts';
import type { Detected } from '../../../core/finding.ts';
import type { ReviewFile, ReviewRule } from '../rule.ts';
import type { ChangedLine } from './changed-lines.ts';

/** Characters of a line that are shown. */
const longestEvidence = 200;

/** A line as it may be shown: without secrets, not too long. */
export const evidenceOf = (text: string): string => {
  let shown = text.slice(0, 2000);
  for (const { column, length, redacted } of scanSecrets(shown).reverse())
    shown = shown.slice(0, column - 1) + redacted + shown.slice(column - 1 + length);
  shown = shown.trim();
  return shown.length > longestEvidence ? `${shown.slice(0, longestEvidence - 1)}…` : shown;
};

/** What a rule says of a line; everything else follows from the rule. */
export interface About extends Partial<Pick<Detected, 'severity' | 'confidence' | 'side' | 'endLine' | 'suggestion'>> {
  message: string;
  /** Instead of the line's text. */
  evidence?: string;
}

/** A finding of a rule on a line of a file, or on the whole file. */
export const detected = (
  rule: Pick<ReviewRule, 'name' | 'severity'>,
  path: string,
  at: Pick<ChangedLine, 'line' | 'text'> | undefined,
  { evidence, ...about }: About,
): Detected => ({
  rule: rule.name,
  severity: rule.severity,
  confidence: 'high',
  path,
  line: at?.line ?? 0,
  endLine: at?.line ?? 0,
  side: 'new',
  evidence: evidence ?? evidenceOf(at?.text ?? ''),
  ...about,
});

/** The first group of a match that took part in it; else all of it. */
export const groupOf = (match: RegExpExecArray): string => {
  for (let index = 1; index < match.length; index++) {
    const group = match[index];
    if (group !== undefined) return group;
  }
  return match[0];
};

/** A match on a new line. */
export interface FreshMatch {
  at: ChangedLine;
  match: RegExpExecArray;
}

/**
 * Matches on new lines, without as many as went with the removed lines of the file: what an edited line had before is
 * not new.
 * @param pattern with the flag `g`. @param keyOf what makes two matches the same.
 */
export const freshMatches = function* (
  file: ReviewFile,
  pattern: RegExp,
  of: 'code' | 'text' = 'code',
  keyOf: (match: RegExpExecArray) => string = groupOf,
): Generator<FreshMatch> {
  const matchesIn = (line: ChangedLine): Iterable<RegExpExecArray> => {
    const text = line[of];
    // Nearly all lines have none, and this costs a fraction of looking for all of them.
    pattern.lastIndex = 0;
    if (!pattern.test(text)) return [];
    pattern.lastIndex = 0;
    return text.matchAll(pattern);
  };
  let gone: Map<string, number> | undefined;
  for (const at of file.added)
    for (const match of matchesIn(at)) {
      const key = keyOf(match);
      if (!gone) {
        gone = new Map();
        for (const line of file.removed)
          for (const one of matchesIn(line)) gone.set(keyOf(one), (gone.get(keyOf(one)) ?? 0) + 1);
      }
      const left = gone.get(key) ?? 0;
      if (left > 0) gone.set(key, left - 1);
      else yield { at, match };
    }
};
