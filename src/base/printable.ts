// Control characters (but tab and line feed), bidirectional overrides and zero-width characters: what text could use
// to move the cursor, hide itself or pose as something else.
// eslint's no-control-regex is about accidents; here they are the point, so they are written as escapes in a string.
const unsafe = new RegExp(
  '[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u2069\\ufeff]',
  'g',
);
const escapes = new RegExp('\\u001b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\\u0007\\u001b]*(?:\\u0007|\\u001b\\\\)|[@-_])', 'g');

/** Text from a model or tool, safe to show in a terminal: escape sequences and invisible characters are taken out. */
export const printable = (text: string): string => text.replace(/\r\n/g, '\n').replace(escapes, '').replace(unsafe, '');
