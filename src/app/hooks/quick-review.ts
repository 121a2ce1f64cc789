import { printable, printableName } from '../../base/printable.ts';
import type { FileDiff } from '../../core/diff.ts';
import type { FindingSeverity } from '../../core/finding.ts';
import { baselineFrom, baselinePath } from '../../engine/review/baseline.ts';
import { fingerprinted, linesByFile } from '../../engine/review/fingerprint.ts';
import { placeOf } from '../../engine/review/formats/format.ts';
import { isOverGate } from '../../engine/review/gate.ts';
import { mergedFindings } from '../../engine/review/merge.ts';
import type { Gate, ReviewedFinding } from '../../engine/review/report.ts';
import { runRules } from '../../engine/review/run-rules.ts';
import { commentReason, suppressionOf, suppressionsFrom, suppressionsPath } from '../../engine/review/suppressions.ts';
import type { DiffWanted } from '../../host/git/repository.ts';
import { readProjectFile } from '../../host/review/project-file.ts';
import { filesWithSyntax } from '../review/files-with-syntax.ts';
import { gather } from '../review/gather.ts';
import { secretsOfUnread } from '../review/secrets-of-unread.ts';
import type { HookEnd, HookRun } from './hook-run.ts';

/** What the project keeps for its reviews, as text. */
export interface KeptForReviews {
  suppressions: string | undefined;
  baseline: string | undefined;
}

/** Reads it. @throws CopilotError exit 3 */
export const keptForReviews = (root: string): KeptForReviews => ({
  suppressions: readProjectFile(root, suppressionsPath),
  baseline: readProjectFile(root, baselinePath),
});

/** The way round a hook, told wherever one stops git. */
export const wayRound = (git: string): string =>
  `To go on all the same: git ${git} --no-verify, or LLM_COPILOT_SKIP_HOOKS=1. To keep one of them: a comment "llm-copilot-ignore <rule>: <reason>" at its line.`;

const shown = 20;

const lineOf = (finding: ReviewedFinding): string =>
  `${printableName(placeOf(finding))}  ${finding.severity}  ${finding.rule}: ${printableName(finding.message)}`;

const evidenceOf = ({ evidence, line }: ReviewedFinding): string[] => {
  const [first = ''] = printable(evidence).split('\n', 1);
  return line === 0 || first.trim() === '' ? [] : [`  | ${first.trim().slice(0, 110)}`];
};

/** What was looked at, and what was found in it. */
export interface QuickReview {
  findings: ReviewedFinding[];
  notices: string[];
  gate: Gate;
  files: readonly FileDiff[];
}

/** Looks at a change by the rules that need no more than its lines; no model is asked, nothing is remembered. */
export const quickReview = async (
  { repository, settings, env }: HookRun,
  wanted: DiffWanted,
  kept: KeptForReviews,
  signal: AbortSignal,
): Promise<QuickReview> => {
  const input = await gather(repository, wanted, { env, quick: true, exclude: settings.review?.exclude ?? [] }, signal);
  const notices = [...input.notices];
  const rules: Record<string, FindingSeverity | 'off'> | undefined = settings.review?.rules;
  const detected = runRules(input, { rules, quick: true, notice: (notice) => notices.push(notice) });
  detected.push(...(await secretsOfUnread(repository, input.diff.files, rules, signal)));
  signal.throwIfAborted();
  const merged = mergedFindings(detected);
  // With syntax, so that they are the same as those of a whole review; needed only where some are known by them.
  const isAnyKnown = kept.suppressions !== undefined || kept.baseline !== undefined;
  const fileOf = await filesWithSyntax(input, isAnyKnown ? merged : []);
  const linesIn = linesByFile(fileOf);
  const suppressions =
    kept.suppressions === undefined
      ? []
      : suppressionsFrom((await import('../../host/yaml.ts')).parse(kept.suppressions));
  const known = new Set(
    (kept.baseline === undefined ? [] : baselineFrom(kept.baseline)).map(({ fingerprint }) => fingerprint),
  );
  const today = new Date().toISOString().slice(0, 10);
  const findings = fingerprinted(merged, fileOf)
    .filter(
      (finding) =>
        !known.has(finding.fingerprint) &&
        suppressionOf(suppressions, finding, today) === undefined &&
        commentReason(finding, linesIn(finding.path, finding.side)) === undefined,
    )
    .map((finding): ReviewedFinding => ({ ...finding, state: 'new' }));
  return { findings, notices, gate: settings.hooks?.failOn ?? 'high', files: input.diff.files };
};

/** A quick review as a hook ends with it. `what` and `git` are words for people: `The commit`, `commit`. */
export const endOf = ({ findings, notices, gate }: Omit<QuickReview, 'files'>, what: string, git: string): HookEnd => {
  const over = findings.filter((finding) => isOverGate(finding, gate));
  const found = findings.slice(0, shown).flatMap((finding) => [lineOf(finding), ...evidenceOf(finding)]);
  if (findings.length > shown) found.push(`… and ${findings.length - shown} more: llm-copilot review`);
  if (over.length === 0) return { found, notices };
  const count = `${over.length} finding${over.length === 1 ? ' is' : 's are'} ${gate} or worse`;
  return { stops: true, found: [...found, `${what} is stopped: ${count}. ${wayRound(git)}`], notices };
};
