import type { Chunk } from '../../core/parsed-file.ts';
import { chunkOf } from './chunk-lines.ts';
import { longWindowLines, trimmed, windowsOf, type LineRange } from './chunk-windows.ts';
import type { Definition } from './outline.ts';

/** Lines of a class or the like above which its members are chunks of their own. */
const longClass = 40;
/** Lines above which any definition is cut. */
const longDefinition = 120;
/** Lines of a definition that is joined with its neighbours, and of what they become. */
const tiny = 5;
const joined = 15;

/** A chunk to be, with what decides whether it may be joined with the next. */
interface Piece extends LineRange {
  about: Omit<Chunk, 'startLine' | 'endLine' | 'text'>;
  mayJoin: boolean;
}

/** What is known of the lines between definitions. */
export interface Between {
  isImport: (row: number) => boolean;
  isComment: (row: number) => boolean;
}

/** A line that only closes something. */
const closing = /^[\s)\]}>;,]*(?:end|fi|done|esac|else|#endif.*)?[\s)\]}>;,]*$/;

const aboutOf = ({ symbol, kind, signature, doc }: Definition): Piece['about'] => ({
  symbol,
  kind,
  signature,
  ...(doc === undefined ? {} : { doc }),
});

const every = (range: LineRange, test: (row: number) => boolean): boolean => {
  for (let row = range.start; row < range.end; row += 1) if (!test(row)) return false;
  return true;
};

/** Cuts lines along the definitions in them; together the chunks hold every line that is not blank. */
export const chunkDefinitions = (
  lines: readonly string[],
  definitions: readonly Definition[],
  { isImport, isComment }: Between,
): Chunk[] => {
  const isBlank = (row: number): boolean => (lines[row] ?? '').trim() === '';

  /** Lines between definitions: imports by themselves, the rest in windows. */
  const between = (range: LineRange, about: Piece['about']): Piece[] => {
    let [first, last] = [range.end, range.start];
    let [others, ours] = [0, 0];
    for (let row = range.start, since = 0; row < range.end; row += 1) {
      if (isImport(row)) {
        first = Math.min(first, row);
        last = row + 1;
        ours += 1;
        others += since;
        since = 0;
      } else if (first < last && !isBlank(row) && !isComment(row)) since += 1;
    }
    const imports = { start: first, end: last };
    // A condition around one of them does no harm.
    const isRun = first < last && others * 4 <= ours;
    const parts = isRun ? [{ start: range.start, end: first }, imports, { start: last, end: range.end }] : [range];
    return parts.flatMap((part) =>
      windowsOf(lines, part).map((window) =>
        part === imports
          ? { ...window, about: { kind: 'imports' }, mayJoin: false }
          : { ...window, about, mayJoin: window.end - window.start <= tiny },
      ),
    );
  };

  const whole = (definition: Definition, range: LineRange): Piece[] => {
    const about = aboutOf(definition);
    const length = range.end - range.start;
    if (length <= longDefinition) return [{ ...range, about, mayJoin: length <= tiny }];
    const { doc: _, ...later } = about;
    return windowsOf(lines, range, longWindowLines).map((window, index) => ({
      ...window,
      about: index === 0 ? about : later,
      mayJoin: false,
    }));
  };

  const split = (definition: Definition, range: LineRange): Piece[] => {
    const first = definition.members[0];
    const limit = definition.kind === 'constant' ? longDefinition : longClass;
    if (!first || range.end - range.start <= limit) return whole(definition, range);
    const headEnd = Math.min(Math.max(first.start, range.start + 1), range.end);
    const { doc: _doc, signature: _signature, ...about } = aboutOf(definition);
    const head = whole(definition, { start: range.start, end: headEnd }).map((piece) => ({ ...piece, mayJoin: false }));
    return [...head, ...level({ start: headEnd, end: range.end }, definition.members, about)];
  };

  const level = (range: LineRange, members: readonly Definition[], about: Piece['about']): Piece[] => {
    const pieces: Piece[] = [];
    let at = range.start;
    const fill = (end: number): number => {
      const gap = trimmed(lines, { start: at, end });
      if (!gap) return end;
      const last = pieces.at(-1);
      if (last && gap.end - last.end <= 3 && every(gap, (row) => closing.test(lines[row] ?? ''))) {
        last.end = gap.end;
        return end;
      }
      // A remark before a definition belongs to it.
      const remark =
        end < range.end && gap.end - gap.start <= 10 && every(gap, (row) => isBlank(row) || isComment(row));
      if (remark) return gap.start;
      pieces.push(...between(gap, about));
      return end;
    };
    for (const member of members) {
      const end = Math.min(member.end + 1, range.end);
      // Two on one line: the first one has it.
      if (end <= at) continue;
      const start = fill(Math.max(member.start, at));
      const inner = trimmed(lines, { start, end });
      if (inner) pieces.push(...split(member, inner));
      at = end;
    }
    fill(range.end);
    return join(pieces);
  };

  return level({ start: 0, end: lines.length }, definitions, {}).map((piece) => chunkOf(lines, piece, piece.about));
};

const cut = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

const joinAbout = (group: readonly Piece[]): Piece['about'] => {
  const all = group.map((piece) => piece.about);
  const texts = (of: (about: Piece['about']) => string | undefined): string[] =>
    [...new Set(all.map(of).filter((text) => text !== undefined && text !== ''))] as string[];
  const symbols = texts((about) => about.symbol);
  const kinds = texts((about) => about.kind);
  const signatures = texts((about) => about.signature);
  const docs = texts((about) => about.doc);
  return {
    ...(symbols.length > 0 ? { symbol: cut(symbols.join(', '), 300) } : {}),
    ...(kinds[0] === undefined ? {} : { kind: kinds[0] }),
    ...(signatures.length > 0 ? { signature: cut(signatures.join('; '), 200) } : {}),
    ...(docs.length > 0 ? { doc: cut(docs.join('\n'), 1000) } : {}),
  };
};

/** Joins neighbours that are too small to be found for what they say. */
const join = (pieces: readonly Piece[]): Piece[] => {
  const result: Piece[] = [];
  let group: Piece[] = [];
  const flush = (): void => {
    const [first] = group;
    const last = group.at(-1);
    if (first && last)
      result.push(
        group.length === 1 ? first : { start: first.start, end: last.end, about: joinAbout(group), mayJoin: false },
      );
    group = [];
  };
  for (const piece of pieces) {
    const first = group[0];
    if (!piece.mayJoin || (first && piece.end - first.start > joined)) flush();
    group.push(piece);
    if (!piece.mayJoin) flush();
  }
  flush();
  return result;
};
