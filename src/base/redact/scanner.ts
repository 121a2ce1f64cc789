import { assignmentAt, schemeAt, typedName, type Separator } from './assignments.ts';
import { flagAt } from './command-flags.ts';
import { leaveOpen, merged, type Found, type Hit, type Search } from './hits.ts';
import { knownValues, type KnownValues } from './known-values.ts';
import { unnumbered } from './numbered-lines.ts';
import { privateKeyAt, privateKeyEndingAt } from './private-keys.ts';
import { mayName } from './secret-names.ts';
import { innerTokenAt, mayBegin, tokenAt } from './tokens.ts';
import { userinfoAt } from './urls.ts';
import { wrappedAt } from './wrapped-base64.ts';

export type { Found } from './hits.ts';

/** Finds secrets in text. */
export interface Scanner {
  /** Offsets of every secret, sorted, not overlapping. */
  readonly find: (text: string) => Found[];
}

/** A scanner that also says how sure it is, and what more text could change. */
export interface OpenScanner extends Scanner {
  /**
   * As `find`; `undecided` is where what follows the text may still change what was found. It is only right where the
   * text `goesOn`, for looking for it takes time.
   */
  readonly search: (text: string, goesOn?: boolean) => { hits: Hit[]; undecided: number };
}

const other = 0;
const word = 1;
const separator = 2;
const kinds = new Uint8Array(128);
for (let code = 0; code < 128; code++)
  kinds[code] = /[A-Za-z0-9_.+/-]/.test(String.fromCharCode(code))
    ? word
    : /[=:,(>|?[]/.test(String.fromCharCode(code))
      ? separator
      : other;

const leastTokenChars = 16;
const isBoundary = (code: number): boolean => code < 48 || code === 95; // - . / + _
const quote = (code: number): boolean => code === 34 || code === 39 || code === 96;

const contains = (text: string, depth: number): boolean => scan(text, depth).hits.length > 0;

/** Reads a word as base64; where it ends when it was a secret, or when its lines were read to no avail. */
const encodedIn = (search: Search, from: number, to: number): number => {
  const before = search.hits.length;
  const end = wrappedAt(search, from, to, contains);
  return search.hits.length > before || end > to ? end : from;
};

/** Tokens, keys and base64 in one long word; returns where to go on. */
const longWord = (search: Search, from: number, to: number): number => {
  const { text } = search;
  let skipTo = from;
  // A letter that belongs to an escape (`\n`) is no part of the word.
  let segment = text.charCodeAt(from - 1) === 92 ? from + 1 : from;
  let failures = 0;
  let slashes = 0;
  const tryAt = (at: number): void => {
    if (at < skipTo || to - at < 8 || !mayBegin(text.charCodeAt(at), text.charCodeAt(at + 1)) || failures > 64) return;
    const end = tokenAt(search, at, to);
    if (end === undefined) {
      failures++;
      return;
    }
    if (at > segment) encodedIn(search, segment, at);
    skipTo = end;
    segment = end;
  };
  tryAt(from);
  const before = from > 0 ? text.charCodeAt(from - 1) : 0;
  // A letter that belongs to an escape: `\n`, `\u000a`, `%22`, or the end of a colour (`[32m`).
  if (before === 92) {
    tryAt(from + 1);
    if (text.charCodeAt(from) === 117) tryAt(from + 5);
  } else if (before === 37) tryAt(from + 2);
  else if (before === 91 || before === 59) {
    const colour = /^\d{0,3}m/.exec(text.slice(from, from + 4))?.[0];
    if (colour !== undefined) tryAt(from + colour.length);
  }
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at);
    if (!isBoundary(code)) continue;
    tryAt(at + 1);
    // Behind the slash of a path another word may be encoded.
    if (code === 47 && slashes < 32 && at + 1 >= skipTo) {
      slashes++;
      const dot = text.slice(at + 1, to).indexOf('.');
      skipTo = Math.max(skipTo, encodedIn(search, at + 1, dot < 0 ? to : at + 1 + dot));
    }
    if (code !== 46) continue;
    if (segment >= skipTo && at > segment) encodedIn(search, segment, at);
    segment = Math.max(segment, at + 1);
  }
  innerTokenAt(search, from, to);
  if (segment >= skipTo && segment < to) skipTo = Math.max(skipTo, encodedIn(search, segment, to));
  return Math.max(to, skipTo);
};

