import type { Node } from 'web-tree-sitter';
import { expandBraces, textOf } from './syntax-text.ts';
import type { Named, Reader, Syntax } from './syntax.ts';

const after =
  (before: RegExp): Reader<string[]> =>
  (node, text) => {
    const target = textOf(node, text).replace(before, '').replace(/;\s*$/, '').trim();
    return target === '' ? undefined : [target];
  };

/** Of Java. */
export const javaSyntax: Syntax = {
  comments: ['line_comment', 'block_comment'],
  texts: ['string_fragment', 'multiline_string_fragment', 'character_literal', 'escape_sequence'],
  imports: { import_declaration: after(/^import\s+(?:static\s+)?/) },
  definitions: {
    class_declaration: 'class',
    interface_declaration: 'interface',
    annotation_type_declaration: 'interface',
    record_declaration: 'class',
    enum_declaration: 'enum',
    method_declaration: 'method',
    constructor_declaration: 'method',
    compact_constructor_declaration: 'method',
  },
};

/** Of C#. */
export const csharpSyntax: Syntax = {
  comments: ['comment'],
  texts: [
    ...['string_literal_content', 'string_content', 'verbatim_string_literal', 'raw_string_literal'],
    ...['character_literal', 'escape_sequence'],
  ],
  imports: { using_directive: after(/^(?:global\s+)?using\s+(?:static\s+)?(?:\w+\s*=\s*)?/) },
  definitions: {
    namespace_declaration: 'module',
    class_declaration: 'class',
    interface_declaration: 'interface',
    struct_declaration: 'struct',
    record_declaration: 'class',
    enum_declaration: 'enum',
    delegate_declaration: 'type',
    method_declaration: 'method',
    constructor_declaration: 'method',
    property_declaration: 'property',
    local_function_statement: 'function',
  },
};

const method: Reader<Named> = (node, text) => {
  const receiver = /^\(\s*(?:\w+\s+)?\*?\s*(?:\w+\.)?(\w+)/.exec(textOf(node.childForFieldName('receiver'), text))?.[1];
  const name = textOf(node.childForFieldName('name'), text);
  return { names: [name], kind: 'method', ...(receiver === undefined ? {} : { parent: receiver }) };
};

const goTypes: Record<string, string> = { struct_type: 'struct', interface_type: 'interface' };

/** `type`, `const` and `var`, alone or as a list in parentheses. */
const goDeclaration: Reader<Named> = (node) => {
  const specs = node.namedChildren.flatMap((child) => (child.type === 'var_spec_list' ? child.namedChildren : [child]));
  const named = specs.filter((spec) => /_spec$|^type_alias$/.test(spec.type));
  const found = named
    .flatMap((spec) => spec.childrenForFieldName('name'))
    .filter((name) => name.isNamed && name.text !== '_');
  const [first] = named;
  if (!first || found.length === 0) return undefined;
  const type = first.childForFieldName('type');
  const kind = node.type === 'type_declaration' ? (goTypes[type?.type ?? ''] ?? 'type') : 'constant';
  const names = found.map((name) => name.text);
  return { names, rows: found.map((name) => name.startPosition.row), kind, body: bodyIn(type) };
};

const bodyIn = (type: Node | null): Node | null =>
  type?.type === 'struct_type' ? (type.namedChildren[0] ?? null) : null;

/** Of Go. */
export const goSyntax: Syntax = {
  comments: ['comment'],
  texts: ['interpreted_string_literal', 'raw_string_literal', 'rune_literal'],
  imports: {
    import_declaration: (node, text) =>
      [...textOf(node, text).matchAll(/["`]([^"`\n]+)["`]/g)].map(([, path = '']) => path),
  },
  definitions: { function_declaration: 'function', method_declaration: 'method' },
  named: { method_declaration: method },
  top: { type_declaration: goDeclaration, const_declaration: goDeclaration, var_declaration: goDeclaration },
};

const implementation: Reader<Named> = (node, text) => {
  const type = textOf(node.childForFieldName('type'), text);
  const name = type
    .replace(/<.*$/s, '')
    .replace(/^.*::/, '')
    .replace(/^[&*]+(?:mut\s+)?/, '')
    .trim();
  return { names: [], title: name };
};

const rustModule: Reader<Named> = (node, text) => {
  const body = node.childForFieldName('body');
  return body ? { names: [textOf(node.childForFieldName('name'), text)], body } : undefined;
};

const constant: Reader<Named> = (node, text) => ({
  names: [textOf(node.childForFieldName('name'), text)],
  kind: 'constant',
});

/** Of Rust. */
export const rustSyntax: Syntax = {
  comments: ['line_comment', 'block_comment'],
  texts: ['string_content', 'char_literal', 'escape_sequence'],
  leading: ['attribute_item'],
  imports: {
    use_declaration: (node, text) => expandBraces(textOf(node.childForFieldName('argument'), text)),
    extern_crate_declaration: after(/^.*?\bcrate\s+/s),
    mod_item: (node, text) =>
      node.childForFieldName('body') ? undefined : [`self::${textOf(node.childForFieldName('name'), text)}`],
  },
  definitions: {
    function_item: 'function',
    function_signature_item: 'function',
    struct_item: 'struct',
    union_item: 'struct',
    enum_item: 'enum',
    trait_item: 'trait',
    impl_item: 'impl',
    mod_item: 'module',
    type_item: 'type',
    macro_definition: 'macro',
  },
  named: { impl_item: implementation, mod_item: rustModule },
  top: { const_item: constant, static_item: constant },
};
