import type { ParsedFile } from '../../core/parsed-file.ts';
import { chunkDefinitions } from './chunk-definitions.ts';
import { linesOf } from './chunk-lines.ts';
import { chunkSections } from './chunk-sections.ts';
import { kindOf } from './file-kind.ts';
import { languageOf, type Grammar } from './languages.ts';
import { outlineOf } from './outline.ts';
import { parseLines } from './parse-lines.ts';
import { referencesOf } from './parse-references.ts';
import { syntaxes } from './syntax.ts';
import { textRows } from './text-rows.ts';

const unique = (texts: readonly string[]): string[] => [
  ...new Set(texts.filter((text) => text !== '' && text.length <= 300)),
];

const parseCode = async (
  path: string,
  text: string,
  name: string,
  grammar: Grammar,
): Promise<ParsedFile | undefined> => {
  const { parseTree } = await import('./parse-tree.ts');
  const tree = broken ? undefined : await parseTree(grammar, text);
  if (!tree) return undefined;
  try {
    const outline = outlineOf(tree.rootNode, text, syntaxes[grammar]);
    const lines = linesOf(text);
    const { rowAt, lastRow, beginsLine } = textRows(text);
    const imports = new Set<number>();
    for (const [first, last] of outline.importRows) for (let row = first; row <= last; row += 1) imports.add(row);
    const comments = new Set<number>();
    for (const [start, end] of outline.comments)
      if (beginsLine(start)) for (let row = rowAt(start); row <= lastRow(end); row += 1) comments.add(row);
    const defined = new Set(outline.names.map((one) => one.name));
    return {
      language: name,
      kind: kindOf(path),
      chunks: chunkDefinitions(lines, outline.definitions, {
        isImport: (row) => imports.has(row),
        isComment: (row) => comments.has(row),
      }),
      imports: unique(outline.imports),
      definitions: outline.names,
      references: referencesOf(text, outline.prose, defined, /^(?:typescript|tsx|javascript)$/.test(grammar)),
    };
  } finally {
    tree.delete();
  }
};

/** Set once WebAssembly trapped: its memory cannot be relied on any more. */
let broken = false;

/** True when nothing but lines is read any more in this thread, because a text broke the parser. */
export const isParserBroken = (): boolean => broken;

const parseCodeOrLines = async (path: string, text: string, name: string, grammar: Grammar): Promise<ParsedFile> => {
  try {
    return (await parseCode(path, text, name, grammar)) ?? parseLines(path, text);
  } catch (error) {
    // Out of memory, out of stack, or a defect of a grammar's scanner.
    if (!(error instanceof Error) || !/^(?:ParserTrap|RuntimeError|RangeError)$/.test(error.name)) throw error;
    broken = true;
    return parseLines(path, text);
  }
};

/**
 * Reads chunks, definitions, imports and references out of a file's text. It never throws for what the text says: what
 * no parser can read in time is cut by lines.
 * @param text without a byte order mark, or with.
 * @throws CopilotError `E_CODE_PARSER` when a grammar of the package cannot be loaded.
 */
export const parseFile = async (path: string, text: string): Promise<ParsedFile> => {
  const source = text.replace(/^\uFEFF/, '');
  const language = languageOf(path, source);
  if (!language) return parseLines(path, source);
  const { name, grammar } = language;
  if (grammar) return parseCodeOrLines(path, source, name, grammar);
  const chunks = chunkSections(linesOf(source), name);
  return chunks ? { ...parseLines(path, ''), language: name, chunks } : parseLines(path, source);
};
