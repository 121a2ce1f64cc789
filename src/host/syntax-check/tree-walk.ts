// Import this file dynamically: the parser's runtime loads with it.
import type { Node } from 'web-tree-sitter';
import { parseTree } from '../code-index/parse-tree.ts';
import { languageOf } from '../code-index/languages.ts';

/** Calls `see` for each node of a text's tree, parents first; a node it answers false for is not entered. False without a grammar. */
export const walkTree = async (path: string, text: string, see: (node: Node) => boolean): Promise<boolean> => {
  const grammar = languageOf(path, text)?.grammar;
  const tree = grammar === undefined ? undefined : await parseTree(grammar, text).catch(() => undefined);
  if (!tree) return false;
  const waiting = [tree.rootNode];
  try {
    for (let node = waiting.pop(); node; node = waiting.pop())
      if (see(node)) waiting.push(...node.children.toReversed());
    return true;
  } finally {
    tree.delete();
  }
};
