import { isToolError, messageOf, ToolError, walk, type ToolContext } from 'llm-copilot-agent';
import { maxLineLength, type FileMatches, type FoundLine, type Search, type SearchResult } from './ripgrep.ts';

const maxFileBytes = 2 * 1024 * 1024;
const maxFiles = 20_000;
/** A careless expression must not take for ever on one line. */
const maxSearchedLength = 2_000;

const expressionOf = ({ pattern, ignoreCase }: Search): RegExp => {
  try {
    return new RegExp(pattern, ignoreCase ? 'i' : '');
  } catch (error) {
    throw new ToolError(messageOf(error));
  }
};

const searchText = (content: string, expression: RegExp, context: number): FoundLine[] => {
  const lines = content.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  const matching = new Set<number>();
  for (const [index, line] of lines.entries()) {
    if (expression.test(line.slice(0, maxSearchedLength))) matching.add(index);
  }
  const shown = new Set<number>();
  for (const index of matching) {
    for (let at = Math.max(0, index - context); at <= Math.min(lines.length - 1, index + context); at += 1)
      shown.add(at);
  }
  return [...shown]
    .sort((a, b) => a - b)
    .map((index) => {
      const line = lines[index] ?? '';
      const text = line.length > maxLineLength ? `${line.slice(0, maxLineLength)} [… cut]` : line;
      return { number: index + 1, text, isMatch: matching.has(index) };
    });
};

/**
 * Searches line by line without any program, for machines that have no ripgrep: slower, and with JavaScript's
 * expressions. @throws ToolError when the pattern is not valid.
 */
export const searchByReading = async (
  search: Search,
  isWanted: (path: string) => boolean,
  context: ToolContext,
): Promise<SearchResult> => {
  const { sandbox, signal } = context;
  const expression = expressionOf(search);
  const { default: ignore } = await import('ignore');
  const { default: picomatch } = await import('picomatch');
  const { glob } = search;
  const isNamed =
    glob === undefined || glob.includes('/') ? () => true : picomatch(glob, { dot: true, basename: true });
  const isFile = (await sandbox.stat(search.target))?.kind === 'file';
  const paths = isFile ? [search.target] : walk(sandbox, search.target, (content) => ignore().add(content), signal);
  const files: FileMatches[] = [];
  let seen = 0;
  for await (const path of paths) {
    if (!isNamed(path) || !isWanted(path)) continue;
    seen += 1;
    if (seen > maxFiles) return { files, partial: `only ${maxFiles} files were searched` };
    try {
      const bytes = Buffer.from(await sandbox.readFile(path, { offsetBytes: 0, limitBytes: maxFileBytes }));
      if (bytes.subarray(0, 8192).includes(0)) continue;
      const lines = searchText(bytes.toString(), expression, search.context);
      if (lines.length > 0) files.push({ path, lines: search.filesOnly ? [] : lines });
    } catch (error) {
      // A link to nothing, a pipe, a file that may not be read.
      if (!isToolError(error)) throw error;
    }
  }
  return { files };
};
