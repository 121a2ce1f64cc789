// Import this file dynamically: the parser and its WebAssembly load only when a command is to be taken apart.
import v8 from 'node:v8';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Language, Parser, type TreeCursor } from 'web-tree-sitter';
import { CopilotError, exitCodes } from '../base/errors.ts';
import type { ParseShell, SyntaxNode } from '../core/shell.ts';
import { packageDir } from './templates.ts';

/** A copy out of the parser's memory, so that the tree itself can be freed at once. */
const copyOf = (cursor: TreeCursor, source: string): SyntaxNode => {
  const { nodeType: type, nodeIsNamed: isNamed, nodeIsMissing: isMissing, startIndex, endIndex } = cursor;
  const children: SyntaxNode[] = [];
  const fields: (string | null)[] = [];
  if (cursor.gotoFirstChild()) {
    do {
      fields.push(cursor.currentFieldName);
      children.push(copyOf(cursor, source));
    } while (cursor.gotoNextSibling());
    cursor.gotoParent();
  }
  return {
    type,
    text: source.slice(startIndex, endIndex),
    isNamed,
    isMissing,
    hasError: type === 'ERROR' || isMissing || children.some((child) => child.hasError),
    startIndex,
    endIndex,
    children,
    childForFieldName: (name) => children[fields.indexOf(name)] ?? null,
    fieldNameForChild: (index) => fields[index] ?? null,
  };
};

const load = async (): Promise<ParseShell> => {
  const file = (packageName: string, name: string): string => {
    const built = join(packageDir(), 'dist', 'grammars', name);
    return existsSync(built) ? built : join(packageDir(), 'node_modules', packageName, name);
  };
  try {
    const runtime = file('web-tree-sitter', 'web-tree-sitter.wasm');
    const grammar = readFile(file('@vscode/tree-sitter-wasm/wasm', 'tree-sitter-bash.wasm'));
    // Optimising WebAssembly takes longer than a run has commands. Not set before: once a flag has changed, V8 no longer
    // takes Node's own modules from its cache.
    v8.setFlagsFromString('--liftoff-only');
    await Parser.init({ locateFile: () => runtime });
    const parser = new Parser();
    parser.setLanguage(await Language.load(await grammar));
    return (source) => {
      const tree = parser.parse(source);
      if (!tree) return undefined;
      const cursor = tree.walk();
      const root = copyOf(cursor, source);
      cursor.delete();
      tree.delete();
      return root;
    };
  } catch (cause) {
    throw new CopilotError(`The shell parser cannot be loaded: ${(cause as Error).message}`, {
      code: 'E_SHELL_PARSER',
      exitCode: exitCodes.sandbox,
      hint: 'install llm-copilot again: dist/grammars is incomplete',
    });
  }
};

let loaded: Promise<ParseShell> | undefined;

/**
 * Loads web-tree-sitter and the bash grammar, once. To be imported dynamically: its static import is what loads.
 * @throws CopilotError `E_SHELL_PARSER` when a file of the package is missing.
 */
export const loadShellParser = (): Promise<ParseShell> => (loaded ??= load());
