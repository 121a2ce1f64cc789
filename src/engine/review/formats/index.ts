import type { ReviewFormat } from './format.ts';
import { githubFormat } from './github.ts';
import { jsonFormat } from './json.ts';
import { junitFormat } from './junit.ts';
import { markdownFormat } from './markdown.ts';
import { sarifFormat } from './sarif.ts';
import { textFormat } from './text.ts';

/** Every format a review can be printed in. */
export const reviewFormats = {
  text: textFormat,
  json: jsonFormat,
  sarif: sarifFormat,
  github: githubFormat,
  markdown: markdownFormat,
  junit: junitFormat,
} as const satisfies Record<string, ReviewFormat>;

/** Name of a format. */
export type ReviewFormatName = keyof typeof reviewFormats;
