import type { Syntax, SyntaxProblem } from '../../core/syntax.ts';
import { messageOf } from '../../base/errors.ts';
import { directivesIn } from './directives.ts';

const typescriptNames = /\.(?:[cm]?[jt]s|[jt]sx)$/;
const withJsonComments =
  /(?:^|\/)(?:[tj]sconfig[\w.-]*\.json|\.(?:vscode|devcontainer)\/.*\.json|[^/]*\.jsonc|\.eslintrc(?:\.json)?|devcontainer\.json)$/;

const jsonProblems = (text: string): SyntaxProblem[] => {
  try {
    JSON.parse(text.replace(/^\uFEFF/, ''));
    return [];
  } catch (error) {
    const message = messageOf(error);
    const at = Number(/position (\d+)/.exec(message)?.[1] ?? 0);
    return [{ line: text.slice(0, at).split('\n').length, message }];
  }
};

const yamlProblems = async (text: string): Promise<SyntaxProblem[]> => {
  const { parseAllDocuments } = await import('yaml');
  const documents = parseAllDocuments(text);
  return [...documents].flatMap((document) =>
    document.errors.map(({ message, linePos }) => ({
      line: linePos?.[0].line ?? 1,
      message: message.split('\n', 1)[0] ?? '',
    })),
  );
};

const codeOf = async (path: string, text: string): Promise<string | undefined> => {
  if (typescriptNames.test(path)) {
    const { typescriptTokens } = await import('./typescript-files.ts');
    return typescriptTokens(path, text);
  }
  if (/\.pyi?$/.test(path)) {
    const { pythonCode } = await import('./python-code.ts');
    return pythonCode(path, text);
  }
  const { withoutComments } = await import('./code-text.ts');
  return withoutComments(path, text);
};

/** The parsers of this package; each loads when it is first asked. */
export const syntax: Syntax = {
  problems: async (path, text) => {
    if (typescriptNames.test(path)) {
      const { typescriptProblems } = await import('./typescript-files.ts');
      return { parser: 'TypeScript’s parser', problems: typescriptProblems(path, text) };
    }
    if (withJsonComments.test(path)) {
      const { jsoncProblems } = await import('./typescript-files.ts');
      return { parser: 'a JSON parser', problems: jsoncProblems(path, text) };
    }
    if (path.endsWith('.json')) return { parser: 'a JSON parser', problems: jsonProblems(text) };
    if (/\.ya?ml$/.test(path)) return { parser: 'a YAML parser', problems: await yamlProblems(text) };
    return undefined;
  },
  code: async (path, text) => {
    const code = await codeOf(path, text);
    return code === undefined ? undefined : [...directivesIn(text), code].join('\n');
  },
  mutants: async (path, text, lines) => {
    const { mutantsOf } = await import('./mutants.ts');
    return mutantsOf(path, text, lines);
  },
  outline: async (path, text) => {
    const { parseFile } = await import('../code-index/parse-file.ts');
    const { chunks } = await parseFile(path, text);
    return chunks.flatMap(({ startLine, endLine, symbol, signature }) =>
      symbol === undefined ? [] : [`${startLine}-${endLine} ${signature ?? symbol}`],
    );
  },
};
