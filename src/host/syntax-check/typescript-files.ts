// Import this file dynamically: TypeScript loads with it.
import ts from 'typescript';
import type { SyntaxProblem } from '../../core/syntax.ts';

const kinds: Readonly<Record<string, ts.ScriptKind>> = {
  '.tsx': ts.ScriptKind.TSX,
  '.jsx': ts.ScriptKind.JSX,
  '.js': ts.ScriptKind.JSX,
  '.mjs': ts.ScriptKind.JS,
  '.cjs': ts.ScriptKind.JS,
};

/** The tree of a text, whatever it is like. */
export const sourceFile = (path: string, text: string): ts.SourceFile =>
  ts.createSourceFile(
    path,
    text,
    ts.ScriptTarget.Latest,
    true,
    kinds[/\.\w+$/.exec(path)?.[0] ?? ''] ?? ts.ScriptKind.TS,
  );

/** What a parser gives that calls itself for each level of nesting; `otherwise` where there are too many. */
const unlessTooDeep = <T, U>(read: () => T, otherwise: U): T | U => {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) return otherwise;
    throw error;
  }
};

/** What TypeScript says about the syntax of one file; types are not looked at. */
export const typescriptProblems = (path: string, text: string): SyntaxProblem[] =>
  unlessTooDeep(() => diagnosed(path, text), [{ line: 1, message: 'It is nested too deeply to be parsed.' }]);

const diagnosed = (path: string, text: string): SyntaxProblem[] => {
  const name = `/${path.split('/').at(-1) ?? path}`;
  const tree = sourceFile(name, text);
  const host: ts.CompilerHost = {
    getSourceFile: (wanted) => (wanted === name ? tree : undefined),
    getDefaultLibFileName: () => '/lib.d.ts',
    writeFile: () => undefined,
    getCurrentDirectory: () => '/',
    getCanonicalFileName: (wanted) => wanted,
    useCaseSensitiveFileNames: () => true,
    getNewLine: () => '\n',
    fileExists: (wanted) => wanted === name,
    readFile: () => undefined,
  };
  const options: ts.CompilerOptions = {
    noResolve: true,
    noLib: true,
    allowJs: true,
    types: [],
    jsx: ts.JsxEmit.Preserve,
  };
  const program = ts.createProgram([name], options, host);
  return program.getSyntacticDiagnostics(tree).map(({ start, messageText }) => ({
    line: tree.getLineAndCharacterOfPosition(start).line + 1,
    message: ts.flattenDiagnosticMessageText(messageText, ' '),
  }));
};

/** What is wrong with a JSON file that may hold comments. */
export const jsoncProblems = (path: string, text: string): SyntaxProblem[] => {
  const { error } = ts.parseConfigFileTextToJson(path, text);
  if (!error) return [];
  const line = text.slice(0, error.start ?? 0).split('\n').length;
  return [{ line, message: ts.flattenDiagnosticMessageText(error.messageText, ' ') }];
};

/** The tokens of a text, one a line, without comments; undefined when it is nested too deeply. */
export const typescriptTokens = (path: string, text: string): string | undefined =>
  unlessTooDeep(() => tokensOf(path, text), undefined);

const tokensOf = (path: string, text: string): string => {
  const tree = sourceFile(path, text);
  const tokens: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isJSDoc(node)) return;
    const children = node.getChildren(tree);
    if (children.length > 0) for (const child of children) visit(child);
    else if (node.kind !== ts.SyntaxKind.EndOfFileToken) tokens.push(node.getText(tree));
  };
  visit(tree);
  return tokens.filter((token) => token !== '').join('\n');
};
