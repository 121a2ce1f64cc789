import type { Detected } from '../../../core/finding.ts';
import { splitLines } from '../fingerprint.ts';
import { fenced, type CitedFinding } from './finder.ts';
import { definitionAt, shownLine, type Masked } from './pieces.ts';

/** JSON Schema of a sceptic's answer. */
export const scepticSchema = {
  type: 'object',
  properties: {
    verdicts: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          finding: { type: 'integer' },
          verdict: { type: 'string', enum: ['holds', 'unsure', 'wrong'] },
          why: { type: 'string' },
        },
        required: ['finding', 'verdict', 'why'],
        additionalProperties: false,
      },
    },
  },
  required: ['verdicts'],
  additionalProperties: false,
};

/** The code around findings, each line once, those that changed marked. */
const surroundings = (
  findings: readonly CitedFinding[],
  maskedIn: (path: string) => Masked,
  around: number,
): string => {
  const parts: string[] = [];
  const places = new Map<string, CitedFinding[]>();
  for (const finding of findings) {
    const key = `${finding.side} ${finding.path}`;
    places.set(key, [...(places.get(key) ?? []), finding]);
  }
  for (const group of places.values()) {
    const [first] = group;
    if (!first) continue;
    const { file, side, path } = first;
    const text = side === 'new' ? file.after : file.before;
    if (text === undefined) continue;
    const lines = splitLines(text);
    const wanted = new Set<number>();
    for (const { line } of group) {
      for (let at = Math.max(1, line - around); at <= Math.min(lines.length, line + around); at += 1) wanted.add(at);
      const definition = side === 'new' ? definitionAt(file, line) : undefined;
      if (definition) wanted.add(definition.startLine);
    }
    const changed = new Set(
      file.diff.hunks.flatMap((hunk) =>
        hunk.lines.flatMap(({ kind, newLine, oldLine }) =>
          kind === 'context' ? [] : [side === 'new' ? newLine : oldLine],
        ),
      ),
    );
    const masked = maskedIn(path)[side];
    parts.push(`=== ${path}${side === 'old' ? ' before the change' : ''}`);
    let previous = 0;
    for (const at of [...wanted].sort((a, b) => a - b)) {
      if (at > previous + 1 && previous > 0) parts.push('…');
      previous = at;
      parts.push(
        `${changed.has(at) ? (side === 'new' ? '+' : '-') : ''}${at} ${shownLine(lines[at - 1] ?? '', masked.has(at))}`,
      );
    }
  }
  return parts.join('\n');
};

/** What a sceptic is asked. @param around lines shown before and after each finding. */
export const scepticQuestion = (
  findings: readonly CitedFinding[],
  maskedIn: (path: string) => Masked,
  around: number,
): string => {
  const claims = findings.map(
    ({ path, line, rule, severity, message }, at) =>
      `${at + 1}. ${path}:${line} ${rule.replace('model/', '')} (${severity}): ${message}`,
  );
  return [
    'Claims about a change:',
    fenced('claims', claims.join('\n')),
    'The code around them, changed lines with + or -:',
    fenced('code', surroundings(findings, maskedIn, around)),
  ].join('\n\n');
};

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const without = ({ file: _file, ...finding }: CitedFinding): Detected => finding;

/**
 * What is left of findings after a sceptic saw them: those that hold, those nobody is sure of with low confidence. Without
 * an answer nobody is sure of any.
 */
export const survivors = (
  findings: readonly CitedFinding[],
  answer: unknown,
): { kept: Detected[]; refuted: number } => {
  const listed = isRecord(answer) && Array.isArray(answer.verdicts) ? (answer.verdicts as unknown[]) : [];
  const verdicts = new Map<number, unknown>();
  for (const one of listed)
    if (isRecord(one) && typeof one.finding === 'number') verdicts.set(one.finding, one.verdict);
  const kept: Detected[] = [];
  for (const [at, finding] of findings.entries()) {
    const verdict = verdicts.get(at + 1);
    if (verdict === 'wrong') continue;
    kept.push(verdict === 'holds' ? without(finding) : { ...without(finding), confidence: 'low' });
  }
  return { kept, refuted: findings.length - kept.length };
};
