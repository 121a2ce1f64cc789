import type { Node } from 'web-tree-sitter';
import { stringAfter, textOf } from './syntax-text.ts';
import type { Named, Reader, Syntax } from './syntax.ts';

const functions = new Set(['arrow_function', 'function_expression', 'generator_function']);

const isFunction = (node: Node | null): boolean => node !== null && functions.has(node.type);

const kindOfValue = (value: Node | null): string => {
  if (isFunction(value)) return 'function';
  return value?.type === 'class' ? 'class' : 'constant';
};

const bodyOf = (value: Node | null): Node | null => value?.childForFieldName('body') ?? value;

const required = /^(?:await\s+import|require|import)\s*\(/;

/** `const a = …`; undefined when it imports, or takes something apart. */
const declaration: Reader<Named> = (node, text) => {
  const declarators = node.namedChildren.filter((child) => child.type === 'variable_declarator');
  const names: string[] = [];
  let first: Node | null = null;
  for (const declarator of declarators) {
    const name = declarator.childForFieldName('name');
    const value = declarator.childForFieldName('value');
    if (name?.type !== 'identifier' || (value && required.test(text.slice(value.startIndex, value.startIndex + 40))))
      continue;
    if (names.length === 0) first = value;
    names.push(name.text);
  }
  return names.length === 0 ? undefined : { names, kind: kindOfValue(first), body: bodyOf(first) };
};

const path = /^[\w$.]{1,200}$/;
const exportsPath = /^(?:module\.)?exports$/;

/** `exports.a = function …`, `A.prototype.b = A.prototype.c = …`, `module.exports = { … }`. */
const assignment: Reader<Named> = (node, text) => {
  const lefts: string[] = [];
  let right: Node | null = node.namedChildren[0] ?? null;
  while (right?.type === 'assignment_expression' && lefts.length < 8) {
    lefts.push(textOf(right.childForFieldName('left'), text));
    right = right.childForFieldName('right');
  }
  const kind = kindOfValue(right);
  const [first] = lefts;
  if (first === undefined || !lefts.every((left) => path.test(left))) return undefined;
  if (kind === 'constant' && right?.type !== 'object') return undefined;
  const body = bodyOf(right);
  const named = lefts.filter((left) => !exportsPath.test(left));
  if (named.length === 0) return { names: namesOf(right), title: first, kind, body };
  const paths = named.map((left) =>
    left.replace(/^(?:module\.)?exports\.|^(?:window|globalThis|self|global|this)\./, '').split('.'),
  );
  const parent = (paths[0] ?? [])
    .slice(0, -1)
    .filter((part) => part !== 'prototype')
    .join('.');
  return { names: paths.map((parts) => parts.at(-1) ?? ''), kind, body, ...(parent === '' ? {} : { parent }) };
};

const namesOf = (node: Node | null): string[] => {
  const name = node?.childForFieldName('name')?.text;
  return name === undefined ? [] : [name];
};

const worthNaming = /^(?:object|array|call_expression|new_expression|satisfies_expression|as_expression)$/;

/** `export default …` of something without a name. */
const exported: Reader<Named> = (node) => {
  const value = node.childForFieldName('value');
  const kind = kindOfValue(value);
  if (!value || (kind === 'constant' && !worthNaming.test(value.type))) return undefined;
  return { names: namesOf(value), title: 'default', kind, body: bodyOf(value) };
};

/** A member whose value is a function. */
const member =
  (field: string): Reader<Named> =>
  (node, text) => {
    const value = node.childForFieldName('value');
    const name = textOf(node.childForFieldName(field), text).replace(/^['"]|['"]$/g, '');
    return isFunction(value) && name !== '' ? { names: [name], kind: 'method', body: bodyOf(value) } : undefined;
  };

/** True of a function that has no name in the file, unless it is called at once and only there to keep names apart. */
const isNameless = (node: Node, text: string): boolean => {
  const before = text.slice(Math.max(0, node.startIndex - 100), node.startIndex).trimEnd();
  return !/(?:^|[^\w$)\]>\s])\s*\($|(?:^|[\n;}])\s*(?:[!+~-]|void)$/.test(before);
};

const imported = (node: Node, text: string): string[] | undefined => {
  const target = /(?:from|import|require\s*\()\s*(["'])([^"'\n]+)\1[^"']*$/.exec(textOf(node, text))?.[2];
  return target === undefined ? undefined : [target];
};

const source = (node: Node, text: string): string[] | undefined => {
  const from = node.childForFieldName('source');
  return from ? [textOf(from, text).slice(1, -1)] : undefined;
};

const common = {
  comments: ['comment', 'html_comment', 'hash_bang_line'],
  texts: ['string_fragment', 'escape_sequence', 'regex_pattern', 'jsx_text'],
  imports: {
    import_statement: imported,
    export_statement: source,
    call_expression: stringAfter(/^(?:require|import)\s*(?:\.\w+\s*)?\(/),
  },
  top: {
    lexical_declaration: declaration,
    variable_declaration: declaration,
    expression_statement: assignment,
    export_statement: exported,
  },
  wrappers: ['export_statement', 'ambient_declaration'],
  scopes: { arrow_function: isNameless, function_expression: isNameless },
} satisfies Partial<Syntax>;

const definitions = {
  function_declaration: 'function',
  generator_function_declaration: 'function',
  class_declaration: 'class',
  method_definition: 'method',
  pair: 'member',
};

/** Of JavaScript with JSX. */
export const javascriptSyntax: Syntax = {
  ...common,
  definitions: { ...definitions, field_definition: 'member' },
  named: { pair: member('key'), field_definition: member('property') },
};

/** Of TypeScript, with or without JSX. */
export const typescriptSyntax: Syntax = {
  ...common,
  definitions: {
    ...definitions,
    public_field_definition: 'member',
    function_signature: 'function',
    abstract_class_declaration: 'class',
    interface_declaration: 'interface',
    type_alias_declaration: 'type',
    enum_declaration: 'enum',
    abstract_method_signature: 'method',
    internal_module: 'module',
    module: 'module',
  },
  named: { pair: member('key'), public_field_definition: member('name') },
};
