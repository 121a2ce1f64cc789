import type { Node } from 'web-tree-sitter';
import { textOf } from './syntax-text.ts';
import type { Named, Reader, Syntax } from './syntax.ts';

/** The name in a declarator, and whether it is that of a function: `**f(int)`, `A::b()`, `(*callback)(void)`. */
const declared = (node: Node, text: string): { name: string; isFunction: boolean } | undefined => {
  let isFunction = false;
  let at: Node | null = node.childForFieldName('declarator');
  for (let depth = 0; at && depth < 12; depth += 1) {
    if (at.type === 'function_declarator') isFunction = true;
    const inner: Node | null =
      at.childForFieldName('declarator') ??
      (/^(?:reference|parenthesized|attributed)_declarator$/.test(at.type) ? (at.namedChildren.at(-1) ?? null) : null);
    if (!inner) return { name: textOf(at, text), isFunction };
    at = inner;
  }
  return undefined;
};

const withParent = (qualified: string): Named => {
  const path = qualified
    .replace(/\s+/g, ' ')
    .replace(/<[^<>]*(?:<[^<>]*>[^<>]*)*>/g, '')
    .split('::');
  const name = path.pop() ?? '';
  const parent = path.filter(Boolean).join('.');
  return { names: [name.trim()], ...(parent === '' ? {} : { parent }) };
};

const definition: Reader<Named> = (node, text) => {
  const found = declared(node, text);
  if (!found || found.name === '' || found.name.length > 200) return undefined;
  const body = node.childForFieldName('body');
  if (found.isFunction || !body) return withParent(found.name);
  // Macros before a name lead the grammar astray: `NAMESPACE_BEGIN namespace a {`, `class EXPORT A {`.
  const module = /^namespace\s+(\w+)$/.exec(found.name)?.[1];
  if (module !== undefined) return { names: [module], kind: 'module', body };
  const isClass = /^(?:class|struct)_specifier$/.test(node.childForFieldName('type')?.type ?? '');
  return /^\w+$/.test(found.name) ? { names: [found.name], kind: isClass ? 'class' : 'function', body } : undefined;
};

const prototype: Reader<Named> = (node, text) => {
  const found = declared(node, text);
  return found?.isFunction && found.name.length < 200 ? withParent(found.name) : undefined;
};

const specifier: Reader<Named> = (node, text) => {
  const body = node.childForFieldName('body');
  const name = textOf(node.childForFieldName('name'), text);
  return body && name !== '' ? { ...withParent(name), body } : undefined;
};

const namespace: Reader<Named> = (node, text) => {
  const name = textOf(node.childForFieldName('name'), text);
  return { names: name === '' ? [] : name.split('::'), title: name.replaceAll('::', '.') };
};

const macro: Reader<Named> = (node, text) => {
  const value = node.childForFieldName('value');
  const name = textOf(node.childForFieldName('name'), text);
  // Without a value it is a switch, mostly the guard of a header.
  return value && name !== '' ? { names: [name], body: value } : undefined;
};

const include: Reader<string[]> = (node, text) => {
  const path = textOf(node.childForFieldName('path'), text).replace(/^["<]|[">]$/g, '');
  return path === '' ? undefined : [path];
};

/** Of C and C++. */
export const cppSyntax: Syntax = {
  comments: ['comment'],
  texts: ['string_content', 'raw_string_content', 'char_literal', 'escape_sequence', 'system_lib_string'],
  imports: { preproc_include: include },
  wrappers: ['template_declaration'],
  definitions: {
    function_definition: 'function',
    declaration: 'function',
    field_declaration: 'function',
    class_specifier: 'class',
    struct_specifier: 'struct',
    union_specifier: 'struct',
    enum_specifier: 'enum',
    namespace_definition: 'module',
    type_definition: 'type',
    alias_declaration: 'type',
    concept_definition: 'type',
    preproc_def: 'constant',
    preproc_function_def: 'macro',
  },
  named: {
    function_definition: definition,
    declaration: prototype,
    field_declaration: prototype,
    class_specifier: specifier,
    struct_specifier: specifier,
    union_specifier: specifier,
    enum_specifier: specifier,
    namespace_definition: namespace,
    type_definition: definition,
    preproc_def: macro,
    preproc_function_def: macro,
  },
};
