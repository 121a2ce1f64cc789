import type { ReviewedFinding, ReviewReport } from '../report.ts';

/** What formats are told besides the report. */
export interface FormatOptions {
  /** Of llm-copilot. */
  version: string;
  /** Findings that are not open, or known for long, are shown as well. */
  all: boolean;
  /** Only what was not raised before counts for the gate. */
  newOnly?: boolean;
  paint: ReportPaint;
}

/** How words are set apart on a terminal. */
export interface ReportPaint {
  dim: (text: string) => string;
  bold: (text: string) => string;
  green: (text: string) => string;
  red: (text: string) => string;
  yellow: (text: string) => string;
}

/** A report as a program or a person reads it, with a line break at its end; empty when there is nothing to say. */
export type ReviewFormat = (report: ReviewReport, options: FormatOptions) => string;

/** Where it is: `path:12`, or `path` where it is about the whole file. */
export const placeOf = ({ path, line, side }: Pick<ReviewedFinding, 'path' | 'line' | 'side'>): string =>
  line === 0 ? path : `${path}:${line}${side === 'old' ? ' (before)' : ''}`;

/** Such as `1 finding`, `2 findings`. */
export const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;
