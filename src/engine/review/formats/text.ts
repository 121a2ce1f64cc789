import { printable, printableName } from '../../../base/printable.ts';
import { isOpen, type ReviewedFinding, type ReviewReport } from '../report.ts';
import { counted, placeOf, type FormatOptions, type ReportPaint, type ReviewFormat } from './format.ts';

const evidenceLines = 3;
const columns = 110;

const shorten = (line: string): string => (line.length > columns ? `${line.slice(0, columns - 1)}…` : line);

/** In the log of a GitHub job a line that begins so is a command. */
const asText = (line: string): string => line.replace(/^(\s*(?:\u001b\[\d*m)?\s*):(?=:)/, '$1: ');

const severityIn = ({ severity }: ReviewedFinding, paint: ReportPaint): string =>
  severity === 'critical' || severity === 'high'
    ? paint.red(severity)
    : severity === 'medium'
      ? paint.yellow(severity)
      : severity;

const block = (finding: ReviewedFinding, paint: ReportPaint): string => {
  const { rule, message, evidence, suggestion, confidence, state, reason, fingerprint } = finding;
  const sureness = confidence === 'high' ? '' : paint.dim(` (${confidence} confidence)`);
  const standing = state === 'new' ? '' : paint.dim(` [${state === 'known' ? 'raised before' : state}]`);
  const lines = [
    `${paint.bold(printableName(placeOf(finding)))}  ${severityIn(finding, paint)}  ${printableName(rule)}${sureness}${standing}`,
    `  ${printableName(message)}`,
  ];
  const shown = printable(evidence)
    .split('\n')
    .filter((line) => line.trim() !== '');
  for (const line of shown.slice(0, evidenceLines)) lines.push(paint.dim(`  | ${shorten(line.trimEnd())}`));
  if (shown.length > evidenceLines) lines.push(paint.dim(`  | … ${shown.length - evidenceLines} more lines`));
  if (suggestion) {
    lines.push(`  → ${printableName(suggestion.text)}`);
    for (const line of printable(suggestion.patch ?? '')
      .trimEnd()
      .split('\n'))
      if (line !== '') lines.push(paint.dim(`    ${shorten(line)}`));
  }
  if (reason !== undefined) lines.push(paint.dim(`  ${state}: ${printableName(reason)}`));
  lines.push(paint.dim(`  ${fingerprint}`));
  return lines.map(asText).join('\n');
};

const hiddenStates = ['baseline', 'suppressed', 'dismissed', 'quiet'] as const;
const hiddenWords = {
  baseline: 'in the baseline',
  suppressed: 'suppressed',
  dismissed: 'dismissed',
  quiet: 'of a kind that was dismissed again and again',
} as const;

/** What is not shown, in one line; empty when that is nothing. */
const leftOut = (report: ReviewReport, { all }: FormatOptions): string => {
  if (all) return '';
  const count = (state: ReviewedFinding['state']): number =>
    report.findings.filter((finding) => finding.state === state).length;
  const parts = [
    ...(count('known') > 0 ? [`${count('known')} raised before`] : []),
    ...hiddenStates.flatMap((state) => (count(state) > 0 ? [`${count(state)} ${hiddenWords[state]}`] : [])),
  ];
  return parts.length === 0 ? '' : `Not shown: ${parts.join(', ')} (--all shows them).`;
};

const fixedLine = ({ fixed }: ReviewReport): string =>
  fixed.length === 0
    ? ''
    : `Fixed since the last review: ${fixed
        .slice(0, 5)
        .map(({ rule, path }) => `${printableName(rule)} in ${printableName(path)}`)
        .join(', ')}${fixed.length > 5 ? ` and ${fixed.length - 5} more` : ''}.`;

/** For a terminal: what is new in full, everything else in a line; one line only when nothing is new. */
export const textFormat: ReviewFormat = (report, options) => {
  const { paint } = options;
  const shown = report.findings.filter(({ state }) => options.all || state === 'new');
  const changed = `${counted(report.files, 'file')}, +${report.added} −${report.deleted}`;
  const gate = report.failed ? paint.red(`fails at ${report.gate}`) : '';
  const rest = [leftOut(report, options), fixedLine(report)].filter((line) => line !== '').join(' ');
  if (report.files === 0) return `Nothing to review in ${printableName(report.title)}.\n`;
  if (shown.length === 0) {
    const found = report.findings.length === 0 ? 'Nothing found' : 'Nothing new';
    return `${[`${found} in ${printableName(report.title)} (${changed}).`, rest, gate].filter((part) => part !== '').join(' ')}\n`;
  }
  const open = shown.filter(isOpen).length;
  const summary = `${counted(open, 'finding')} in ${printableName(report.title)} (${changed})`;
  const last = [`${summary}${gate === '' ? '.' : `; ${gate}.`}`, rest].filter((part) => part !== '').join(' ');
  return `${[...shown.map((finding) => block(finding, paint)), last].join('\n\n')}\n`;
};
