import { printableName } from '../../base/printable.ts';

const codeSpan = /(?<!`)(`+)(?!`)([^`]|[^`][^\n]*?[^`])\1(?!`)/g;
/** What Markdown's readers make links of, and what pings people on the sites that show it. */
const reaching = /@|:\/\/|^www\.|mailto:/i;
const edges = /^([("'[{<]*)(.*?)([)\]}>"'.,;:!?]*)$/s;

const asCode = (text: string): string => {
  const longest = Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  const pad = text.startsWith('`') || text.endsWith('`') ? ' ' : '';
  return `${fence}${pad}${text}${pad}${fence}`;
};

const escaped = (text: string): string =>
  text
    .replace(/[\\`*[\]<~]/g, '\\$&')
    // Within a word an underscore stands for itself.
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '\\_')
    .replace(/&(?=#?\w+;)/g, '\\&')
    .replace(/\|/g, '\\|');

const plainWords = (text: string): string =>
  text
    .split(/(\s+)/)
    .map((word) => {
      if (!reaching.test(word)) return escaped(word);
      const [, before = '', middle = word, after = ''] = edges.exec(word) ?? [];
      return middle === '' || !reaching.test(middle)
        ? escaped(word)
        : `${escaped(before)}${asCode(middle)}${escaped(after)}`;
    })
    .join('');

/**
 * Somebody else's text as one line of Markdown that shows what was written and does nothing: no links, images, headings,
 * HTML, and no names that ping people (those stand as code). Code spans stay.
 * @param isStart it stands where a line begins, so that a mark there would begin a heading or a list
 */
export const inert = (text: string, isStart = true): string => {
  const line = printableName(text.replace(/\r\n?|[\u2028\u2029]/g, '\n'))
    .replace(/\ufffd+/g, '\ufffd')
    .replace(/\s+/g, ' ')
    .trim();
  let out = '';
  let at = 0;
  for (const found of line.matchAll(codeSpan)) {
    out += plainWords(line.slice(at, found.index)) + found[0];
    at = found.index + found[0].length;
  }
  out += plainWords(line.slice(at));
  if (!isStart) return out;
  // What begins a heading, quote, list or rule at the start of a line.
  return out
    .replace(/^(?:[#>+=-]|\d{1,9}(?=[.)]))/, (mark) => (/\d/.test(mark) ? mark : `\\${mark}`))
    .replace(/^(\d{1,9})([.)])/, '$1\\$2');
};
