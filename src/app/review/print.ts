import type { FormatOptions } from '../../engine/review/formats/format.ts';
import { reviewFormats, type ReviewFormatName } from '../../engine/review/formats/index.ts';
import type { ReviewReport } from '../../engine/review/report.ts';

export type { ReviewFormatName } from '../../engine/review/formats/index.ts';
export type { Gate, ReviewReport } from '../../engine/review/report.ts';
export type { RuleStats } from '../../host/review/review-store.ts';

/** A report in one of the formats. */
export const printReview = (report: ReviewReport, format: ReviewFormatName, options: FormatOptions): string =>
  reviewFormats[format](report, options);
