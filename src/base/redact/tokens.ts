import { leaveOpen, type Search } from './hits.ts';
import { isPlaceholder, looksRandom } from './randomness.ts';
import { tokenFormats, type TokenFormat } from './token-formats.ts';

interface Matcher extends TokenFormat {
  pattern: RegExp;
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');

// By the first two characters: a number into `groups`, 0 for none.
const slots = new Uint8Array(128 * 128);
const groups: Matcher[][] = [[]];
for (const format of tokenFormats) {
  const slot = format.prefix.charCodeAt(0) * 128 + format.prefix.charCodeAt(1);
  if (slots[slot] === 0) slots[slot] = groups.push([]) - 1;
  groups[slots[slot] ?? 0]?.push({ ...format, pattern: new RegExp(escaped(format.prefix) + format.body, 'y') });
}

/** Whether a token could begin with these two characters. */
export const mayBegin = (first: number, second: number): boolean =>
  first < 128 && second < 128 && slots[first * 128 + second] !== 0;

const piece = /[A-Za-z0-9_\-.+/=~]*/y;
// Between the parts of one string, or of one word that a terminal, a mail or a shell broke.
const joints = [
  /["'`][ \t]*(?:\+|\.{1,2}|&|~|<>|,)?[ \t]*\\?(?:\r?\n[+>| \t]{0,64})?(?:\+|\.{1,2}|&)?[ \t]*["'`](?=[A-Za-z0-9_.-])/y,
  /\\\r?\n[ \t]*/y,
  /(?:\r?\n|\\+n)[ \t]{0,64}(?:[>+|] ?)?(?=[A-Za-z0-9_.-])/y,
];
const openJoint =
  /^(?:["'`][ \t]*(?:\+|\.{1,2}|&|~|<>|,)?[ \t]*\\?(?:\r?(?:\n[+>| \t]*)?)?(?:\+|\.{1,2}|&)?[ \t]*["'`]?|\\?\r?\n?[ \t]*(?:[>+|] ?)?|\\+n?[ \t]*(?:[>+|] ?)?)$/;
const mostPieces = 12;

interface Joined {
  value: string;
  /** Where each piece begins, in the value and in the text. */
  starts: (readonly [number, number])[];
  /** A bare line end was crossed. */
  lines: boolean;
  open: boolean;
}

/** Whether another token begins here: then it is no part of the one before. */
const beginsToken = (text: string, at: number): boolean =>
  (groups[slots[text.charCodeAt(at) * 128 + text.charCodeAt(at + 1)] ?? 0] ?? []).some(
    ({ prefix }) => prefix.length > 3 && text.startsWith(prefix, at),
  );

const joinedAt = (text: string, at: number): Joined | undefined => {
  const joined: Joined = { value: '', starts: [], lines: false, open: false };
  let pos = at;
  while (joined.starts.length < mostPieces) {
    piece.lastIndex = pos;
    const part = (piece.exec(text)?.[0] ?? '').slice(0, 4096);
    joined.starts.push([joined.value.length, pos]);
    joined.value += part;
    pos += part.length;
    if (pos >= text.length || (text.length - pos < 80 && openJoint.test(text.slice(pos)))) joined.open = true;
    // Quoted-printable ends a broken line with an equals sign.
    const soft = part.endsWith('=') && (text[pos] === '\n' || text[pos] === '\r');
    if (soft) joined.value = joined.value.slice(0, -1);
    const which = joints.findIndex((joint) => {
      joint.lastIndex = pos;
      return joint.test(text);
    });
    const joint = joints[which];
    if (joint === undefined || beginsToken(text, joint.lastIndex)) break;
    if (which === 2 && !soft) joined.lines = true;
    pos = joint.lastIndex;
  }
  return joined.starts.length < 2 && !joined.open ? undefined : joined;
};

const textOffset = (joined: Joined, end: number): number => {
  const [from, at] = joined.starts.findLast(([start]) => start < end) ?? [0, 0];
  return at + end - from;
};

const add = (search: Search, matcher: Matcher, token: string, start: number, end: number): boolean => {
  if (isPlaceholder(token.slice(matcher.prefix.length))) return false;
  const verdict = matcher.check(token);
  if (verdict === 'none') return false;
  const url = matcher.rule.endsWith('-webhook')
    ? /https?:\/\/[\w.-]*\/?$/.exec(search.text.slice(Math.max(0, start - 80), start))
    : null;
  search.hits.push({
    rule: matcher.rule,
    start: start - (url?.[0].length ?? 0),
    end,
    confidence: verdict,
    shown: matcher.prefix,
  });
  return true;
};

/** The longer token that a line end or a pair of quotes cut in two, when there is one. */
const splitToken = (search: Search, matcher: Matcher, at: number, whole: string | undefined): number | undefined => {
  const joined = joinedAt(search.text, at);
  if (joined === undefined) return undefined;
  if (joined.open) leaveOpen(search, at);
  if (joined.starts.length < 2) return undefined;
  matcher.pattern.lastIndex = 0;
  const token = matcher.pattern.exec(joined.value)?.[0];
  if (token === undefined || token.length <= (whole?.length ?? 0)) return undefined;
  const end = textOffset(joined, token.length);
  // A whole token stays one, unless what follows is made like it and no checksum says that it is complete.
  if (whole !== undefined) {
    if (matcher.check(whole) === 'high' && matcher.check(token) !== 'high') return undefined;
    if (!looksRandom(token.slice(whole.length), 8)) return undefined;
  }
  if (joined.lines) {
    // What merely stands on the next line is no part of it: each further piece must be made like one.
    const firstEnd = joined.starts[1]?.[0] ?? 0;
    const rest = token.slice(firstEnd);
    const endsPiece =
      joined.starts.some(([start]) => start === token.length) ||
      token.length === joined.value.length ||
      !/[A-Za-z0-9]/.test(joined.value[token.length] ?? '');
    if (
      !endsPiece ||
      !(looksRandom(rest, 4) || matcher.check(token) === 'high') ||
      (whole !== undefined && !looksRandom(rest, 12))
    )
      return undefined;
  }
  return add(search, matcher, token, at, end) ? end : undefined;
};

/** A token that begins at `at`, within a word that ends at `to`; returns where it ends. */
export const tokenAt = (search: Search, at: number, to: number): number | undefined => {
  const { text } = search;
  const group = slots[text.charCodeAt(at) * 128 + text.charCodeAt(at + 1)] ?? 0;
  if (group === 0) return undefined;
  for (const matcher of groups[group] ?? []) {
    if (!text.startsWith(matcher.prefix, at)) continue;
    const { pattern } = matcher;
    pattern.lastIndex = at;
    const token = pattern.exec(text)?.[0];
    const end = token === undefined ? to : at + token.length;
    if (end >= text.length) leaveOpen(search, at);
    const split = matcher.joins && end >= to ? splitToken(search, matcher, at, token) : undefined;
    if (split !== undefined) return split;
    if (token !== undefined && add(search, matcher, token, at, end)) return end;
  }
  return undefined;
};

const azure = /[A-Za-z0-9_~.]{3}\dQ~[A-Za-z0-9_~.-]{31,34}/y;
const hashed = /[0-9a-f]{32}-us\d{1,2}(?![A-Za-z0-9])/y;
const telegram = /:AA[A-Za-z0-9_-]{32,34}(?![A-Za-z0-9])/y;
const terraform = /\.atlasv1\.[A-Za-z0-9_=-]{60,90}/y;

/** Formats that are known by something in their middle: Azure AD (`Q~`), Mailchimp (`-us1`), Terraform, Telegram. */
export const innerTokenAt = (search: Search, from: number, to: number): void => {
  const { text } = search;
  const tilde = text.charCodeAt(to) === 126 && text.charCodeAt(to - 1) === 81 ? to - 5 : -1;
  const push = (rule: string, start: number, end: number): void => {
    search.hits.push({ rule, start, end, confidence: 'high' });
    if (end >= text.length) leaveOpen(search, start);
  };
  if (tilde >= from) {
    azure.lastIndex = tilde;
    if (azure.test(text) && !isPlaceholder(text.slice(tilde + 6, azure.lastIndex)))
      push('azure-client-secret', tilde, azure.lastIndex);
    else if (text.length - to < 40) leaveOpen(search, tilde);
  }
  if (text.charCodeAt(to) === 58 && to - from <= 13 && to - from >= 8) {
    telegram.lastIndex = to;
    const id = /\d{8,10}$/.exec(text.slice(from, to))?.[0];
    if (id !== undefined && telegram.test(text)) push('telegram-token', to - id.length, telegram.lastIndex);
    else if (id !== undefined && text.length - to < 40) leaveOpen(search, to - id.length);
  }
  if (to - from < 32) return;
  const word = text.slice(from, Math.min(to, from + 256));
  const us = word.indexOf('-us');
  if (us >= 32) {
    hashed.lastIndex = from + us - 32;
    if (hashed.test(text)) push('mailchimp-key', from + us - 32, hashed.lastIndex);
  }
  const atlas = word.indexOf('.atlasv1.');
  if (atlas >= 0) {
    terraform.lastIndex = from + atlas;
    if (terraform.test(text)) push('terraform-token', from + Math.max(0, atlas - 14), terraform.lastIndex);
  }
};
