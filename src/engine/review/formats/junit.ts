import { isOverGate } from '../gate.ts';
import { isOpen, type ReviewedFinding } from '../report.ts';
import { placeOf, type ReviewFormat } from './format.ts';

// What XML 1.0 has no way to write: most control characters, lone surrogates and two non-characters (section 2.2).
const unwritable = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};
const attribute = (text: string): string =>
  text.replace(unwritable, '\ufffd').replace(/[&<>"\t\n\r]/g, (char) => entities[char] ?? char);
const content = (text: string): string =>
  text.replace(unwritable, '\ufffd').replace(/[&<>\r]/g, (char) => entities[char] ?? char);

/** Each finding is a test case: it fails where it fails the review, and is skipped where it is not open. */
export const junitFormat: ReviewFormat = (report, { newOnly }) => {
  const details = ({ severity, confidence, evidence, suggestion, fingerprint }: ReviewedFinding): string =>
    [
      `${severity}, ${confidence} confidence, ${fingerprint}`,
      evidence,
      ...(suggestion ? [`→ ${suggestion.text}`] : []),
    ].join('\n');
  let failures = 0;
  let skipped = 0;
  const cases = report.findings.map((finding) => {
    const { rule, path, line, message, severity, reason = '' } = finding;
    const place = ` file="${attribute(path)}"${line > 0 ? ` line="${line}"` : ''}`;
    const open = `    <testcase classname="${attribute(rule)}" name="${attribute(`${placeOf(finding)} ${message}`)}"${place} time="0">`;
    let inner: string;
    if (!isOpen(finding)) {
      skipped += 1;
      inner = `<skipped message="${attribute(`${finding.state}: ${reason}`)}"/>`;
    } else if (isOverGate(finding, report.gate, newOnly)) {
      failures += 1;
      inner = `<failure type="${severity}" message="${attribute(message)}">${content(details(finding))}</failure>`;
    } else inner = `<system-out>${content(details(finding))}</system-out>`;
    return `${open}${inner}</testcase>`;
  });
  // Readers take a suite without any case for one that did not run.
  if (cases.length === 0)
    cases.push(`    <testcase classname="review" name="${attribute(`nothing found in ${report.title}`)}" time="0"/>`);
  const counts = `tests="${cases.length}" failures="${failures}" errors="0" skipped="${skipped}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="llm-copilot review" ${counts} time="0">`,
    `  <testsuite name="${attribute(`review of ${report.title}`)}" ${counts} time="0">`,
    ...cases,
    '  </testsuite>',
    '</testsuites>\n',
  ].join('\n');
};
