// Import this file dynamically: the parser's runtime loads with it.
import type { Node } from 'web-tree-sitter';
import type { CodeSmell } from '../../core/syntax.ts';
import { walkTree } from './tree-walk.ts';

const functions =
  /^(?:function_declaration|function_expression|generator_function_declaration|arrow_function|method_definition|function_definition)$/;
const loops = /^(?:for_statement|for_in_statement|while_statement|do_statement)$/;
const callbacks = /\.(?:filter|map|forEach|flatMap|some|every|find|reduce)$/;
const nesting =
  /^(?:if_statement|for_statement|for_in_statement|while_statement|do_statement|switch_statement|try_statement|with_statement)$/;

const mostLines = 50;
const mostDepth = 4;
const mostParameters = 5;

type Found = Omit<CodeSmell, 'line' | 'endLine' | 'original'>;

/** The nearest loop around a node within its function; a callback that runs for each element counts as one. */
const loopAround = (node: Node): Node | undefined => {
  for (let inner = node, above = node.parent; above; inner = above, above = above.parent) {
    // What a loop begins with is done once.
    const isHead = ['initializer', 'right'].some((field) => above.childForFieldName(field)?.id === inner.id);
    if (loops.test(above.type) && !isHead) return above;
    if (functions.test(above.type)) {
      const call = above.parent?.type === 'arguments' ? above.parent.parent : undefined;
      return call && callbacks.test(call.childForFieldName('function')?.text ?? '') ? call : undefined;
    }
  }
  return undefined;
};

const isAwaitFor = (loop: Node): boolean => /^(?:for await|async for)\b/.test(loop.text);

