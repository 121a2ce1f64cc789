import { expandBraces, stringAfter, textOf } from './syntax-text.ts';
import type { Named, Reader, Syntax } from './syntax.ts';

const assigned =
  (pattern: RegExp): Reader<Named> =>
  (node, text) => {
    const at = /_statement$|^declaration_command$/.test(node.type) ? node.namedChildren[0] : node;
    if (!at || !/^(?:assignment|variable_assignment)$/.test(at.type)) return undefined;
    const name = textOf(at.childForFieldName('left') ?? at.childForFieldName('name'), text);
    return pattern.test(name) ? { names: [name], kind: 'constant' } : undefined;
  };

const pythonImport: Reader<string[]> = (node, text) =>
  textOf(node, text)
    .replace(/^import\s+/, '')
    .split(',')
    .map((part) => part.replace(/\s+as\s+\w+\s*$/, '').trim())
    .filter((name) => /^[\w.]+$/.test(name));

/** `from . import a, b` names the modules beside: `.a`, `.b`. */
const pythonFrom: Reader<string[]> = (node, text) => {
  const [, module = '', names = ''] = /^from\s+([\w.]+)\s+import\s+([^#]*)/.exec(textOf(node, text)) ?? [];
  if (module === '') return undefined;
  if (!/^\.+$/.test(module)) return [module];
  return [...names.matchAll(/(\w+)(?:\s+as\s+\w+)?/g)].map(([, name = '']) => module + name);
};

/** Of Python. */
export const pythonSyntax: Syntax = {
  comments: ['comment'],
  texts: ['string_content'],
  wrappers: ['decorated_definition'],
  imports: { import_statement: pythonImport, import_from_statement: pythonFrom, future_import_statement: () => [] },
  definitions: { function_definition: 'function', class_definition: 'class' },
  top: {
    expression_statement: assigned(/^\w+$/),
    type_alias_statement: (node, text) => {
      const name = /^type\s+(\w+)/.exec(textOf(node, text))?.[1];
      return name === undefined ? undefined : { names: [name], kind: 'type' };
    },
  },
  docstring: (body) => {
    const quote = /^[rRuUbB]{0,2}("""|'''|"|')/.exec(body);
    if (!quote?.[1]) return undefined;
    const start = quote[0].length;
    const end = body.indexOf(quote[1], start);
    return end < 0 ? undefined : body.slice(start, end);
  },
};

const rubyRequire: Reader<string[]> = (node, text) => {
  const relative = stringAfter(/^require_relative\s*\(?/)(node, text);
  if (relative) return relative.map((path) => (path.startsWith('.') ? path : `./${path}`));
  return stringAfter(/^(?:require|load)\s*\(?|^autoload\s*\(?\s*:\w+\s*,/)(node, text);
};

/** Of Ruby. */
export const rubySyntax: Syntax = {
  comments: ['comment'],
  texts: ['string_content', 'heredoc_content', 'escape_sequence'],
  imports: { call: rubyRequire },
  definitions: { module: 'module', class: 'class', method: 'method', singleton_method: 'method' },
  named: {
    class: (node, text) => rubyName(textOf(node.childForFieldName('name'), text)),
    module: (node, text) => rubyName(textOf(node.childForFieldName('name'), text)),
  },
  top: { assignment: assigned(/^[A-Z]\w*$/) },
};

const rubyName = (qualified: string): Named | undefined => {
  const path = qualified.split('::');
  const name = path.pop() ?? '';
  if (name === '') return undefined;
  return { names: [name], ...(path.length > 0 ? { parent: path.filter(Boolean).join('.') } : {}) };
};

const phpUse: Reader<string[]> = (node, text) =>
  textOf(node, text)
    .replace(/^use\s+(?:(?:function|const)\s+)?/, '')
    .replace(/;\s*$/, '')
    .split(/,(?![^{]*\})/)
    .flatMap((part) => expandBraces(part));

const phpInclude = stringAfter(/^(?:require|include)(?:_once)?\s*\(?\s*(?:__DIR__\s*\.|dirname\(__FILE__\)\s*\.)?/);

/** Of PHP. */
export const phpSyntax: Syntax = {
  comments: ['comment'],
  texts: ['string_content', 'text', 'heredoc_body', 'nowdoc_body', 'escape_sequence'],
  leading: [],
  imports: {
    namespace_use_declaration: phpUse,
    require_expression: phpInclude,
    require_once_expression: phpInclude,
    include_expression: phpInclude,
    include_once_expression: phpInclude,
  },
  definitions: {
    namespace_definition: 'module',
    class_declaration: 'class',
    interface_declaration: 'interface',
    trait_declaration: 'trait',
    enum_declaration: 'enum',
    function_definition: 'function',
    method_declaration: 'method',
  },
  named: {
    namespace_definition: (node, text) => {
      const body = node.childForFieldName('body');
      const title = textOf(node.childForFieldName('name'), text).replaceAll('\\', '.');
      return body ? { names: [], title, body } : undefined;
    },
  },
  top: {
    const_declaration: (node, text) => {
      const names = [...textOf(node, text).matchAll(/(\w+)\s*=/g)].map(([, name = '']) => name);
      return names.length > 0 ? { names, kind: 'constant' } : undefined;
    },
  },
};

/** Of Bash and its relatives. */
export const bashSyntax: Syntax = {
  comments: ['comment'],
  texts: ['raw_string', 'string_content', 'heredoc_body'],
  imports: {
    command: (node, text) => {
      const found = /^(?:source|\.)[ \t]+(?:"([^"\n]+)"|'([^'\n]+)'|([^\s;&|]+))/.exec(
        text.slice(node.startIndex, node.startIndex + 300),
      );
      const path = found?.[1] ?? found?.[2] ?? found?.[3];
      return path === undefined ? undefined : [path];
    },
  },
  definitions: { function_definition: 'function' },
  top: { variable_assignment: assigned(/^\w+$/), declaration_command: assigned(/^\w+$/) },
};
