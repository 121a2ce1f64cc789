// Import this file dynamically: the parser's runtime loads with it.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Language, Parser, type Tree } from 'web-tree-sitter';
import { CopilotError, exitCodes, messageOf } from '../../base/errors.ts';
import { packageDir } from '../templates.ts';
import type { Grammar } from './languages.ts';

/** Milliseconds after which a text is given up: it was made to hurt, or by no human. */
const patience = 2000;

const file = (packageName: string, name: string): string => {
  const built = join(packageDir(), 'dist', 'grammars', name);
  return existsSync(built) ? built : join(packageDir(), 'node_modules', packageName, name);
};

let runtime: Promise<Parser> | undefined;
const languages = new Map<Grammar, Promise<Language>>();

const start = async (): Promise<Parser> => {
  await Parser.init({ locateFile: () => file('web-tree-sitter', 'web-tree-sitter.wasm') });
  return new Parser();
};

const load = (grammar: Grammar): Promise<Language> => {
  let language = languages.get(grammar);
  if (!language) {
    language = Language.load(readFileSync(file('@vscode/tree-sitter-wasm/wasm', `tree-sitter-${grammar}.wasm`)));
    languages.set(grammar, language);
  }
  return language;
};

const broken = (message: string, cause?: unknown): CopilotError =>
  new CopilotError(`The code parser cannot be loaded: ${message}`, {
    code: 'E_CODE_PARSER',
    exitCode: exitCodes.bug,
    hint: 'install llm-copilot again: dist/grammars is incomplete',
    cause,
  });

/** The parser failed at a text; its memory cannot be relied on any more. */
export class ParserTrap extends Error {
  override name = 'ParserTrap';
}

/**
 * The tree of a text, to be deleted by the caller; undefined when it would take too long. Each grammar is loaded when
 * it is first needed.
 * @throws CopilotError `E_CODE_PARSER` when a file of the package is missing; ParserTrap
 */
export const parseTree = async (grammar: Grammar, text: string): Promise<Tree | undefined> => {
  const [parser, language] = await Promise.all([(runtime ??= start()), runtime.then(() => load(grammar))]).catch(
    (cause: unknown) => {
      throw broken(messageOf(cause), cause);
    },
  );
  if (parser.language !== language) parser.setLanguage(language);
  const end = performance.now() + patience;
  let tree: Tree | null;
  try {
    tree = parser.parse(text, null, { progressCallback: () => performance.now() > end });
  } catch (cause) {
    // A scanner also fails by calling what is not there, such as Ruby's for a heredoc whose name is too long.
    throw new ParserTrap(messageOf(cause), { cause });
  }
  if (tree) return tree;
  parser.reset();
  return undefined;
};
