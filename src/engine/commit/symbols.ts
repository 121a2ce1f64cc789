import type { FileDiff } from '../../core/diff.ts';
import type { ParsedFile } from '../../core/parsed-file.ts';

/** A definition that came, went or was worked on. */
export interface ChangedSymbol {
  path: string;
  name: string;
  /** Others outside of the file can use it, as far as its line tells. */
  exported: boolean;
  /** At the file's own level, not inside of something else. */
  top: boolean;
}

/** What a change does to definitions; of what no parser could read nothing is told. */
export interface ChangedSymbols {
  added: ChangedSymbol[];
  removed: ChangedSymbol[];
  /** Their lines changed, in git's order of files. */
  changed: ChangedSymbol[];
  /** Gone under one name and there under another, in the same place. */
  renamed: { from: ChangedSymbol; to: ChangedSymbol }[];
}

/** A file before and after, as far as it could be read. */
export interface ReadFile {
  diff: FileDiff;
  before?: { text: string; parsed: ParsedFile };
  after?: { text: string; parsed: ParsedFile };
}

/** Nothing is known of any definition. */
export const noSymbols: ChangedSymbols = { added: [], removed: [], changed: [], renamed: [] };

const indentOf = (line: string): number => line.length - line.trimStart().length;

const isExported = (path: string, name: string, line: string): boolean => {
  if (path.endsWith('.go')) return /^[A-Z]/.test(name);
  if (path.endsWith('.py')) return !name.startsWith('_') && indentOf(line) === 0;
  if (path.endsWith('.rs')) return /^\s*pub\b(?!\s*\()/.test(line);
  if (/\.(?:java|cs|kt|swift|php)$/.test(path)) return /\bpublic\b/.test(line);
  return /^\s*(?:export\b|module\.exports\b|exports\.)/.test(line);
};

interface Definition extends ChangedSymbol {
  line: number;
  text: string;
}

const definitionsOf = (path: string, read: ReadFile['after']): Definition[] => {
  if (!read) return [];
  const lines = read.text.split('\n');
  return read.parsed.definitions.map(({ name, line }) => {
    const text = lines[line - 1] ?? '';
    return { path, name, line, text, exported: isExported(path, name, text), top: indentOf(text) === 0 };
  });
};

/** Of the definitions those that the changed lines lie in: the nearest one above that is indented less. */
const enclosing = (
  definitions: readonly Definition[],
  lines: readonly { line: number; text: string }[],
): Set<string> => {
  const found = new Set<string>();
  let at = 0;
  for (const { line, text } of lines) {
    if (text.trim() === '') continue;
    while (at < definitions.length && (definitions[at]?.line ?? 0) <= line) at += 1;
    for (let index = at - 1, seen = 0; index >= 0 && seen < 200; index -= 1, seen += 1) {
      const one = definitions[index];
      if (!one || (one.line !== line && indentOf(one.text) >= indentOf(text) && text.trim() !== '}')) continue;
      // A constant in a body is not what a person would name.
      if (
        one.top ||
        one.exported ||
        /^\s*(?:async |static |public |private |protected |def |fn |pub |func )*[\w$#]+\s*\(|^\s*(?:def|fn|func|pub)\b/.test(
          one.text,
        )
      ) {
        found.add(one.name);
        break;
      }
    }
  }
  return found;
};

const shapeOf = (text: string, name: string): string => text.replaceAll(name, '\0').replace(/\s+/g, ' ').trim();

/** What the change of the files does to their definitions. */
export const changedSymbols = (files: readonly ReadFile[]): ChangedSymbols => {
  const result: ChangedSymbols = { added: [], removed: [], changed: [], renamed: [] };
  const bare = ({ path, name, exported, top }: Definition): ChangedSymbol => ({ path, name, exported, top });
  for (const { diff, before, after } of files) {
    if (diff.hunks.length === 0) continue;
    const [old, now] = [definitionsOf(diff.path, before), definitionsOf(diff.path, after)];
    const [oldNames, newNames] = [new Set(old.map(({ name }) => name)), new Set(now.map(({ name }) => name))];
    const added = now.filter(({ name }) => !oldNames.has(name));
    const removed = old.filter(({ name }) => !newNames.has(name));
    const taken = new Set<Definition>();
    for (const one of removed) {
      const shape = shapeOf(one.text, one.name);
      const twin = added.find((other) => !taken.has(other) && shapeOf(other.text, other.name) === shape);
      if (!twin || shape.length < 6) result.removed.push(bare(one));
      else {
        taken.add(twin);
        result.renamed.push({ from: bare(one), to: bare(twin) });
      }
    }
    result.added.push(...added.filter((one) => !taken.has(one)).map(bare));
    const fresh = new Set(added.map(({ name }) => name));
    const lines = diff.hunks.flatMap((hunk) =>
      hunk.lines.flatMap(({ kind, text, newLine }) =>
        kind === 'added' && newLine !== undefined ? [{ line: newLine, text }] : [],
      ),
    );
    const gone = diff.hunks.flatMap((hunk) =>
      hunk.lines.flatMap(({ kind, text, oldLine }) =>
        kind === 'deleted' && oldLine !== undefined ? [{ line: oldLine, text }] : [],
      ),
    );
    const touched = new Set([...enclosing(now, lines), ...enclosing(old, gone)]);
    const seen = new Set<string>();
    for (const one of now)
      if (touched.has(one.name) && !fresh.has(one.name) && !seen.has(one.name)) {
        seen.add(one.name);
        result.changed.push(bare(one));
      }
  }
  // What went in one file and came in another was moved.
  const came = new Set(result.added.map(({ name }) => name));
  const moved = new Set(result.removed.filter(({ name }) => came.has(name)).map(({ name }) => name));
  return {
    ...result,
    added: result.added.filter(({ name }) => !moved.has(name)),
    removed: result.removed.filter(({ name }) => !moved.has(name)),
  };
};
