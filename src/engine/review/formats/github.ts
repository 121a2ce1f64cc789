import { isOpen, type ReviewedFinding } from '../report.ts';
import { counted, placeOf, type ReviewFormat } from './format.ts';

// As @actions/core writes them: github.com/actions/toolkit, packages/core/src/command.ts, read 2026-11-28.
const data = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');

const levels = { critical: 'error', high: 'error', medium: 'warning', low: 'notice' } as const;

const command = (finding: ReviewedFinding): string => {
  const { severity, rule, path, line, endLine, side, message, suggestion, fingerprint } = finding;
  // A line that is gone is none of the file that is annotated.
  const lines = line === 0 || side === 'old' ? [] : [`line=${line}`, `endLine=${Math.max(line, endLine)}`];
  const place = [`file=${property(path)}`, ...lines, `title=${property(`${rule} (${severity})`)}`].join(',');
  const where = side === 'old' ? ` [${placeOf(finding)}]` : '';
  const advice = suggestion ? `\n→ ${suggestion.text}` : '';
  return `::${levels[severity]} ${place}::${data(`${message}${where}${advice}\n${fingerprint}`)}`;
};

/** Workflow commands of GitHub Actions: open findings become annotations of the change. */
export const githubFormat: ReviewFormat = (report) => {
  const open = report.findings.filter(isOpen);
  const hidden = report.findings.length - open.length;
  const left = hidden > 0 ? `, ${hidden} suppressed, dismissed or in the baseline` : '';
  const summary = `llm-copilot review: ${counted(open.length, 'finding')}${left}`;
  return `${[...open.map(command), summary].join('\n')}\n`;
};
