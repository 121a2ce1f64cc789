// Import this file dynamically: the parser's runtime loads with it.
import type { Node } from 'web-tree-sitter';
import { walkTree } from './tree-walk.ts';

/** True for a string that stands first in a module, class or function. */
const isDocstring = (node: Node): boolean => {
  const { parent } = node;
  if (node.type !== 'expression_statement' || !parent || node.namedChildCount !== 1) return false;
  const text = node.namedChild(0);
  // One that computes, or holds bytes, documents nothing.
  if (text?.type !== 'string' || /^\w*[fbFB]\w*['"]/.test(text.text)) return false;
  if (
    parent.type !== 'module' &&
    !(parent.type === 'block' && /^(?:function|class)_definition$/.test(parent.parent?.type ?? ''))
  )
    return false;
  const first = parent.namedChildren.find((child) => child.type !== 'comment');
  return first?.startIndex === node.startIndex;
};

/** Tokens and blocks of a Python text, one a line, without comments and docstrings; undefined when it cannot be read. */
export const pythonCode = async (path: string, text: string): Promise<string | undefined> => {
  const tokens: string[] = [];
  // Documentation that the program reads is code.
  const readsAny = /\.__doc__\b|\bgetdoc\(/.test(text);
  const readsOwn = readsAny || /\b__doc__\b/.test(text);
  const isCode = (node: Node): boolean => readsAny || (readsOwn && node.parent?.type === 'module');
  const isRead = await walkTree(path, text, (node) => {
    if (node.type === 'comment' || (isDocstring(node) && !isCode(node))) return false;
    // Its pieces leave out what stands between them.
    if (node.type === 'string' || node.childCount === 0) {
      if (node.text.trim() !== '') tokens.push(node.text);
      return false;
    }
    // Where a statement belongs is said by its column only.
    if (/_statement$|_definition$|^(?:block|module)$/.test(node.type)) tokens.push(`${node.type} ${depthOf(node)}`);
    return true;
  });
  return isRead ? tokens.join('\n') : undefined;
};

const depthOf = (node: Node): number => {
  let depth = 0;
  for (let above = node.parent; above; above = above.parent) if (above.type === 'block') depth += 1;
  return depth;
};
