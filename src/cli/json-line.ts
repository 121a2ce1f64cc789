/**
 * A value as one line of JSON. `JSON.stringify` escapes control characters up to U+001F; some terminals act upon those from
 * U+0080 on as well.
 */
export const jsonLine = (value: unknown): string =>
  `${JSON.stringify(value).replace(/[\u007f-\u009f\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`;
