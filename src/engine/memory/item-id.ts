// Crockford's base32, small: no i, l, o, u (https://www.crockford.com/base32.html, read 2026-11-27).
const digits = '0123456789abcdefghjkmnpqrstvwxyz';

const encode = (value: number, length: number): string => {
  let out = '';
  for (let rest = value; out.length < length; rest = Math.floor(rest / 32)) out = `${digits[rest % 32] ?? ''}${out}`;
  return out;
};

/** How ids look: `m_`, seven digits for the second, four by chance. */
export const itemIdPattern = /^m_[0-9a-hjkmnp-tv-z]{11}$/;

/** An id that sorts by time (to the second). @param chance a whole number from 0 to 2²⁰−1. */
export const itemId = (atMs: number, chance: number): string =>
  `m_${encode(Math.floor(atMs / 1000), 7)}${encode(chance, 4)}`;
