// Import this file dynamically: the parser's runtime loads with it.
import { walkTree } from './tree-walk.ts';

const strings = /string|heredoc|template|char(?:acter)?_literal|regex|raw_text/;

/** Space at the ends of lines, and empty lines, made none. */
const tidy = (text: string): string => text.replace(/[ \t\r]+(?=\n)/g, '').replace(/\n{2,}/g, '\n');

/** A text without its comments and the empty lines between the rest, strings as they are; undefined without a grammar. */
export const withoutComments = async (path: string, text: string): Promise<string | undefined> => {
  const comments: [number, number][] = [];
  const kept: [number, number][] = [];
  const isRead = await walkTree(path, text, (node) => {
    const isComment = /(?:^|_)comment$/.test(node.type);
    if (isComment) comments.push([node.startIndex, node.endIndex]);
    else if (strings.test(node.type)) kept.push([node.startIndex, node.endIndex]);
    else return true;
    return false;
  });
  if (!isRead) return undefined;
  let at = 0;
  let code = '';
  let rest = '';
  for (const [start, end, isKept] of [
    ...comments.map(([start, end]) => [start, end, false] as const),
    ...kept.map(([start, end]) => [start, end, true] as const),
  ].sort((a, b) => a[0] - b[0])) {
    if (start < at) continue;
    code += text.slice(at, start);
    at = end;
    if (!isKept) {
      // A comment that has its lines to itself leaves none.
      if (text.slice(start, end).endsWith('\n')) code += '\n';
      continue;
    }
    rest += tidy(code) + text.slice(start, end);
    code = '';
  }
  return (rest + tidy(code + text.slice(at))).trim();
};