const inCalls = (node: Node): Found | undefined => {
  const callee = node.childForFieldName('function')?.text ?? node.childForFieldName('constructor')?.text ?? '';
  const loop = loopAround(node);
  const argument = node.childForFieldName('arguments')?.text ?? '';
  if (/^JSON\.parse$/.test(callee) && /^\(\s*JSON\.stringify\(/.test(argument))
    return {
      ...{ type: 'json-clone', goal: 'memory', priority: 'medium', suggested: 'structuredClone(value)' },
      description:
        'A copy is made by writing a text and reading it again; dates, maps and undefined get lost on the way.',
    };
  if (!loop) return undefined;
  if (
    /\.(?:indexOf|includes|lastIndexOf|index|count)$/.test(callee) &&
    !/^\(\s*(?:f|r|b)?['"`]/.test(argument) &&
    !/^['"`]/.test(callee)
  )
    return {
      ...{ type: 'search-in-loop', goal: 'performance', priority: 'high' },
      description: `${callee} looks through the whole list for each element: time grows with the square of its length.`,
      suggested: 'Make a Set, Map or dict before the loop and look up in that.',
    };
  if (callee === 'RegExp' || callee === 're.compile')
    return {
      ...{ type: 'regexp-in-loop', goal: 'performance', priority: 'low' },
      description: 'The same pattern is compiled for each element.',
      suggested: 'Compile the pattern once, before the loop.',
    };
  if (/(?:^|\.)(?:readFileSync|writeFileSync|existsSync|statSync|execSync|execFileSync|spawnSync)$/.test(callee))
    return {
      ...{ type: 'blocking-io-in-loop', goal: 'performance', priority: 'medium' },
      description: `${callee} blocks the whole process for each element.`,
      suggested: 'Use the asynchronous form, several at a time.',
    };
  return undefined;
};

const inFunctions = (node: Node): Found[] => {
  const found: Found[] = [];
  const name = node.childForFieldName('name')?.text ?? 'a function';
  const length = node.endPosition.row - node.startPosition.row + 1;
  if (length > mostLines)
    found.push({
      ...{ type: 'long-function', goal: 'maintainability', priority: 'medium' },
      description: `${name} is ${length} lines long.`,
      suggested: 'Take the parts that have a name of their own out of it.',
    });
  const parameters = node.childForFieldName('parameters')?.namedChildren.filter((one) => one.type !== 'comment') ?? [];
  const count = parameters.filter((one) => !/^(?:self|cls|\*|\/)$/.test(one.text)).length;
  if (count > mostParameters)
    found.push({
      ...{ type: 'many-parameters', goal: 'readability', priority: 'low' },
      description: `${name} takes ${count} parameters.`,
      suggested: 'Take one object with named fields.',
    });
  for (const parameter of parameters)
    if (
      /^(?:typed_)?default_parameter$/.test(parameter.type) &&
      /^(?:list|dictionary|set)$/.test(parameter.childForFieldName('value')?.type ?? '')
    )
      found.push({
        ...{ type: 'mutable-default', goal: 'correctness', priority: 'high' },
        description: `The default of ${parameter.childForFieldName('name')?.text ?? 'a parameter'} is made once and shared by all calls.`,
        suggested: 'Default to None and make it inside.',
      });
  return found;
};

const depthOf = (node: Node): number => {
  let depth = 1;
  for (
    let inner = node, above = node.parent;
    above && !functions.test(above.type);
    inner = above, above = above.parent
  ) {
    // `else if` goes on, it is not deeper.
    const goesOn = inner.type === 'if_statement' && (above.type === 'else_clause' || above.type === 'elif_clause');
    if (nesting.test(above.type) && !goesOn && inner.type !== 'else_clause') depth += 1;
  }
  return depth;
};

const comparison = (node: Node): Found | undefined => {
  const operator = node.childForFieldName('operator')?.text ?? node.children.find((one) => !one.isNamed)?.text ?? '';
  const sides = node.namedChildren.map((one) => one.text);
  if (sides.some((side) => side === 'NaN') && /^[!=]==?$/.test(operator))
    return {
      ...{ type: 'nan-comparison', goal: 'correctness', priority: 'high', suggested: 'Number.isNaN(value)' },
      description: 'Nothing equals NaN, so this is always the same.',
    };
  if (node.type === 'binary_expression' && (operator === '==' || operator === '!=') && !sides.includes('null'))
    return {
      ...{ type: 'loose-equality', goal: 'correctness', priority: 'medium', suggested: `${operator}=` },
      description: `${operator} changes types before it compares.`,
    };
  if (node.type === 'comparison_operator' && sides.includes('None') && /^[!=]=$/.test(operator))
    return {
      ...{ type: 'none-comparison', goal: 'readability', priority: 'low' },
      ...{ suggested: operator === '==' ? 'is None' : 'is not None', description: 'None is compared by identity.' },
    };
  return undefined;
};

const other = (node: Node): Found | undefined => {
  switch (node.type) {
    case 'await_expression':
    case 'await': {
      const loop = loopAround(node);
      if (!node.isNamed || !loop || !loops.test(loop.type) || isAwaitFor(loop)) return undefined;
      return {
        ...{ type: 'await-in-loop', goal: 'performance', priority: 'medium' },
        description: 'Each element waits for the one before it.',
        suggested: 'Start them together (Promise.all, asyncio.gather) where they do not depend on each other.',
      };
    }
    case 'spread_element': {
      const call = loopAround(node);
      if (!(call?.childForFieldName('function')?.text ?? '').endsWith('.reduce')) return undefined;
      return {
        ...{ type: 'spread-in-reduce', goal: 'performance', priority: 'high' },
        description:
          'All that was gathered so far is copied for each element: time grows with the square of the length.',
        suggested: 'Add to one object or list in a loop.',
      };
    }
    case 'variable_declaration':
      return node.text.startsWith('var ')
        ? {
            type: 'var',
            goal: 'readability',
            priority: 'low',
            suggested: 'let or const',
            description: 'var is seen in the whole function, before it is set too.',
          }
        : undefined;
    case 'ternary_expression':
    case 'conditional_expression':
      return node.parent?.type === node.type
        ? {
            type: 'nested-ternary',
            goal: 'readability',
            priority: 'low',
            suggested: 'if and return, or a table',
            description: 'A choice within a choice is hard to read.',
          }
        : undefined;
    case 'for_statement':
      return /^for\s+\w+\s+in\s+range\(len\(/.test(node.text)
        ? {
            type: 'range-len',
            goal: 'readability',
            priority: 'low',
            suggested: 'for index, value in enumerate(list)',
            description: 'It counts to find what it could take directly.',
          }
        : undefined;
    default:
      return undefined;
  }
};

/** What could be better in a text, in the order of its lines; undefined where no grammar reads it. */
export const codeSmells = async (path: string, text: string): Promise<CodeSmell[] | undefined> => {
  const smells: CodeSmell[] = [];
  const isRead = await walkTree(path, text, (node) => {
    const add = (found: Found | undefined): void => {
      if (!found) return;
      const original = node.text.split('\n').slice(0, 3).join('\n').slice(0, 300);
      smells.push({ ...found, line: node.startPosition.row + 1, endLine: node.endPosition.row + 1, original });
    };
    if (/^(?:call_expression|new_expression|call)$/.test(node.type)) add(inCalls(node));
    else if (/^(?:binary_expression|comparison_operator)$/.test(node.type)) add(comparison(node));
    else if (functions.test(node.type)) for (const one of inFunctions(node)) add(one);
    add(other(node));
    if (nesting.test(node.type) && depthOf(node) === mostDepth + 1)
      add({
        ...{ type: 'deep-nesting', goal: 'readability', priority: 'medium' },
        description: `More than ${mostDepth} levels deep.`,
        suggested: 'Return early, or take the inner part out.',
      });
    return true;
  });
  return isRead ? smells.sort((a, b) => a.line - b.line) : undefined;
};