const gapChars = /^[\\"'`\][?! \t)*}]*$/;

/** Looks at the word left of a separator, when nothing but quotes and spaces lies between. */
const named = (search: Search, from: number, to: number, upTo: number, kind: Separator, valueAt: number): void => {
  const { text } = search;
  if (to === 0 || upTo - to > 40 || !mayName(text, from, to)) return;
  if (upTo > to && !gapChars.test(text.slice(to, upTo))) return;
  assignmentAt(search, from, to, valueAt, kind);
};

/** One walk over the text: words and separators are picked out, everything else is passed over. */
const scan = (text: string, depth: number): { hits: Hit[]; undecided: number } => {
  const search: Search = { text, hits: [], undecided: text.length, depth, valuesUpTo: 0, cookiesUpTo: 0 };
  const size = text.length;
  let from = 0;
  let to = 0;
  let at = 0;
  while (at < size) {
    const code = text.charCodeAt(at);
    const kind = code < 128 ? kinds[code] : other;
    if (kind === other) {
      at++;
      continue;
    }
    if (kind === word) {
      from = at;
      at++;
      for (; at < size; at++) {
        const next = text.charCodeAt(at);
        if (next > 127 || kinds[next] !== word) break;
      }
      to = at;
      if (at >= size) leaveOpen(search, from);
      const after = at < size ? text.charCodeAt(at) : 0;
      if (to - from >= leastTokenChars) {
        at = longWord(search, from, to);
        if (at > to) {
          from = at;
          to = at;
          continue;
        }
      } else if (
        (quote(after) || after === 10 || after === 92 || after === 126 || after === 58 || after === 0) &&
        to - from > 2
      ) {
        if (mayBegin(code, text.charCodeAt(from + 1))) tokenAt(search, from, to);
        if (after === 58 || after === 126) innerTokenAt(search, from, to);
      }
      if (after === 32 || after === 9) {
        if (text.charCodeAt(to - 1) === 78 && text.startsWith('-----BEGIN', to - 10)) {
          const end = privateKeyAt(search, to - 10);
          if (end !== undefined) at = end;
        } else if (text.charCodeAt(to - 1) === 68 && text.startsWith('-----END', to - 8))
          privateKeyEndingAt(search, to - 8);
        else if (code === 45 && to - from < leastTokenChars) flagAt(search, from, to);
        if (mayName(text, from, to)) {
          schemeAt(search, from, to);
          assignmentAt(search, from, to, to, ' ');
        } else if (
          to - from === 2 &&
          text.startsWith("BY '", from) &&
          /IDENTIFIED $/i.test(text.slice(Math.max(0, from - 11), from))
        )
          assignmentAt(search, from - 11, to, to, ':');
      } else if (code === 45 && text.charCodeAt(from + 1) === 112) flagAt(search, from, to);
      continue;
    }
    const next = at + 1 < size ? text.charCodeAt(at + 1) : 0;
    switch (code) {
      case 61: // =
        if (next === 61 || text.charCodeAt(at - 1) === 61) {
          if (next !== 61) named(search, from, to, at - 1, '|', at + 1);
        } else if (next === 62) named(search, from, to, at, ':', at + 2);
        else {
          const typedAs =
            (next === 32 || next === 34) && to > 0 && at - to <= 5 ? typedName(text, from, to) : undefined;
          if (typedAs !== undefined) assignmentAt(search, typedAs.from, typedAs.to, at + 1, '=');
          else named(search, from, to, at, '=', at + 1);
        }
        break;
      case 58: // :
        if (next === 47 && text.charCodeAt(at + 2) === 47) userinfoAt(search, to === at ? from : at, at + 3);
        else if (to === at && (next === 0 || (next === 47 && at + 2 >= size))) leaveOpen(search, from);
        named(search, from, to, at, next === 61 ? '=' : ':', next === 61 ? at + 2 : at + 1);
        break;
      case 44: // ,
        if (to > 0 && at - to < 4 && quote(text.charCodeAt(at - 1))) named(search, from, to, at, ',', at + 1);
        break;
      case 40: // (
        if (quote(next) && to === at) named(search, from, to, at, '(', at + 1);
        break;
      case 62: // >
        if (to === at && at > 0) named(search, from, to, at, '>', at + 1);
        break;
      case 124: // ||
      case 63: // ??
        if (next === code && to > 0 && at - to < 3) named(search, from, to, at, '|', at + 2);
        break;
      case 91: // [
        if (text.startsWith('[redacted', at)) {
          const close = text.slice(at, at + 128).indexOf(']');
          if (close > 0) at += close;
          else if (size - at < 128) leaveOpen(search, at);
        } else break;
        to = 0;
        break;
      default:
    }
    at++;
  }
  return { hits: search.hits, undecided: search.undecided };
};

/** A scanner for the known formats, names and shapes of secrets, and for the given values in every form they take. */
export const scanner = (values: readonly string[] = []): OpenScanner => {
  const known: KnownValues | undefined = values.length > 0 ? knownValues(values) : undefined;
  const partial = (text: string, goesOn: boolean): number =>
    known === undefined || !goesOn ? text.length : known.partial(text);
  const searchPlain = (text: string, goesOn: boolean): { hits: Hit[]; undecided: number } => {
    const { hits, undecided } = scan(text, 0);
    const all = known === undefined ? hits : [...hits, ...known.find(text)];
    return { hits: all.length === 0 ? all : merged(all), undecided: Math.min(undecided, partial(text, goesOn)) };
  };
  const search = (raw: string, goesOn = false): { hits: Hit[]; undecided: number } => {
    const plain = unnumbered(raw);
    if (plain === undefined) return searchPlain(raw, goesOn);
    const { text, rawAt } = plain;
    const { hits, undecided } = searchPlain(text, goesOn);
    const found = hits.map((hit) => ({
      ...hit,
      start: rawAt(hit.start),
      end: rawAt(hit.end - 1) + 1,
      value: hit.value ?? text.slice(hit.start, hit.end),
    }));
    const open = undecided >= text.length ? raw.length : rawAt(undecided);
    if (known === undefined) return { hits: found, undecided: open };
    // What looks like a number may be the beginning of a value.
    return { hits: merged([...found, ...known.find(raw)]), undecided: Math.min(open, partial(raw, goesOn)) };
  };
  return {
    search,
    find: (text) => search(text).hits.map(({ rule, start, end }) => ({ rule, start, end })),
  };
};

/** A find as it may be told: never enough of it to be used. */
export interface SecretFinding {
  rule: string;
  /** From 1. */
  line: number;
  /** From 1, in UTF-16 units. */
  column: number;
  length: number;
  /** The public prefix of its format and its length. */
  redacted: string;
  confidence: 'high' | 'medium';
}

/** Every secret in a text, by line and column. */
export const scanSecrets = (text: string, values: readonly string[] = []): SecretFinding[] => {
  let line = 1;
  let lineStart = 0;
  return scanner(values)
    .search(text)
    .hits.map(({ rule, start, end, confidence, shown = '' }) => {
      for (let next = text.indexOf('\n', lineStart); next >= 0 && next < start; next = text.indexOf('\n', lineStart)) {
        line++;
        lineStart = next + 1;
      }
      const length = end - start;
      return {
        rule,
        line,
        column: start - lineStart + 1,
        length,
        redacted: `${shown.length < 14 ? shown : ''}…(${length})`,
        confidence,
      };
    });
};
