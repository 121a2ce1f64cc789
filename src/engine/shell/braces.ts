import type { Piece } from './lex-word.ts';

/** One character of a word, or a part that is none. */
type Unit = string | Piece;

const maxWords = 512;

const unitsOf = (pieces: readonly Piece[]): Unit[] =>
  pieces.flatMap((piece): Unit[] => ('text' in piece && !piece.quoted ? Array.from(piece.text) : [piece]));

const piecesOf = (units: readonly Unit[]): Piece[] => {
  const pieces: Piece[] = [];
  let text = '';
  for (const unit of units) {
    if (typeof unit === 'string') {
      text += unit;
      continue;
    }
    if (text !== '') pieces.push({ text, quoted: false });
    text = '';
    pieces.push(unit);
  }
  if (text !== '') pieces.push({ text, quoted: false });
  return pieces;
};

/** Where the brace at `open` closes, and its commas at the top level. */
const closingOf = (units: readonly Unit[], open: number): { close: number; commas: number[] } | undefined => {
  const commas: number[] = [];
  let depth = 0;
  for (let at = open; at < units.length; at += 1) {
    const unit = units[at];
    if (unit === '{') depth += 1;
    else if (unit === ',' && depth === 1) commas.push(at);
    else if (unit === '}') {
      depth -= 1;
      if (depth === 0) return { close: at, commas };
    }
  }
  return undefined;
};

const range = (text: string): string[] | undefined => {
  const [, from = '', to = '', step = '1'] = /^(-?\d+|[A-Za-z])\.\.(-?\d+|[A-Za-z])(?:\.\.(-?\d+))?$/.exec(text) ?? [];
  if (from === '') return undefined;
  const numbers = /\d/.test(from) && /\d/.test(to);
  if (!numbers && (/\d/.test(from) || /\d/.test(to))) return undefined;
  const first = numbers ? Number(from) : from.charCodeAt(0);
  const last = numbers ? Number(to) : to.charCodeAt(0);
  const by = Math.max(1, Math.abs(Number(step)));
  if (Math.abs(last - first) / by > maxWords) return undefined;
  const padded = numbers && [from, to].some((one) => /^-?0\d/.test(one));
  const width = Math.max(from.length, to.length);
  const words: string[] = [];
  for (let at = first; first <= last ? at <= last : at >= last; at += first <= last ? by : -by) {
    if (!numbers) words.push(String.fromCharCode(at));
    else if (padded) words.push((at < 0 ? '-' : '') + String(Math.abs(at)).padStart(width - (at < 0 ? 1 : 0), '0'));
    else words.push(String(at));
  }
  return words;
};

const expandUnits = (units: readonly Unit[]): Unit[][] | undefined => {
  for (let open = units.indexOf('{'); open >= 0; open = units.indexOf('{', open + 1)) {
    const found = closingOf(units, open);
    if (!found) continue;
    const { close, commas } = found;
    const inner = units.slice(open + 1, close);
    const choices =
      commas.length > 0
        ? [open, ...commas].map((from, index) => units.slice(from + 1, commas[index] ?? close))
        : inner.every((unit) => typeof unit === 'string')
          ? range(inner.join(''))?.map((text) => Array.from(text))
          : undefined;
    // A huge range, or one whose ends are not known, may be anything.
    const spelled = inner.map((unit) => (typeof unit === 'string' ? unit : '?')).join('');
    if (!choices && spelled.includes('..')) return undefined;
    if (!choices) continue;
    const head = units.slice(0, open);
    const tails = expandUnits(units.slice(close + 1));
    const middles = choices.map(expandUnits);
    if (!tails) return undefined;
    const words: Unit[][] = [];
    for (const middle of middles) {
      if (!middle) return undefined;
      for (const one of middle) for (const tail of tails) words.push([...head, ...one, ...tail]);
    }
    return words.length > maxWords ? undefined : words;
  }
  return [[...units]];
};

/** The words a word with braces stands for; undefined when there are too many. */
export const expandBraces = (pieces: readonly Piece[]): Piece[][] | undefined =>
  pieces.some((piece) => 'text' in piece && !piece.quoted && piece.text.includes('{'))
    ? expandUnits(unitsOf(pieces))?.map(piecesOf)
    : [[...pieces]];
