import { findingSeverities, type Detected } from '../../core/finding.ts';

const confidences = ['high', 'medium', 'low'] as const;

const byWeight = (a: Detected, b: Detected): number =>
  findingSeverities.indexOf(a.severity) - findingSeverities.indexOf(b.severity) ||
  confidences.indexOf(a.confidence) - confidences.indexOf(b.confidence);

const byPlace = (a: Detected, b: Detected): number =>
  a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line || (a.rule < b.rule ? -1 : a.rule > b.rule ? 1 : 0);

/** Worst first, then the surest, then by place: the same findings in the same order each time. */
export const compareFindings = (a: Detected, b: Detected): number => byWeight(a, b) || byPlace(a, b);

/**
 * Findings without those that say the same of the same lines; of these the worst stays. What a model says of a line that
 * a rule already speaks of is one thing more to read and nothing more to know.
 */
export const mergedFindings = (ofRules: readonly Detected[], ofModel: readonly Detected[] = []): Detected[] => {
  const kept = new Map<string, Detected>();
  for (const finding of ofRules) {
    const { rule, path, side, line, endLine } = finding;
    // Findings about a whole file differ by what they say.
    const key = JSON.stringify([rule, path, side, line, endLine, line === 0 ? finding.evidence : '', finding.message]);
    const before = kept.get(key);
    if (!before || byWeight(finding, before) < 0) kept.set(key, finding);
  }
  const spokenOf = new Set<string>();
  for (const { path, side, line, endLine } of kept.values())
    if (line > 0 && endLine - line < 20)
      for (let at = line; at <= endLine; at += 1) spokenOf.add(`${side}\0${at}\0${path}`);
  for (const finding of ofModel) {
    const place = `${finding.side}\0${finding.line}\0${finding.path}`;
    if (spokenOf.has(place)) continue;
    spokenOf.add(place);
    kept.set(`model\0${place}`, finding);
  }
  return [...kept.values()].sort(compareFindings);
};
