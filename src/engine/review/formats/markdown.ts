import { printable, printableName } from '../../../base/printable.ts';
import { isOverGate } from '../gate.ts';
import { isOpen, type ReviewedFinding } from '../report.ts';
import { counted, placeOf, type FormatOptions, type ReviewFormat } from './format.ts';

/** Stands in the comment, unseen, so that the next review finds it and changes it instead of writing another one. */
export const commentMarker = '<!-- llm-copilot-review -->';

/** GitHub takes comments of 65,536 characters (its API says so when one is longer; read 2026-11-28). */
const mostChars = 60_000;

/** Text that is no Markdown, no HTML and calls nobody. */
const plain = (text: string): string =>
  printableName(text)
    .replace(/[\\`*_{}[\]()#+!|~]/g, (char) => `\\${char}`)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/@(?=\w)/g, '@<!-- -->');

/** The same, with what stands between backticks as code. */
const prose = (text: string): string =>
  printableName(text)
    .split(/(`[^`]+`)/)
    .map((part) => (part.startsWith('`') && part.length > 2 ? code(part.slice(1, -1)) : plain(part)))
    .join('');

const longestRun = (text: string): number => Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length));

const code = (text: string): string => {
  const clean = printableName(text);
  const ticks = '`'.repeat(longestRun(clean) > 2 || clean.includes('`') ? longestRun(clean) + 1 : 1);
  return ticks.length > 1 ? `${ticks} ${clean} ${ticks}` : `${ticks}${clean}${ticks}`;
};

const fenced = (text: string, language: string): string => {
  const clean = printable(text).trimEnd();
  const fence = '`'.repeat(longestRun(clean) + 1);
  return `${fence}${language}\n${clean}\n${fence}`;
};

const marks = { critical: '🔴', high: '🔴', medium: '🟡', low: '⚪' } as const;

const entry = (finding: ReviewedFinding): string => {
  const { severity, rule, message, evidence, suggestion, confidence, state, fingerprint } = finding;
  const notes = [
    severity,
    code(rule),
    ...(confidence === 'high' ? [] : [`${confidence} confidence`]),
    ...(state === 'new' ? ['new'] : []),
  ];
  const parts = [
    `#### ${marks[severity]} ${code(placeOf(finding))}\n\n${prose(message)} <sub>${notes.join(' · ')} · ${code(fingerprint)}</sub>`,
    ...(evidence.trim() === '' ? [] : [fenced(evidence, '')]),
    ...(suggestion ? [`**Suggestion:** ${prose(suggestion.text)}`] : []),
    ...(suggestion?.patch === undefined ? [] : [fenced(suggestion.patch, 'diff')]),
  ];
  return parts.join('\n\n');
};

/** The body of a comment on a pull request; always the same marker, so that one comment is kept up to date. */
export const markdownFormat: ReviewFormat = (report, { newOnly }: FormatOptions) => {
  const open = report.findings.filter(isOpen);
  const over = open.filter((finding) => isOverGate(finding, report.gate, newOnly)).length;
  const head =
    open.length === 0
      ? `**Nothing found** in ${plain(report.title)}.`
      : `**${counted(open.length, 'finding')}** in ${plain(report.title)}${over > 0 ? `, ${over} of them at ${report.gate} or worse` : ''}.`;
  const foot = [
    ...(report.fixed.length > 0 ? [`Fixed since the last review: ${report.fixed.length}.`] : []),
    ...(report.findings.length > open.length
      ? [`Suppressed, dismissed or in the baseline: ${report.findings.length - open.length}.`]
      : []),
    ...report.notices.map(plain),
  ];
  const parts: string[] = [`${commentMarker}\n### Review`, head];
  let room = mostChars - parts.join('\n\n').length - foot.join('\n').length - 200;
  let left = open.length;
  for (const finding of open) {
    const text = entry(finding);
    if (text.length > room) break;
    room -= text.length + 2;
    left -= 1;
    parts.push(text);
  }
  if (left > 0) parts.push(`${left} more did not fit into a comment.`);
  if (foot.length > 0) parts.push(foot.map((line) => `<sub>${line}</sub>`).join('\n'));
  return `${parts.join('\n\n')}\n`;
};
