import { isPlaceholder, looksRandom, makeOf } from './randomness.ts';
import type { NameKind } from './secret-names.ts';

/** A value as it is written behind its name. */
export interface WrittenValue {
  start: number;
  end: number;
  /** The text between the quotes, joined where it was split. */
  value: string;
  quoted: boolean;
  /** Something stands around it: a call, a cast. */
  wrapped: boolean;
  /** It goes on to the end of the text. */
  open: boolean;
}

const maxChars = 8192;
const quoteMarks = new Set([34, 39, 96]);
const isQuote = (code: number): boolean => quoteMarks.has(code);
const backslash = 92;

/** The quoted text at `at`, which is a quote or the backslashes before one. */
const readQuoted = (text: string, at: number): (WrittenValue & { after: number }) | undefined => {
  let open = at;
  while (text.charCodeAt(open) === backslash && open - at < 16) open++;
  const depth = open - at;
  const quote = text.charCodeAt(open);
  if (!isQuote(quote)) return undefined;
  let start = open + 1;
  const triple = depth === 0 && text.charCodeAt(start) === quote && text.charCodeAt(start + 1) === quote;
  if (triple) start += 2;
  const stop = Math.min(text.length, start + maxChars);
  let slashes = 0;
  for (let pos = start; pos < stop; pos++) {
    const code = text.charCodeAt(pos);
    if (code === backslash) {
      slashes++;
      continue;
    }
    if (
      code === 10 &&
      slashes === 0 &&
      quote !== 96 &&
      !triple &&
      !(text.charCodeAt(pos - 1) === 13 && text.charCodeAt(pos - 2) === backslash)
    )
      return undefined;
    // Escaped quotes have more backslashes than the opening one; fewer close what stands around.
    const closes =
      depth === 0
        ? code === quote && slashes % 2 === 0
        : isQuote(code) && slashes <= depth && (code === quote || slashes < depth);
    if (closes) {
      const end = pos - (depth === 0 ? 0 : slashes);
      return {
        start,
        end,
        value: text.slice(start, end),
        quoted: true,
        wrapped: false,
        open: false,
        after: pos + (triple ? 3 : 1),
      };
    }
    slashes = 0;
  }
  if (stop < text.length) return undefined;
  return { start, end: stop, value: text.slice(start, stop), quoted: true, wrapped: false, open: true, after: stop };
};

const joint = /[ \t]*(?:\+|\.{1,2}|&|~|<>|\\(?=\r?\n))?[ \t]*(?:\\?\r?\n[+ \t]{0,64})?(?:\+|\.{1,2}|&)?[ \t]*/y;
const broken = /\\\r?\n[ \t]*/g;

/** A quoted value, with what is joined to it by an operator, a line end or nothing at all. */
const readJoined = (text: string, at: number): WrittenValue | undefined => {
  const first = readQuoted(text, at);
  if (first === undefined || first.open) return first;
  let { end, value, after } = first;
  let open = false;
  for (let piece = 0; piece < 16; piece++) {
    joint.lastIndex = after;
    joint.test(text);
    const next = joint.lastIndex;
    if (next >= text.length) {
      // Whether another piece follows is not known yet.
      open = true;
      break;
    }
    // Quotes glued together are one word to a shell; elsewhere an empty string begins a doubled quote.
    const more =
      isQuote(text.charCodeAt(next)) && (next > after || text.charCodeAt(next) !== text.charCodeAt(after - 1))
        ? readQuoted(text, next)
        : undefined;
    if (more === undefined) break;
    // On one line without an operator it is another thing beside it.
    if (next > after && /^[ \t]+$/.test(text.slice(after, next))) break;
    if (more.open) open = true;
    ({ end, after } = more);
    value += more.value;
    if (open) break;
  }
  return { ...first, end, value: value.replace(broken, ''), open };
};

