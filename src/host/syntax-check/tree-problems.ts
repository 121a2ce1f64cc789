// Import this file dynamically: the parser's runtime loads with it.
import type { SyntaxProblem } from '../../core/syntax.ts';
import { walkTree } from './tree-walk.ts';

/** Where a grammar does not understand a text: less exact than a language's own parser. */
export const treeProblems = async (path: string, text: string): Promise<SyntaxProblem[]> => {
  const problems: SyntaxProblem[] = [];
  await walkTree(path, text, (node) => {
    if (node.isError || node.isMissing)
      problems.push({ line: node.startPosition.row + 1, message: 'it is not understood here' });
    return node.hasError && !node.isError;
  });
  return problems;
};
