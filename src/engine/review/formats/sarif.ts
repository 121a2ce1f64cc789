import { isOfModel, type ReviewedFinding, type ReviewReport } from '../report.ts';
import type { ReviewFormat } from './format.ts';

const levels = { critical: 'error', high: 'error', medium: 'warning', low: 'note' } as const;
/** What GitHub's code scanning sorts by: 9 and more is critical, 7 high, 4 medium (docs.github.com, read 2026-11-28). */
const securitySeverities = { critical: '9.5', high: '8.0', medium: '5.5', low: '2.0' } as const;

const uriOf = (path: string): string =>
  path
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .split('/')
    .map(encodeURIComponent)
    .join('/');

const suppressionsOf = ({ state, reason = '', suppressedBy }: ReviewedFinding): object[] =>
  state === 'new' || state === 'known'
    ? []
    : [
        {
          kind: suppressedBy === 'comment' ? 'inSource' : 'external',
          status: 'accepted',
          justification: reason,
          properties: { state },
        },
      ];

const resultOf = (finding: ReviewedFinding, ruleIndex: number): object => {
  const { rule, severity, confidence, path, line, endLine, side, message, evidence, suggestion, state } = finding;
  const snippet = evidence === '' ? {} : { snippet: { text: evidence } };
  // Lines of the file before the change are none of the artifact that is named.
  const region =
    line > 0 && side === 'new' ? { region: { startLine: line, endLine: Math.max(line, endLine), ...snippet } } : {};
  return {
    ruleId: rule,
    ruleIndex,
    level: levels[severity],
    message: { text: suggestion ? `${message}\n\n→ ${suggestion.text}` : message },
    locations: [{ physicalLocation: { artifactLocation: { uri: uriOf(path), uriBaseId: '%SRCROOT%' }, ...region } }],
    partialFingerprints: { 'llmCopilotReview/v1': finding.fingerprint },
    baselineState: state === 'new' ? 'new' : 'unchanged',
    suppressions: suppressionsOf(finding),
    properties: {
      severity,
      confidence,
      ...(side === 'old' && line > 0 ? { lineBefore: line } : {}),
      ...(suggestion?.patch === undefined ? {} : { patch: suggestion.patch }),
    },
  };
};

const rulesOf = ({ findings, claims }: ReviewReport): { id: string; text: string; finding: ReviewedFinding }[] => {
  const rules = new Map<string, { id: string; text: string; finding: ReviewedFinding }>();
  for (const finding of findings)
    if (!rules.has(finding.rule)) {
      const said = isOfModel(finding) ? 'A model says so, and a second pass did not refute it.' : finding.message;
      rules.set(finding.rule, { id: finding.rule, text: claims[finding.rule] ?? said, finding });
    }
  return [...rules.values()];
};

/** SARIF 2.1.0 (OASIS), as GitHub's code scanning and others take it; what is suppressed stays in it with the reason. */
export const sarifFormat: ReviewFormat = (report, { version }) => {
  const rules = rulesOf(report);
  const indexes = new Map(rules.map(({ id }, index) => [id, index]));
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'llm-copilot',
            version,
            rules: rules.map(({ id, text, finding }) => ({
              id,
              shortDescription: { text },
              defaultConfiguration: { level: levels[finding.severity] },
              properties: { 'security-severity': securitySeverities[finding.severity] },
            })),
          },
        },
        columnKind: 'utf16CodeUnits',
        originalUriBaseIds: { '%SRCROOT%': { description: { text: 'The top of the repository.' } } },
        invocations: [
          {
            executionSuccessful: true,
            toolExecutionNotifications: report.notices.map((text) => ({ level: 'note', message: { text } })),
          },
        ],
        results: report.findings.map((finding) => resultOf(finding, indexes.get(finding.rule) ?? 0)),
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
};