const block = /[>|][+-]?\d?[+-]?[ \t]*(?:#[^\n]*)?\r?\n/y;

/** A YAML block scalar: the lines that are indented. */
const readBlock = (text: string, from: number): WrittenValue | undefined => {
  const first = /[ \t]{1,64}/y;
  first.lastIndex = from;
  const indent = first.exec(text)?.[0];
  if (indent === undefined)
    return from >= text.length
      ? { start: from, end: from, value: '', quoted: true, wrapped: false, open: true }
      : undefined;
  let end = from;
  let at = from;
  let value = '';
  while (at < text.length && text.startsWith(indent, at) && at - from < maxChars) {
    const next = text.indexOf('\n', at);
    end = next < 0 ? text.length : next;
    value += text.slice(at + indent.length, end).trim();
    at = next < 0 ? text.length : next + 1;
  }
  return {
    start: from + indent.length,
    end,
    value,
    quoted: true,
    wrapped: false,
    open: indent.startsWith(text.slice(at, at + 65)),
  };
};

const spaces = /[ \t]{0,64}/y;
const lineEnd = /\r?\n[+ \t]{0,64}/y;
const wrapper = /(?:[A-Za-z_][\w.:-]{0,40}(?:\(|[ \t])|\(\s{0,8}|[bBrRfFuU@L&$]{1,2}|base64:)(?=\\*["'`])/y;
const bareEnd = /[\s"'`,;<>(){}[\]\\|]/g;
const envEnd = /[\s"'`<>]/g;

/** How to read what stands behind a separator. */
export interface Reading {
  /** Values without quotes count. */
  bare: boolean;
  /** A line of an environment file: the value goes on to the next space. */
  env: boolean;
  /** A query or form: `&` ends the value. */
  query: boolean;
}

/** The value behind a separator, or none when something else stands there. */
export const readValue = (text: string, from: number, { bare, env, query }: Reading): WrittenValue | undefined => {
  spaces.lastIndex = from;
  spaces.test(text);
  let at = spaces.lastIndex;
  block.lastIndex = at;
  if (bare && block.test(text)) return readBlock(text, block.lastIndex);
  lineEnd.lastIndex = at;
  const nextLine = lineEnd.test(text);
  if (nextLine) at = lineEnd.lastIndex;
  wrapper.lastIndex = at;
  const around = wrapper.exec(text)?.[0] ?? '';
  const wrapped = around.length > 2 && around !== 'base64:';
  const quotedAt = at + around.length;
  const code = text.charCodeAt(quotedAt);
  if (isQuote(code) || (code === backslash && /\\+["'`]/y.test(text.slice(quotedAt, quotedAt + 17)))) {
    const read = readJoined(text, quotedAt);
    return read && { ...read, wrapped };
  }
  if (code === backslash && quotedAt + 16 > text.length && /^\\+$/.test(text.slice(quotedAt)))
    return { start: quotedAt, end: text.length, value: '', quoted: true, wrapped, open: true };
  if (!bare || nextLine) return undefined;
  const stops = env ? envEnd : bareEnd;
  stops.lastIndex = at;
  const limit = at + maxChars;
  let end = stops.exec(text.length > limit ? text.slice(0, limit) : text)?.index ?? Math.min(limit, text.length);
  if (query || /^[?&]/.test(text[from - 1] ?? '')) {
    const and = text.slice(at, end).search(/[&#]/);
    if (and >= 0) end = at + and;
  }
  const open = end >= text.length;
  // A call or an index is no value.
  const next = text[end];
  if (!open && (next === '(' || next === '[') && end > at) return undefined;
  while (end > at && /[.:!?]/.test(text[end - 1] ?? '') && !env && end === text.length) end--;
  return { start: at, end, value: text.slice(at, end), quoted: false, wrapped: false, open };
};

const notValues =
  /^(?:true|false|null|none|nil|undefined|yes|no|on|off|string|str|number|int|integer|bool|boolean|object|array|any|unknown|never|void|text|char|varchar|optional|required|readonly|password|passwd|secret|token|bearer|basic|digest|env|file|vault|keychain|prompt|ask|auto|default|disabled|enabled|invalid|incorrect|missing|unauthorized|forbidden|anonymous|postgres|root|admin|guest|test|user|username|new-password|current-password|process|self|this|options?|config|params?|args?|props|value|data|input|ctx|req|request|import|export|return|async|await|function|class|const|let|var|new|if|else)$/i;
const variable =
  /^(?:\$[\w{(].*|%\w+%|--?[a-z].*|!?[@#.][A-Za-z][\w-]*|=.*|(?:\.{0,2}|~)\/[\w./~-]*|[a-z]+:\/\/.*|arn:.*|projects\/.*|0x[0-9a-f]{1,16}|[\d.]+[a-zA-Z%]{0,2})$/i;
const fileName = /\.(?:js|ts|tsx|json|ya?ml|pem|key|txt|md|html|css|py|go|sh|crt|cert|svg|png)$/;
const identifier = /^[A-Za-z_$][\w$]*[!?]?$/;
const path = /^[A-Za-z_$][\w$-]*(?:(?:\.|\?\.|->|::|\/)[\w$-]+)+$/;
const sentence =
  /(?:^| )(?:the|your|an?|is|are|be|must|please|enter|for|of|to|at|not|with|this|that|in|on|or|and|as|from|by|it|can|should|will|invalid|incorrect|wrong)(?= |$)/i;
const label = /pass(?:word|wd|phrase)|secret|token|credential|\bkey\b|api.?key|username/i;

const isWords = (value: string): boolean => /^[A-Za-z]+(?:[ _./:-][A-Za-z]+)*$/.test(value);

/** How a value stands: in quotes, in a line of an environment file, in a query; or where words stand as often. */
export interface Standing {
  quoted: boolean;
  env: boolean;
  query: boolean;
  strict: boolean;
}

const isPassword = (value: string, { quoted, env, query, strict }: Standing): boolean => {
  if (/\s/.test(value)) {
    if (!quoted || strict || value.length > 128 || sentence.test(value) || label.test(value) || value.includes('\n'))
      return false;
    return /^[a-z]+(?: [a-z]+){3,}$/.test(value) || (/\d/.test(value) && /[a-z]/i.test(value) && /[^\w\s]/.test(value));
  }
  if (fileName.test(value) || (label.test(value) && isWords(value.replace(/\d+$/, '')))) return false;
  const { digits, letters, others, lower, upper, stretch } = makeOf(value);
  const plain = quoted || env || query;
  if (letters === 0) return !strict && plain && digits >= 6 && others < 2;
  if (variable.test(value)) return false;
  if (path.test(value) && !looksRandom(value, 8) && !(quoted && digits > 1 && value.includes('-'))) return false;
  const mixedCase = lower && upper && value.length >= 8 && stretch < 2.6;
  if (digits > 0) {
    if (strict)
      return (
        value.length >= 7 &&
        (looksRandom(value, 7) || (digits + others > 1 && others > 0 && !isWords(value.replace(/\d+/g, ''))))
      );
    return plain || !identifier.test(value) || looksRandom(value, 8) || /^[a-z]{4,}\d{1,4}$/.test(value) || mixedCase;
  }
  if (others > 0 && !isWords(value))
    return !strict && plain && value.length >= 8 && lower && /[!#$%^*+?@~]/.test(value);
  if (env) return value.length >= 7 && !/[A-Z_]{4}/.test(value) && others === 0;
  return !strict && mixedCase && others === 0;
};

/** Whether what stands behind the name of a secret is one, and not a type, a label, a lookup or a stand-in for it. */
export const isSecretValue = (value: string, kind: NameKind, standing: Standing): boolean => {
  if (value.length < 5 || value.length > maxChars || isPlaceholder(value)) return false;
  if (notValues.test(value) || value.includes('\u0000')) return false;
  return kind === 'password'
    ? isPassword(value, standing)
    : isToken(value, standing.strict || kind === 'query' ? 12 : 8);
};

/** Whether a value is made like something a machine gave out. */
const isToken = (value: string, leastChars: number): boolean => {
  if (/\s/.test(value) || /^(?:\.{0,2}\/|~\/|https?:|[a-z]+:\/\/|arn:|projects\/|urn:|file:|data:|--)/.test(value))
    return false;
  if (/^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(value)) return true;
  if (fileName.test(value)) return false;
  const core = value.replace(/^(?:base64:|django-insecure-|Bearer )/, '');
  if (/^[\w$]+(?:\.[\w$]+)+$/.test(core) && !core.split('.').some((part) => looksRandom(part, 16))) return false;
  if (core.length < leastChars) return false;
  const made = makeOf(core);
  if (core.length < 16) return made.digits > 1 && made.letters > 2 && looksRandom(core, leastChars);
  return (
    looksRandom(core, leastChars) || (made.others > 4 && made.digits > 1 && made.stretch < 2.5 && made.distinct > 16)
  );
};
