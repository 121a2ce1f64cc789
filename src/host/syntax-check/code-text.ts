// Import this file dynamically: the parser's runtime loads with it.
import { walkTree } from './tree-walk.ts';

/** A text without its comments, the space between the rest made one; undefined without a grammar. */
export const withoutComments = async (path: string, text: string): Promise<string | undefined> => {
  const comments: [number, number][] = [];
  const isRead = await walkTree(path, text, (node) => {
    if (!/(?:^|_)comment$/.test(node.type)) return true;
    comments.push([node.startIndex, node.endIndex]);
    return false;
  });
  if (!isRead) return undefined;
  let at = 0;
  let rest = '';
  for (const [start, end] of comments) {
    if (start < at) continue;
    rest += `${text.slice(at, start)} `;
    at = end;
  }
  return (rest + text.slice(at)).replace(/\s+/g, ' ').trim();
};
