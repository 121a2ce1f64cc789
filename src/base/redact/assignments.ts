import { leaveOpen, type Search } from './hits.ts';
import { looksRandom, isPlaceholder } from './randomness.ts';
import { mayName, nameKind, type NameKind } from './secret-names.ts';
import { isSecretValue, readValue } from './written-values.ts';

const longestName = 64;
const nameBefore =
  /(?:name|key|id|variable|set)\\*["']?\s*[:=]?\s*\\*["']?([\w.-]{2,64})\\*["']?[\s,{]{0,32}(?:\w{1,20}\s{0,12}[:=]\s{0,4}["']?\w{1,20}["']?[\s,]{1,16})?\\*["'<]?$/i;
const pairs = /([\w.%-]{1,64})=("?)([^;,\s"'\\]{1,4096})/g;

const codeOf = (text: string, at: number): number => (at < text.length ? text.charCodeAt(at) : 0);

/** What stands between a name and its value. */
export type Separator = '=' | ':' | ' ' | ',' | '(' | '>' | '|';

const addCookies = (search: Search, from: number): void => {
  const { text } = search;
  if (from < search.cookiesUpTo) return;
  const line = text.slice(from, from + 4096).search(/[\r\n]/);
  const end = line < 0 ? Math.min(text.length, from + 4096) : from + line;
  search.cookiesUpTo = end;
  for (const match of text.slice(from, end).matchAll(pairs)) {
    const value = match[3] ?? '';
    const start = from + match.index + match[0].length - value.length;
    const session = /sess|sid|auth|token|jwt|remember|csrf|xsrf|login/i.test(match[1] ?? '');
    if (isPlaceholder(value) || !(looksRandom(value, session ? 12 : 20) || (session && value.startsWith('s%3A'))))
      continue;
    search.hits.push({ rule: 'cookie', start, end: start + value.length, confidence: 'medium' });
    if (start + value.length >= text.length) leaveOpen(search, start);
  }
  if (end === text.length) leaveOpen(search, from);
};

const scheme = /[ \t]*\\*["'`]?(?:(Basic|Bearer|Token|ApiKey|Api-Key|GenieKey|SSWS|Splunk)[ \t]+)?/iy;
const credentials = /[A-Za-z0-9._~+/=%:@!#$^*-]{8,8192}/y;

const addAuthorization = (search: Search, from: number): void => {
  const { text } = search;
  scheme.lastIndex = from;
  const which = scheme.exec(text)?.[1];
  const start = scheme.lastIndex;
  credentials.lastIndex = start;
  const value = credentials.exec(text)?.[0];
  if (value === undefined) {
    if (text.length - start < 8 && !/\s/.test(text.slice(start))) leaveOpen(search, start);
    return;
  }
  const end = start + value.length;
  if (end >= text.length) leaveOpen(search, start);
  if (isPlaceholder(value)) return;
  const basic = which?.toLowerCase() === 'basic';
  if (
    basic
      ? /^[A-Za-z0-9+/_-]{6,}={0,2}$/.test(value) && Buffer.from(value, 'base64').includes(58)
      : looksRandom(value, which === undefined ? 20 : 12)
  )
    search.hits.push({ rule: basic ? 'basic-credentials' : 'bearer-token', start, end, confidence: 'high' });
};

const putty = /[ \t]{0,8}(\d{1,3})[ \t]{0,8}\r?\n/y;

/** The lines of a PuTTY key: their number stands before them. */
const addPutty = (search: Search, from: number): void => {
  const { text } = search;
  putty.lastIndex = from;
  const count = Number(putty.exec(text)?.[1]);
  if (!(count > 0)) return;
  const start = putty.lastIndex;
  let end = start;
  for (let line = 0, at = start; line < count && at < text.length; line++) {
    const next = text.slice(at, at + 256).search(/[^A-Za-z0-9+/=]/);
    end = next < 0 ? Math.min(text.length, at + 256) : at + next;
    if (end >= text.length) leaveOpen(search, start);
    if (text[end] !== '\n' && text[end] !== '\r') break;
    at = end + (text[end] === '\r' ? 2 : 1);
    if (at >= text.length && line + 1 < count) leaveOpen(search, start);
  }
  if (end - start >= 16) search.hits.push({ rule: 'private-key', start, end, confidence: 'high' });
};

/** Looks behind a scheme word (`Bearer x`) that stands without its header. */
export const schemeAt = (search: Search, from: number, to: number): void => {
  const size = to - from;
  if ((size === 6 || size === 5) && /^(?:bearer|basic)$/i.test(search.text.slice(from, to)))
    addAuthorization(search, from);
};

const envLine =
  /^[ \t]*(?:[$#>+-] ?|\d+[ \t]+)?(?:export |ENV |ARG |set |setx |- |env |-e |--env[ =]|local |declare -\w+ )?[A-Za-z_]\w*$/;

const kindOf = (search: Search, from: number, to: number, separator: Separator): NameKind | undefined => {
  const { text } = search;
  const kind = nameKind(text.slice(Math.max(from, to - longestName), to));
  if (kind !== 'value') return kind;
  const before = text.slice(Math.max(0, from - 180), from);
  const name = separator === ' ' ? undefined : nameBefore.exec(before)?.[1];
  const real = name === undefined || name.length < 3 ? undefined : nameKind(name);
  return real === 'value' ? undefined : real;
};

const typed = /^(?:string|String|str)$/;
// `the password is: x`, `| password | x |`, `secret set NAME --body x`.
const copula = /[ \t]{1,8}(?:(?:is|was|set to)[ \t]{0,4}:?|\||--body)[ \t=]{1,8}/y;
const openPair = /^\s?\(\s{0,8}(?:["'][^"'\n]{0,64}(?:["']\s{0,8}(?:,\s{0,8}(?:["'][^"'\n]{0,128})?)?)?)?$/;
const pairOfUser = /\(\s{0,8}["'][^"'\n]{1,64}["']\s{0,8},\s{0,8}["']([^"'\n]{6,128})["']/y;

/**
 * A name from `from` to `to` and a separator behind which a value stands at `at`: when the name means a secret and the
 * value looks like one, it is a find.
 */
export const assignmentAt = (search: Search, from: number, to: number, at: number, separator: Separator): void => {
  const { text } = search;
  if (at < search.valuesUpTo) return;
  const kind = kindOf(search, from, to, separator);
  if (kind === undefined) return;
  if (kind === 'cookie') {
    addCookies(search, at);
    return;
  }
  if (kind === 'authorization') {
    if (separator === ':' || separator === '=' || separator === ',') addAuthorization(search, at);
    return;
  }
  if (kind === 'putty') {
    addPutty(search, at);
    return;
  }
  if (kind === 'query' && separator !== '=') return;
  const before = codeOf(text, from - 1);
  const query = separator === '=' && (before === 63 || before === 38 || before === 35 || kind === 'query');
  const near = Math.max(0, from - 80);
  const lineStart = near + text.slice(near, from).lastIndexOf('\n') + 1;
  const env =
    separator === '=' &&
    at === to + 1 &&
    !query &&
    envLine.test(text.slice(lineStart, to)) &&
    /[A-Z]/.test(text.slice(from, to));
  const strict = separator === ' ' || separator === ',' || separator === '(' || separator === '|';
  const quotedOnly = separator === ',' || separator === '(' || separator === '|';
  if (separator === '>') {
    const close = text.slice(at, at + 4096).indexOf('<');
    const end = close < 0 ? -1 : at + close;
    if (close < 0 && text.length - at < 4096) leaveOpen(search, at);
    const value = end < 0 ? '' : text.slice(at, end);
    if (end >= 0 && isSecretValue(value, kind, { quoted: true, env: false, query: false, strict: false }))
      search.hits.push({ rule: 'assigned-secret', start: at, end, confidence: 'medium' });
    return;
  }
  if (kind === 'token' && separator === '=') {
    pairOfUser.lastIndex = at + (codeOf(text, at) === 32 ? 1 : 0);
    const pair = pairOfUser.exec(text);
    if (text.length - at < 256 && openPair.test(text.slice(at))) leaveOpen(search, at);
    if (
      pair?.[1] !== undefined &&
      isSecretValue(pair[1], 'password', { quoted: true, env: false, query: false, strict: true })
    ) {
      const end = pairOfUser.lastIndex - 1;
      search.hits.push({ rule: 'assigned-secret', start: end - pair[1].length, end, confidence: 'medium' });
      return;
    }
  }
  if (separator === ' ') {
    copula.lastIndex = at;
    if (copula.test(text)) at = copula.lastIndex;
    else if (/^pass$/i.test(text.slice(from, to))) return;
  }
  const read = readValue(text, at, { bare: !quotedOnly, env, query });
  if (read === undefined) return;
  if (read.open) leaveOpen(search, read.start);
  const flag = separator === '=' && text.startsWith('--', from);
  const how = { quoted: read.quoted, env, query: query || flag, strict: strict || read.wrapped };
  if (!isSecretValue(read.value, kind, how)) {
    if (read.end - read.start > 512) search.valuesUpTo = read.end;
    return;
  }
  search.hits.push({ rule: 'assigned-secret', start: read.start, end: read.end, confidence: 'medium' });
};

/** The name a value is assigned to when its type stands between them: `key: string = '…'`. */
export const typedName = (text: string, from: number, to: number): { from: number; to: number } | undefined => {
  const size = to - from;
  if (size === 3 && text.startsWith('set;', from)) {
    const property = /(\w{2,64})\s{0,4}\{\s{0,4}get;\s{0,4}(?:\w{1,16} )?$/.exec(
      text.slice(Math.max(0, from - 100), from),
    );
    if (property?.[1] === undefined) return undefined;
    const start = from - property[0].length;
    return { from: start, to: start + property[1].length };
  }
  if ((size !== 6 && size !== 3) || !typed.test(text.slice(from, to))) return undefined;
  const match = /([\w$]{2,64})[ \t]{0,4}:?[ \t]{0,4}(?:&(?:'\w{1,8} )?)?$/.exec(
    text.slice(Math.max(0, from - 80), from),
  );
  if (match?.[1] === undefined) return undefined;
  const start = from - match[0].length;
  const end = start + match[1].length;
  return mayName(text, start, end) ? { from: start, to: end } : undefined;
};
