import { createHash } from 'node:crypto';
import { visible } from '../../../base/printable.ts';
import { findingSeverities, type Detected } from '../../../core/finding.ts';
import { linePatch } from '../rules/line-patch.ts';
import type { ReviewFile, ReviewInput } from '../rule.ts';
import type { Piece } from './pieces.ts';

/** Kinds of what a model may find; matters of taste are none. */
export const findingKinds = [
  ...['bug', 'security', 'data-loss', 'concurrency', 'error-handling', 'resource-leak'],
  ...['performance', 'compatibility', 'test'],
] as const;

const text = { type: 'string' };

/** JSON Schema of a finder's answer. */
export const finderSchema = {
  type: 'object',
  properties: {
    findings: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          path: text,
          line: { type: 'integer' },
          side: { type: 'string', enum: ['new', 'old'] },
          kind: { type: 'string', enum: findingKinds },
          severity: { type: 'string', enum: findingSeverities },
          confidence: { type: 'string', enum: ['high', 'medium', 'low'] },
          message: text,
          evidence: text,
          suggestion: text,
          replacement: text,
        },
        required: [
          ...['path', 'line', 'side', 'kind', 'severity'],
          ...['confidence', 'message', 'evidence', 'suggestion', 'replacement'],
        ],
        additionalProperties: false,
      },
    },
  },
  required: ['findings'],
  additionalProperties: false,
};

/** Text from outside between marks it cannot know, so that it cannot pretend to end. */
export const fenced = (name: string, content: string): string => {
  const mark = `${name}-${createHash('sha256').update(content).digest('hex').slice(0, 8)}`;
  return `<${mark}>\n${content}\n</${mark}>`;
};

const oneLine = (words: string): string => visible(words).replace(/\s+/g, ' ').trim().slice(0, 200);

/** What a finder is asked. @param callers lines that use what changed, each `path:line: code`. */
export const finderQuestion = (
  title: string,
  chosen: readonly Piece[],
  detected: readonly Detected[],
  callers: readonly string[],
): string => {
  const parts: string[] = [];
  let path: string | undefined;
  for (const piece of chosen) {
    if (piece.path !== path) parts.push(piece.heading);
    path = piece.path;
    parts.push(piece.text);
  }
  const known = detected.map(({ path: file, line, rule }) => `${oneLine(file)}:${line} ${rule}`);
  return [
    `Review this change (${oneLine(title)}).`,
    ...(known.length > 0 ? [`Known already, not to be repeated: ${known.join('; ')}`] : []),
    ...(callers.length > 0
      ? [`Uses of what changed, elsewhere:\n${fenced('uses', callers.map(oneLine).join('\n'))}`]
      : []),
    fenced('diff', parts.join('\n')),
  ].join('\n\n');
};

/** A finding of a model that cites what it is about; `replacement` is not checked yet. */
export interface CitedFinding extends Detected {
  file: ReviewFile;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const evened = (line: string): string => line.replace(/\s+/g, ' ').trim();

/** Lines as they are quoted: without the marks and numbers they were shown with. */
const quotedLines = (evidence: string): string[] =>
  evidence
    .split('\n')
    .map((line) => evened(line.replace(/^\s*[+-]\d+ /, '')))
    .filter((line) => /\w/.test(line));

const changedLines = (file: ReviewFile, side: 'new' | 'old'): { line: number; text: string }[] =>
  file.diff.hunks.flatMap(({ lines }) =>
    lines.flatMap(({ kind, text: content, newLine, oldLine }) => {
      const line = side === 'new' ? newLine : oldLine;
      return kind === (side === 'new' ? 'added' : 'deleted') && line !== undefined ? [{ line, text: content }] : [];
    }),
  );

/** Characters of a quote that are looked for; each of its lines is, in all changed lines. */
const mostEvidence = 4000;

/** The changed line that a quote is of, the nearest one to where it is said to be; undefined when some of it is nowhere. */
const citedLine = (
  lines: readonly { line: number; text: string }[],
  evidence: string,
  said: number,
): { line: number; text: string } | undefined => {
  const [first, ...rest] = quotedLines(evidence.slice(0, mostEvidence));
  if (first === undefined || first.length < 3) return undefined;
  const holding = (quote: string) => lines.filter((one) => evened(one.text).includes(quote));
  if (rest.some((quote) => holding(quote).length === 0)) return undefined;
  let best: { line: number; text: string } | undefined;
  for (const one of holding(first)) if (!best || Math.abs(one.line - said) < Math.abs(best.line - said)) best = one;
  return best;
};

const oneOf = <T extends string>(values: readonly T[], value: unknown): T | undefined =>
  values.find((one) => one === value);

const mostFindings = 10;
const mostWords = 500;

const shortened = (value: unknown): string =>
  typeof value === 'string' ? value.replace(/\s+/g, ' ').trim().slice(0, mostWords) : '';

/** Findings whose quote stands on a changed line of a file that was shown; `uncited` counts the others. */
export const citedFindings = (
  answer: unknown,
  input: ReviewInput,
  shownPaths: ReadonlySet<string>,
  isMasked: (path: string, line: number, side: 'new' | 'old') => boolean,
): { proposed: number; uncited: number; cited: CitedFinding[] } => {
  const listed = isRecord(answer) && Array.isArray(answer.findings) ? (answer.findings as unknown[]) : [];
  const cited: CitedFinding[] = [];
  for (const one of listed.slice(0, mostFindings)) {
    if (!isRecord(one)) continue;
    const file = input.files.find(({ path }) => path === one.path && shownPaths.has(path));
    const kind = oneOf(findingKinds, one.kind);
    const severity = oneOf(findingSeverities, one.severity);
    const confidence = oneOf(['high', 'medium', 'low'] as const, one.confidence);
    const side = oneOf(['new', 'old'] as const, one.side) ?? 'new';
    const message = shortened(one.message);
    if (!file || !kind || !severity || !confidence || message === '' || typeof one.evidence !== 'string') continue;
    const at = citedLine(changedLines(file, side), one.evidence, typeof one.line === 'number' ? one.line : 0);
    if (!at || isMasked(file.path, at.line, side)) continue;
    const advice = shortened(one.suggestion);
    const replacement = typeof one.replacement === 'string' ? one.replacement.replace(/\n$/, '') : '';
    const patch =
      replacement !== '' && side === 'new' && evened(replacement) !== evened(at.text)
        ? linePatch(file, at.line, at.line, replacement.split('\n'))
        : undefined;
    cited.push({
      ...{ rule: `model/${kind}`, severity, confidence, path: file.path, line: at.line, endLine: at.line, side },
      ...{ message, evidence: at.text.trim().slice(0, 200), file },
      ...(advice !== '' || patch !== undefined
        ? { suggestion: { text: advice === '' ? 'Replace the line.' : advice, ...(patch !== undefined && { patch }) } }
        : {}),
    });
  }
  return { proposed: listed.length, uncited: listed.length - cited.length, cited };
};
