import { decodeAnsiC } from './ansi-c.ts';
import { known, type Arg, type Value } from './value.ts';

/** A part of a word: text, one value, or several words (`"$@"`). */
export type Piece =
  | { readonly text: string; readonly quoted: boolean }
  | { readonly value: Value; readonly quoted: boolean }
  | { readonly items: readonly Arg[]; readonly quoted: boolean };

/** What stands for the parts of a word that only a shell can tell. */
export interface Expansions {
  /** `$name`, `$1`, `$@`. */
  variable(name: string, quoted: boolean): Piece;
  /** `$(…)`, `$((…))`, `${…}`, `<(…)` beginning at an offset; undefined when the tree knows none there. */
  expansion(at: number, quoted: boolean): { end: number; piece: Piece } | undefined;
  /** The text between backticks, its backslashes already removed. */
  backticks(text: string, quoted: boolean): Piece;
}

const special = /[@*#?$!0-9-]/;
const nameStart = /[A-Za-z_]/;
const nameAt = /[A-Za-z_]\w*/y;

/**
 * Reads one bash word, part of a string or heredoc, from the source. It decides by itself where the word ends; undefined
 * when that is not where the tree says.
 */
export const lexWord = (
  source: string,
  start: number,
  end: number,
  hooks: Expansions,
  mode: 'word' | 'heredoc' = 'word',
): Piece[] | undefined => {
  const pieces: Piece[] = [];
  let plain = '';
  let at = start;
  // Set by the functions below when the text is no word.
  const fault = { broken: false };

  const flush = (): void => {
    if (plain !== '') pieces.push({ text: plain, quoted: false });
    plain = '';
  };
  const add = (piece: Piece): void => {
    flush();
    pieces.push(piece);
  };

  /** What follows a `$`; false when it is just a dollar sign. */
  const dollar = (quoted: boolean): Piece | undefined => {
    const next = source.charAt(at + 1);
    if (at + 1 >= end) return undefined;
    if (next === '(' || next === '{' || next === '[') {
      const found = hooks.expansion(at, quoted);
      if (!found || found.end > end) {
        fault.broken = true;
        return undefined;
      }
      at = found.end;
      return found.piece;
    }
    if (nameStart.test(next)) {
      nameAt.lastIndex = at + 1;
      const name = nameAt.exec(source.slice(0, end))?.[0] ?? '';
      at += 1 + name.length;
      return hooks.variable(name, quoted);
    }
    if (special.test(next)) {
      at += 2;
      return hooks.variable(next, quoted);
    }
    return undefined;
  };

  const backtick = (quoted: boolean): Piece | undefined => {
    let inner = '';
    for (let i = at + 1; i < end; i += 1) {
      const c = source.charAt(i);
      if (c === '`') {
        at = i + 1;
        return hooks.backticks(inner, quoted);
      }
      if (c === '\\' && i + 1 < end) {
        const next = source.charAt(i + 1);
        inner += /[$`\\]/.test(next) || (quoted && next === '"') ? next : c + next;
        i += 1;
      } else inner += c;
    }
    fault.broken = true;
    return undefined;
  };

  /** The inside of double quotes up to `closing`, or all of a heredoc. */
  const inQuotes = (closing: string): void => {
    let text = '';
    let any = false;
    const flushText = (): void => {
      if (text !== '' || !any) add({ text, quoted: true });
      any = true;
      text = '';
    };
    while (at < end && !fault.broken) {
      const c = source.charAt(at);
      if (c === closing) {
        at += 1;
        flushText();
        return;
      }
      if (c === '\\' && at + 1 < end) {
        const next = source.charAt(at + 1);
        if (/[$`\\]/.test(next) || (next === '"' && closing === '"')) text += next;
        else if (next !== '\n') text += c + next;
        at += 2;
        continue;
      }
      const piece = c === '$' ? dollar(true) : c === '`' ? backtick(true) : undefined;
      if (piece) {
        if (text !== '') flushText();
        any = true;
        add(piece);
      } else {
        text += c;
        at += 1;
      }
    }
    if (closing !== '') fault.broken = true;
    flushText();
  };

  if (mode === 'heredoc') {
    inQuotes('');
    return fault.broken ? undefined : pieces;
  }
  if (source.charAt(start) === '#') return undefined;
  while (at < end && !fault.broken) {
    const c = source.charAt(at);
    const next = source.charAt(at + 1);
    if (c === '\\') {
      if (next !== '\n') add({ text: at + 1 < end ? next : c, quoted: true });
      at += 2;
    } else if (c === "'") {
      const close = source.indexOf("'", at + 1);
      if (close < 0 || close >= end) return undefined;
      add({ text: source.slice(at + 1, close), quoted: true });
      at = close + 1;
    } else if (c === '"' || (c === '$' && next === '"')) {
      at += c === '"' ? 1 : 2;
      inQuotes('"');
    } else if (c === '$' && next === "'") {
      const decoded = decodeAnsiC(source, at + 2, end);
      if (!decoded) return undefined;
      add({ text: decoded.text, quoted: true });
      at = decoded.end;
    } else if (c === '$' || c === '`' || ((c === '<' || c === '>') && next === '(')) {
      let piece: Piece | undefined;
      if (c === '$') piece = dollar(false);
      else if (c === '`') piece = backtick(false);
      else {
        const found = hooks.expansion(at, false);
        if (!found || found.end > end) return undefined;
        at = found.end;
        piece = found.piece;
      }
      if (piece) add(piece);
      else {
        plain += c;
        at += 1;
      }
    } else if (/[ \t\n;&|<>()]/.test(c)) {
      return undefined;
    } else {
      plain += c;
      at += 1;
    }
  }
  flush();
  return fault.broken || at !== end ? undefined : pieces;
};

// Nothing in it is special to the shell.
const plainWord = /^[\w@%+:,./=-]+$|^\{\}$/;

/** The word as it stands, when nothing in it is special to the shell. */
export const asPlain = (text: string): Arg | undefined => (plainWord.test(text) ? known(text) : undefined);
