import { configError } from '../../base/errors.ts';
import type { ReviewedFinding } from './report.ts';

/** Where a project keeps the findings it lives with, relative to its top. */
export const baselinePath = '.llm-copilot/review-baseline.json';

/** A finding a project lives with; all but the fingerprint is for people. */
export interface BaselineEntry {
  fingerprint: string;
  rule: string;
  path: string;
  message: string;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Reads a baseline. @throws CopilotError exit 3 when it is none. */
export const baselineFrom = (source: string): BaselineEntry[] => {
  const wrong = (why: string, cause?: unknown): Error =>
    configError(
      `${baselinePath} is no baseline: ${why}.`,
      'Take the file back from git, or write it anew: delete it, then llm-copilot review --write-baseline',
      cause,
    );
  let value: unknown;
  try {
    value = JSON.parse(source.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw wrong(error instanceof Error ? error.message : 'it cannot be read', error);
  }
  if (!isRecord(value) || value.version !== 1 || !Array.isArray(value.findings))
    throw wrong('it is not { "version": 1, "findings": [ … ] }');
  return value.findings.map((entry: unknown, at): BaselineEntry => {
    if (!isRecord(entry) || typeof entry.fingerprint !== 'string' || !/^[0-9a-f]{20}$/.test(entry.fingerprint))
      throw wrong(`finding ${at + 1} has no fingerprint`);
    const { fingerprint, rule, path, message } = entry;
    return { fingerprint, rule: textOf(rule), path: textOf(path), message: textOf(message) };
  });
};

/** The text of a baseline with further findings in it, always in the same order, so that it merges well. */
export const baselineWith = (
  before: readonly BaselineEntry[],
  findings: readonly Pick<ReviewedFinding, keyof BaselineEntry>[],
): string => {
  const entries = new Map(before.map((entry) => [entry.fingerprint, entry]));
  for (const { fingerprint, rule, path, message } of findings)
    entries.set(fingerprint, { fingerprint, rule, path, message });
  const order = ({ path, rule, fingerprint }: BaselineEntry): string => `${path}\0${rule}\0${fingerprint}`;
  const sorted = [...entries.values()].sort((a, b) => (order(a) < order(b) ? -1 : 1));
  return `${JSON.stringify({ version: 1, findings: sorted }, null, 2)}\n`;
};
