import type { SyntaxNode } from '../../core/shell.ts';

/** The children of a node that are there. */
export const childrenOf = (node: SyntaxNode): SyntaxNode[] => node.children.filter((child) => child !== null);

/** The children that are statements or words, not keywords, operators or comments. */
export const partsOf = (node: SyntaxNode): SyntaxNode[] =>
  childrenOf(node).filter((child) => child.isNamed && child.type !== 'comment');

/** The children with the given field name, in order. */
export const fieldsOf = (node: SyntaxNode, field: string): SyntaxNode[] =>
  node.children.flatMap((child, index) => (child && node.fieldNameForChild(index) === field ? [child] : []));

/** Offset of the first character that is no white space: some tokens of the grammar begin with it. */
export const startOf = (node: SyntaxNode): number => node.startIndex + (/^\s*/.exec(node.text)?.[0].length ?? 0);

const isWord: ReadonlySet<string> = new Set([
  'word',
  'number',
  'string',
  'raw_string',
  'ansi_c_string',
  'translated_string',
  'concatenation',
  'expansion',
  'simple_expansion',
  'command_substitution',
  'process_substitution',
  'arithmetic_expansion',
  'brace_expression',
  'command_name',
  'variable_name',
]);

/** True when two nodes touch although each is a word of its own for the grammar: bash sees one. */
const touches = (one: SyntaxNode, next: SyntaxNode): boolean =>
  one.endIndex === startOf(next) && (isWord.has(one.type) || one.text === '$') && isWord.has(next.type);

/** Words of the grammar put together to words of bash. */
export const joinWords = (nodes: readonly SyntaxNode[]): SyntaxNode[] => {
  const words: SyntaxNode[] = [];
  for (const node of nodes) {
    const last = words.at(-1);
    if (!last || !touches(last, node)) {
      words.push(node);
      continue;
    }
    const children = last.type === joinedType ? [...last.children, node] : [last, node];
    words[words.length - 1] = {
      type: joinedType,
      text: last.text + node.text,
      isNamed: true,
      hasError: false,
      isMissing: false,
      startIndex: last.startIndex,
      endIndex: node.endIndex,
      children,
      childForFieldName: () => null,
      fieldNameForChild: () => null,
    };
  }
  return words;
};

const joinedType = 'concatenation';

/** Calls back for each node below (and with) the given one that is of one of the types, not looking below those. */
export const eachOf = (node: SyntaxNode, types: ReadonlySet<string>, found: (node: SyntaxNode) => void): void => {
  if (types.has(node.type)) found(node);
  else for (const child of node.children) if (child) eachOf(child, types, found);
};

/** Nodes whose own text is read again by our own word lexer, which knows what may stand there. */
const lexedElsewhere: ReadonlySet<string> = new Set([
  'string',
  'raw_string',
  'ansi_c_string',
  'concatenation',
  'word',
  'number',
  'expansion',
  'simple_expansion',
  'brace_expression',
  'heredoc_body',
  'comment',
  'arithmetic_expansion',
  'regex',
  'extglob_pattern',
]);

/** Nodes whose parts may touch. */
const insideWord: ReadonlySet<string> = new Set([
  'command_substitution',
  'process_substitution',
  'subscript',
  'variable_assignment',
]);

/** Nodes in which a line end between two parts would be the end of a command. */
const oneLine: ReadonlySet<string> = new Set(['command', 'file_redirect', 'declaration_command', 'unset_command']);

// A backslash at the end of a line joins what stands around it, unless there is a blank beside it.
const blank = /^(?:(?:\\\n)*[ \t](?:[ \t]|\\\n)*)?$/;
const blankLines = /^(?:(?:\\\n)*[ \t\n](?:[ \t\n]|\\\n)*)?$/;

const wrongComment = (node: SyntaxNode, source: string): boolean =>
  !node.text.startsWith('#') ||
  node.text.includes('\n') ||
  !(node.startIndex === 0 || /[\s;&|()]/.test(source.charAt(node.startIndex - 1)));

/**
 * Why a tree cannot be trusted, undefined when it can: something was not parsed, or text lies between its parts that the
 * grammar skipped but bash would not.
 */
export const treeFault = (root: SyntaxNode, source: string): string | undefined => {
  if (root.hasError || root.startIndex > source.length) return 'it cannot be parsed';
  const gapFault = (from: number, to: number, pattern: RegExp): string | undefined =>
    from < to && !pattern.test(source.slice(from, to)) ? 'it can be read in more than one way' : undefined;
  const check = (node: SyntaxNode): string | undefined => {
    if (node.isMissing) return 'it cannot be parsed';
    if (node.type === 'comment') return wrongComment(node, source) ? 'it can be read in more than one way' : undefined;
    if (lexedElsewhere.has(node.type)) return undefined;
    // The body of a heredoc is a child of its redirect, with other text in between.
    const hasHeredoc = node.text.includes('<<');
    const pattern = oneLine.has(node.type) && !hasHeredoc ? blank : blankLines;
    let at = node.startIndex;
    let before: SyntaxNode | undefined;
    for (const child of node.children) {
      if (!child) continue;
      if (before && node.type !== 'command' && !insideWord.has(node.type) && touches(before, child))
        return 'it can be read in more than one way';
      before = child;
      const fault = gapFault(at, child.startIndex, pattern) ?? check(child);
      if (fault !== undefined) return fault;
      at = child.endIndex;
    }
    return node.children.length > 0 ? gapFault(at, node.endIndex, blankLines) : undefined;
  };
  return gapFault(0, root.startIndex, blankLines) ?? check(root) ?? gapFault(root.endIndex, source.length, blankLines);
};
