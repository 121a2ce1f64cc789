import type { Node } from 'web-tree-sitter';

/** Characters of a statement that are looked at: an import is never longer. */
const most = 5000;

/** The text of a node, cut: the accessor of the tree would copy all of it. */
export const textOf = (node: Node | null | undefined, text: string): string =>
  node ? text.slice(node.startIndex, Math.min(node.endIndex, node.startIndex + most)) : '';

/** The first string in quotes from where a node begins, when what stands before it fits. */
export const stringAfter =
  (before: RegExp) =>
  (node: Node, text: string): string[] | undefined => {
    const source = text.slice(node.startIndex, node.startIndex + 300);
    const start = before.exec(source)?.[0];
    if (start === undefined) return undefined;
    const found = /^\s*(["'`])([^"'`\n]+)\1/.exec(source.slice(start.length))?.[2];
    return found === undefined ? undefined : [found];
  };

const closing = (text: string, open: number): number => {
  let depth = 0;
  for (let at = open; at < text.length; at += 1) {
    if (text[at] === '{') depth += 1;
    else if (text[at] === '}' && (depth -= 1) === 0) return at;
  }
  return text.length;
};

const splitTop = (list: string): string[] => {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at <= list.length; at += 1) {
    const char = list[at];
    if (char === '{') depth += 1;
    else if (char === '}') depth -= 1;
    else if (at === list.length || (char === ',' && depth === 0)) {
      parts.push(list.slice(start, at));
      start = at + 1;
    }
  }
  return parts;
};

/** `a::{b, c::{d, e}}` as `a::b`, `a::c::d`, `a::c::e`; at most a hundred, names given with `as` left out. */
export const expandBraces = (path: string, depth = 0): string[] => {
  const bare = path.replace(/\s+as\s+\w+/g, '').replace(/\s+/g, '');
  const open = bare.indexOf('{');
  if (open < 0 || depth > 8) return bare === '' ? [] : [bare];
  const before = bare.slice(0, open);
  const inner = splitTop(bare.slice(open + 1, closing(bare, open)));
  return inner.flatMap((part) => expandBraces(before + part, depth + 1)).slice(0, 100);
};
