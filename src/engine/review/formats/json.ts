import type { ReviewFormat } from './format.ts';

// Some terminals act upon control characters from U+0080 on as well.
const escaped = (text: string): string =>
  text.replace(/[\u007f-\u009f\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** The whole report as one object, those that are not open as well. */
export const jsonFormat: ReviewFormat = (report) => `${escaped(JSON.stringify({ version: 1, ...report }))}\n`;
