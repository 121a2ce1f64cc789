import type { SyntaxNode } from '../../core/shell.ts';
import { fieldsOf } from './syntax.ts';
import { literally, type Value } from './value.ts';
import { expandText, type WordPlace } from './words.ts';

/**
 * What a heredoc feeds to its command. Its end is found again here, by bash's rules; undefined when the tree puts it
 * elsewhere.
 */
export const heredocText = (redirect: SyntaxNode, place: WordPlace): Value | undefined => {
  const { source } = place;
  const child = (type: string): SyntaxNode | undefined =>
    redirect.children.find((one) => one?.type === type) ?? undefined;
  const opening = child('heredoc_start');
  const closing = child('heredoc_end');
  const body = child('heredoc_body');
  const typed = opening?.text ?? '';
  const delimiter = typed.replace(/['"\\]/g, '');
  if (!opening || !closing || !/^[\w.-]+$/.test(delimiter)) return undefined;
  const tabs = child('<<-') !== undefined;
  const start = source.indexOf('\n', opening.endIndex) + 1;
  if (start === 0 || source.slice(opening.endIndex, start).includes('<<')) return undefined;
  let end = start;
  for (;;) {
    const lineEnd = source.indexOf('\n', end);
    const line = source.slice(end, lineEnd < 0 ? undefined : lineEnd);
    if ((tabs ? line.replace(/^\t+/, '') : line) === delimiter) break;
    if (lineEnd < 0) return undefined;
    end = lineEnd + 1;
  }
  const closesThere = closing.endIndex >= end && source.slice(end, closing.endIndex).trim() === delimiter;
  if (!closesThere || (body && (body.startIndex < start || body.endIndex > end))) return undefined;
  const text = source.slice(start, end);
  const quoted = typed !== delimiter;
  if (!quoted && text.endsWith('\\\n')) return undefined;
  if (quoted || !body || !/[$`\\]/.test(text)) return literally(tabs ? text.replace(/^\t+/gm, '') : text);
  const value = expandText(body, place, { start, end });
  return tabs && value.text !== undefined ? literally(value.text.replace(/^\t+/gm, '')) : value;
};

/** Words and redirects that stand on the first line of a heredoc, behind its beginning. */
export const besideHeredoc = (redirect: SyntaxNode): { words: SyntaxNode[]; redirects: SyntaxNode[] } => ({
  words: fieldsOf(redirect, 'argument'),
  redirects: fieldsOf(redirect, 'redirect'),
});
