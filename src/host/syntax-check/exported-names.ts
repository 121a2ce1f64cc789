// Import this file dynamically: the parser's runtime loads with it.
import { walkTree } from './tree-walk.ts';

const definitions = /^(?:function_definition|class_definition)$/;

/** What a Python module goes through when it is loaded. */
const branches = /^(?:decorated_definition|block|(?:if|try|with)_statement|(?:else|elif|except|finally)_clause)$/;

/** Names in a binding, also of patterns. */
const bound = (text: string): string[] => text.match(/[A-Za-z_$][\w$]*/g) ?? [];

/**
 * Names others can use: what a JavaScript or TypeScript text exports (`default` too), what a Python module defines at its
 * top without a leading underscore.
 */
export const exportedNames = async (path: string, text: string): Promise<string[]> => {
  const names = new Set<string>();
  const isPython = /\.pyi?$/.test(path);
  await walkTree(path, text, (node) => {
    if (node.type === 'module' || node.type === 'program') return true;
    if (isPython) {
      if (branches.test(node.type)) return true;
      const name = definitions.test(node.type) ? node.childForFieldName('name')?.text : undefined;
      const assigned =
        node.type === 'expression_statement' && node.namedChild(0)?.type === 'assignment'
          ? node.namedChild(0)?.childForFieldName('left')
          : undefined;
      if (assigned?.text === '__all__') for (const [, one = ''] of node.text.matchAll(/['"](\w+)['"]/g)) names.add(one);
      for (const one of [name, assigned?.type === 'identifier' ? assigned.text : undefined])
        if (one !== undefined && !one.startsWith('_')) names.add(one);
      return false;
    }
    const common = /^(?:module\.)?exports\.([\w$]+)\s*=/.exec(node.text);
    if (node.type === 'expression_statement' && common?.[1] !== undefined) names.add(common[1]);
    const all = node.type === 'expression_statement' ? /^module\.exports\s*=\s*\{([^}]*)\}/.exec(node.text) : undefined;
    if (node.type === 'expression_statement' && /^module\.exports\s*=(?!=)\s*[^{\s]/.test(node.text))
      names.add('module.exports');
    for (const part of all?.[1]?.split(',') ?? [])
      for (const name of bound(part.split(':')[0] ?? '').slice(0, 1)) names.add(name);
    if (node.type !== 'export_statement') return false;
    if (/^export\s+default\b/.test(node.text)) names.add('default');
    if (/^export\s*=/.test(node.text)) names.add('export =');
    const star = /^export\s*(?:type\s*)?\*\s*(?:as\s+([\w$]+)\s*)?from\s*(\S+?);?\s*$/.exec(node.text);
    if (star) names.add(star[1] ?? `* from ${star[2] ?? ''}`);
    const declaration = node.childForFieldName('declaration');
    if (!/^export\s+default\b/.test(node.text) && declaration) {
      const name = declaration.childForFieldName('name');
      if (name) names.add(name.text);
      for (const one of declaration.namedChildren)
        if (one.type === 'variable_declarator')
          for (const each of bound(one.childForFieldName('name')?.text ?? '')) names.add(each);
    }
    for (const clause of node.namedChildren)
      if (clause.type === 'export_clause')
        for (const one of clause.namedChildren)
          names.add((one.childForFieldName('alias') ?? one.childForFieldName('name') ?? one).text);
    return false;
  });
  return [...names];
};
