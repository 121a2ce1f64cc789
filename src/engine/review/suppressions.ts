import { configError } from '../../base/errors.ts';
import { matchesPath } from '../../base/glob.ts';
import type { Detected, Finding } from '../../core/finding.ts';

/** Where a project says what is not to be raised, relative to its top. */
export const suppressionsPath = '.llm-copilot/review-ignore.yaml';

/** One entry of that file: a fingerprint, or a rule and, or, paths. */
export interface Suppression {
  fingerprint?: string;
  rule?: string;
  /** gitignore's pattern. */
  path?: string;
  reason: string;
  /** The last day on which it counts, such as `2026-12-31`. */
  until?: string;
}

const keys = ['fingerprint', 'rule', 'path', 'reason', 'until'] as const;
const isKey = (key: string): key is (typeof keys)[number] => keys.some((one) => one === key);

const isDay = (day: string): boolean =>
  /^\d{4}-\d{2}-\d{2}$/.test(day) &&
  !Number.isNaN(Date.parse(`${day}T00:00:00Z`)) &&
  new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);

const suppressionFrom = (entry: unknown, at: number): Suppression => {
  const wrong = (why: string, hint?: string): Error =>
    configError(
      `${suppressionsPath}: entry ${at + 1} ${why}.`,
      hint ?? 'Entries have rule or fingerprint, path, reason, until.',
    );
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) throw wrong('is no mapping');
  const found: Partial<Record<(typeof keys)[number], string>> = {};
  for (const [key, value] of Object.entries(entry)) {
    if (!isKey(key)) throw wrong(`has a key nobody knows, "${key}"`);
    // YAML reads a fingerprint of digits as a number; it has to be quoted to stay what it is.
    if (typeof value !== 'string' || value.trim() === '')
      throw wrong(`has a ${key} that is no text`, `Quote it: ${key}: "…"`);
    found[key] = value.trim();
  }
  const { fingerprint, rule, path, reason, until } = found;
  if (reason === undefined) throw wrong('has no reason', 'Say why it is not to be raised: reason: …');
  if (fingerprint === undefined && rule === undefined && path === undefined)
    throw wrong('names neither a fingerprint nor a rule nor a path');
  if (fingerprint !== undefined && !/^[0-9a-f]{8,20}$/.test(fingerprint))
    throw wrong('has a fingerprint that is none', 'It is shown with each finding: 8 to 20 of the digits 0-9 and a-f.');
  if (until !== undefined && !isDay(until))
    throw wrong(`has an "until" that is no day: ${until}`, 'Write it as 2026-12-31.');
  return {
    ...{ reason },
    ...(fingerprint !== undefined && { fingerprint }),
    ...(rule !== undefined && { rule }),
    ...(path !== undefined && { path }),
    ...(until !== undefined && { until }),
  };
};

/** Reads what the YAML of the file holds. @throws CopilotError exit 3 */
export const suppressionsFrom = (value: unknown): Suppression[] => {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value))
    throw configError(`${suppressionsPath} is no list.`, 'Begin each entry with "- rule: …" and give it a reason.');
  return value.map(suppressionFrom);
};

const matchesRule = (pattern: string, rule: string): boolean =>
  pattern === rule || pattern === '*' || (pattern === 'model' && rule.startsWith('model/'));

/** The entry that holds for a finding on a day; the last one that fits counts. */
export const suppressionOf = (
  suppressions: readonly Suppression[],
  finding: Pick<Finding, 'rule' | 'path' | 'fingerprint'>,
  today: string,
): Suppression | undefined =>
  suppressions.findLast(
    ({ fingerprint, rule, path, until }) =>
      (until === undefined || until >= today) &&
      (fingerprint === undefined || finding.fingerprint.startsWith(fingerprint)) &&
      (rule === undefined || matchesRule(rule, finding.rule)) &&
      (path === undefined || matchesPath(path, finding.path)),
  );

const comment = /llm-copilot-ignore[ \t]+([\w/*-]+(?:[ \t]*,[ \t]*[\w/*-]+)*)[ \t]*(:?)[ \t]*(.*)$/;
/** What closes a comment is not part of a reason. */
const closing = /(?:\*\/|-->|#\}|\*\)|%>)$/;

/**
 * The reason a comment on the finding's line, or on the one above, gives for not raising it. Only where there is a finding
 * is looked for comments: anywhere else the words may be prose.
 * @throws CopilotError exit 3 when it gives none.
 */
export const commentReason = (
  { rule, path, line, side }: Pick<Detected, 'rule' | 'path' | 'line' | 'side'>,
  lines: readonly string[],
): string | undefined => {
  if (line < 1 || side === 'old') return undefined;
  for (const at of [line, line - 1]) {
    const [, names = '', colon = '', rest = ''] = comment.exec(lines[at - 1] ?? '') ?? [];
    if (!names.split(',').some((name) => name.trim() !== '' && matchesRule(name.trim(), rule))) continue;
    const reason = rest.trim().replace(closing, '').trim();
    if (colon === '' || reason === '')
      throw configError(
        `${path}:${at}: llm-copilot-ignore gives no reason.`,
        `Say why it is all right: llm-copilot-ignore ${rule}: <reason>`,
      );
    return reason;
  }
  return undefined;
};
