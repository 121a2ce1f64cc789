import type { Node } from 'web-tree-sitter';
import type { Grammar } from './languages.ts';
import { cppSyntax } from './syntax-c.ts';
import { csharpSyntax, goSyntax, javaSyntax, rustSyntax } from './syntax-compiled.ts';
import { javascriptSyntax, typescriptSyntax } from './syntax-javascript.ts';
import { bashSyntax, phpSyntax, pythonSyntax, rubySyntax } from './syntax-scripts.ts';

/** What a node says about a definition; left out is what its fields `name` and `body` say. */
export interface Named {
  /** Unqualified; several of a declaration of several. Empty when it has none of its own. */
  names: string[];
  /** Where each of them stands (0-based), if not in the definition's first row. */
  rows?: number[];
  /** What it belongs to, where that stands in its name (`Foo::bar`, a receiver). */
  parent?: string;
  /** What it is called where it is shown, if not by `names`. */
  title?: string;
  kind?: string;
  body?: Node | null;
}

/** Makes something of a node, given the whole text. */
export type Reader<T> = (node: Node, text: string) => T | undefined;

/** How to read a grammar's trees: types of nodes by what they mean. */
export interface Syntax {
  comments: readonly string[];
  /** What strings say, and else what holds no names. */
  texts: readonly string[];
  imports: Readonly<Record<string, Reader<string[]>>>;
  /** Definitions by their kind, wherever they stand. */
  definitions: Readonly<Record<string, string>>;
  /** Definitions only where they are not inside another one that runs. */
  top?: Readonly<Record<string, Reader<Named>>>;
  /** Of those in `definitions` whose name has to be looked for; undefined when it is none. */
  named?: Readonly<Record<string, Reader<Named>>>;
  /** Begin before the definition they hold. */
  wrappers?: readonly string[];
  /** Stand before a definition and belong to it. */
  leading?: readonly string[];
  /** True where what is inside is local. */
  scopes?: Readonly<Record<string, (node: Node, text: string) => boolean>>;
  /** Takes the documentation out of the beginning of a body. */
  docstring?: (body: string) => string | undefined;
}

/** How to read the trees of each grammar. */
export const syntaxes: Readonly<Record<Grammar, Syntax>> = {
  typescript: typescriptSyntax,
  tsx: typescriptSyntax,
  javascript: javascriptSyntax,
  python: pythonSyntax,
  go: goSyntax,
  rust: rustSyntax,
  java: javaSyntax,
  'c-sharp': csharpSyntax,
  cpp: cppSyntax,
  ruby: rubySyntax,
  php: phpSyntax,
  bash: bashSyntax,
};
