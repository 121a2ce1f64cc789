import type { ReadFile } from '../commit/symbols.ts';
import { areaKindOf } from './areas.ts';
import type { ApiChange, NamedChange } from './explained.ts';

/** Lines a signature may take. */
const mostLines = 20;

/** What a caller sees: from the definition's first line until its brackets are closed and its body or value begins. */
const signatureAt = (lines: readonly string[], line: number): string => {
  let [depth, text] = [0, ''];
  for (const part of lines.slice(line - 1, line - 1 + mostLines)) {
    for (const char of part) {
      if (char === '(' || char === '[' || char === '<') depth += 1;
      // The arrow of a function is no bracket.
      else if (char === ')' || char === ']' || (char === '>' && !/[=-]$/.test(text))) depth -= 1;
      else if (depth <= 0 && (char === '{' || (char === ':' && /^\s*(?:async )?(?:def|class)\b.*\)?$/.test(text))))
        return text;
      text += char;
      if (depth <= 0 && text.endsWith('=>')) return text.slice(0, -2);
    }
    if (depth <= 0) return text;
    text += ' ';
  }
  return text;
};

/** A constant that is no function: its value is nobody's interface, its type is. */
const plainValue =
  /^(\s*(?:export\s+)?(?:const|let|var|static|pub)\b[^=(]*?)\s*=(?!\s*(?:\(|async\b|function\b|<|[\w$]+\s*=>)).*$/s;

const signaturesOf = (read: ReadFile['after']): Map<string, string> => {
  const lines = read?.text.split('\n') ?? [];
  return new Map(
    (read?.parsed.definitions ?? []).map(({ name, line }) => [
      name,
      signatureAt(lines, line).replace(plainValue, '$1').replace(/\s+/g, ' ').trim(),
    ]),
  );
};

/** Definitions others can use that went, were renamed, or are written otherwise than they were; tests aside. */
export const apiChanges = (files: readonly ReadFile[], symbols: readonly NamedChange[]): ApiChange[] => {
  const read = new Map(files.map((file) => [file.diff.path, file]));
  const isCode = (path: string): boolean => {
    const file = read.get(path);
    return file !== undefined && areaKindOf(file.diff) === 'code';
  };
  const seen = new Map<string, { before: Map<string, string>; after: Map<string, string> }>();
  const signatures = (path: string): { before: Map<string, string>; after: Map<string, string> } => {
    const known = seen.get(path);
    if (known) return known;
    const file = read.get(path);
    const both = { before: signaturesOf(file?.before), after: signaturesOf(file?.after) };
    seen.set(path, both);
    return both;
  };
  return symbols.flatMap((one): ApiChange[] => {
    if (!one.exported || !isCode(one.path)) return [];
    const { before, after } = signatures(one.path);
    const [was, is] = [before.get(one.from ?? one.name), after.get(one.name)];
    if (one.change === 'changed' && (was === undefined || is === undefined || was === is)) return [];
    return [
      {
        ...one,
        ...(was !== undefined && { before: was }),
        ...(is !== undefined && { after: is }),
      },
    ];
  });
};
