import type { ParsedFile } from '../../core/parsed-file.ts';
import { chunkOf, linesOf } from './chunk-lines.ts';
import { windowsOf } from './chunk-windows.ts';
import { kindOf } from './file-kind.ts';

/** Cuts a text into windows of lines, without asking what language it is in. */
export const parseLines = (path: string, text: string): ParsedFile => {
  const lines = linesOf(text);
  return {
    language: undefined,
    kind: kindOf(path),
    chunks: windowsOf(lines, { start: 0, end: lines.length }).map((range) => chunkOf(lines, range)),
    imports: [],
    definitions: [],
    references: new Map(),
  };
};
