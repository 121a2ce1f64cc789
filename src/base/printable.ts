// Control characters (but tab and line feed), bidirectional controls, zero-width and filler characters, annotations, tags
// and variation selectors: what text could use to move the cursor, hide itself or pose as something else. Tags and the
// selectors' supplement are written as the surrogates they are, so that the quick test needs no code points.
// eslint's no-control-regex is about accidents; here they are the point, so they are written as escapes in a string.
const hidden =
  '[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u180b-\\u180e\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u206f\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb]|\\udb40[\\udc00-\\uddef]';
// Scripts whose letters change their shape at a joiner (Unicode 16, chapters 9, 12 and 13).
const joining =
  '[\\p{Script=Arabic}\\p{Script=Syriac}\\p{Script=Mongolian}\\p{Script=Nko}\\p{Script=Thaana}\\p{Script=Devanagari}\\p{Script=Bengali}\\p{Script=Gurmukhi}\\p{Script=Gujarati}\\p{Script=Oriya}\\p{Script=Tamil}\\p{Script=Telugu}\\p{Script=Kannada}\\p{Script=Malayalam}\\p{Script=Sinhala}\\p{Script=Khmer}\\p{Script=Myanmar}\\p{Script=Tibetan}]';
const picture = '\\p{Extended_Pictographic}';
const kept = [
  `(?<=${picture}|[\\ufe0f\\u{1f3fb}-\\u{1f3ff}])\\u200d(?=${picture})`,
  `(?<=${joining})[\\u200c\\u200d](?=${joining})`,
  `(?<=${picture})\\ufe0f|(?<=[0-9#*])\\ufe0f(?=\\u20e3)`,
].join('|');

const anyHidden = new RegExp(hidden);
// Built when a text first needs it: properties of Unicode take a moment to compile.
let both: RegExp | undefined;
const keptOrHidden = (): RegExp =>
  (both ??= new RegExp(`(${kept})|${hidden.replace('\\udb40[\\udc00-\\uddef]', '[\\u{e0000}-\\u{e01ef}]')}`, 'gu'));
const escapes = new RegExp(
  '(?:\\u001b\\[|\\u009b)[0-?]*[ -/]*[@-~]|(?:\\u001b\\]|\\u009d)[^\\u0007\\u001b\\u009c]*(?:\\u0007|\\u001b\\\\|\\u009c)|\\u001b[@-_]',
  'g',
);

/** Text from a model or tool, safe to show in a terminal: escape sequences and invisible characters are taken out. */
export const printable = (text: string): string =>
  anyHidden.test(text)
    ? text
        .replace(/\r\n/g, '\n')
        .replace(escapes, '')
        .replace(keptOrHidden(), (_char, keep?: string) => keep ?? '')
    : text;

/** A name from outside, safe to show within a line: {@link printable}, without line breaks and tabs. */
export const printableName = (name: string): string => printable(name).replace(/[\n\t]/g, ' ');

/** Text without escape sequences. */
export const withoutEscapes = (text: string): string => (anyHidden.test(text) ? text.replace(escapes, '') : text);

const name = (char: string): string => `[U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`;

/**
 * Text for a model to read: escape sequences are taken out, and every character a person would not see stands as
 * `[U+202E]`, so that nothing can be said to the model alone.
 */
export const visible = (text: string): string =>
  anyHidden.test(text)
    ? text
        .replace(escapes, '')
        .replace(keptOrHidden(), (char: string, keep: string | undefined, at: number, all: string) =>
          (keep ?? (char === '\r' && all[at + 1] === '\n')) ? char : name(char),
        )
    : text;
