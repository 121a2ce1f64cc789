// Import this file dynamically: the parser's runtime loads with it.
import type { Node } from 'web-tree-sitter';
import type { Mutant } from '../../core/syntax.ts';
import { walkTree } from './tree-walk.ts';

/** What an operator or word becomes. */
const swaps: Readonly<Record<string, string>> = {
  ...{ '+': '-', '-': '+', '*': '/', '/': '*', '//': '*', '%': '*', '**': '*' },
  ...{ '<': '>=', '>': '<=', '<=': '>', '>=': '<', '==': '!=', '!=': '==', '===': '!==', '!==': '===' },
  ...{ '&&': '||', '||': '&&', '??': '&&', and: 'or', or: 'and', '+=': '-=', '-=': '+=' },
  ...{ true: 'false', false: 'true', True: 'False', False: 'True' },
};

const operations =
  /^(?:binary_expression|binary_operator|comparison_operator|boolean_operator|augmented_assignment(?:_expression)?)$/;
const words = /^(?:true|false|True|False)$/;
const numbers = /^(?:number|integer|float|int_literal|integer_literal)$/;
const most = 400;

const isWithinFunction = (node: Node): boolean => {
  for (let above = node.parent; above; above = above.parent)
    if (
      /function|method_(?:definition|declaration)|^(?:lambda|method|closure_expression|func_literal)$/.test(above.type)
    )
      return true;
  return false;
};

/** Broken versions of a text: operators, comparisons, constants and what is returned, each by itself. */
export const mutantsOf = async (
  path: string,
  text: string,
  lines?: readonly (readonly [number, number])[],
): Promise<Mutant[]> => {
  const isWanted = (line: number): boolean => !lines || lines.some(([from, to]) => line >= from && line <= to);
  const isPython = /\.py[iw]?$/.test(path);
  const found: (Mutant & { rank: number })[] = [];
  const add = (node: Node, now: string, rank: number): void => {
    const [line, at, old] = [node.startPosition.row + 1, node.startIndex, node.text];
    if (found.length >= most || !isWanted(line)) return;
    const [from, to] = [old, now].map((part) => part.replace(/\s+/g, ' ').trim().slice(0, 40));
    const label = `line ${line}: ${from ?? ''} becomes ${to ?? ''}`;
    const [start, rest] = [text.slice(0, at), text.slice(at + old.length)];
    found.push({
      label,
      line,
      rank,
      text: start + now + rest,
      spaced: `${start}${old} ${rest}`,
      isInFunction: isWithinFunction(node),
    });
  };
  await walkTree(path, text, (node) => {
    const { type } = node;
    // Types have operators too, and breaking them changes nothing that runs.
    if (
      /^(?:comment|import_statement|import_from_statement|type_annotation|type_alias_declaration|interface_declaration)$/.test(
        type,
      )
    )
      return false;
    const swap = swaps[type];
    if (swap !== undefined && ((node.parent && operations.test(node.parent.type)) || words.test(type)))
      add(node, swap, 0);
    else if (numbers.test(type) && /^\d+$/.test(node.text)) add(node, String(Number(node.text) + 1), 1);
    else if (type === 'return_statement' && node.namedChildCount > 0) {
      const value = node.namedChild(0);
      if (value) add(value, isPython ? 'None' : 'undefined', 2);
    } else if (type === 'arrow_function') {
      const body = node.childForFieldName('body');
      if (body && body.type !== 'statement_block') add(body, 'undefined', 2);
    } else if (
      type === 'string' &&
      node.parent &&
      !/^(?:expression_statement|import_\w+|export_statement)$/.test(node.parent.type)
    ) {
      if (node.text.length > 2) add(node, '"mutated"', 3);
      return false;
    }
    return true;
  });
  return found
    .sort((a, b) => a.rank - b.rank || a.line - b.line)
    .map(({ label, line, text: broken, spaced, isInFunction }) => ({
      label,
      line,
      text: broken,
      spaced,
      isInFunction,
    }));
};
