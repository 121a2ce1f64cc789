/** How a word is made: what tells a generated secret from a name or a sentence. */
export interface Make {
  letters: number;
  digits: number;
  /** Neither letter nor digit. */
  others: number;
  lower: boolean;
  upper: boolean;
  /** Mean length of stretches of one class; a capital belongs to the small letters behind it. */
  stretch: number;
  distinct: number;
  /** The longest stretch of one and the same character. */
  repeated: number;
}

const lowerKind = 1;
const upperKind = 2;
const digitKind = 3;

/** Counts what a word is made of. */
export const makeOf = (word: string): Make => {
  let digits = 0;
  let lower = 0;
  let upper = 0;
  let stretches = 0;
  let kindBefore = 0;
  let repeated = 1;
  let same = 1;
  let capitals = 0;
  const seen = new Set<number>();
  for (let at = 0; at < word.length; at++) {
    const code = word.charCodeAt(at);
    seen.add(code);
    same = at > 0 && code === word.charCodeAt(at - 1) ? same + 1 : 1;
    if (same > repeated) repeated = same;
    let kind = 0;
    if (code > 96 && code < 123) {
      kind = lowerKind;
      lower++;
    } else if (code > 64 && code < 91) {
      kind = upperKind;
      upper++;
    } else if (code > 47 && code < 58) {
      kind = digitKind;
      digits++;
    }
    const second = kind === lowerKind && kindBefore === upperKind;
    // Of several capitals only the last belongs to what follows: `HTTPServer` is two.
    if (kind !== 0 && kind !== kindBefore && (!second || capitals > 1)) stretches++;
    capitals = kind === upperKind ? capitals + 1 : 0;
    kindBefore = kind;
  }
  const letters = lower + upper;
  return {
    letters,
    digits,
    others: word.length - letters - digits,
    lower: lower > 0,
    upper: upper > 0,
    stretch: stretches === 0 ? word.length : (letters + digits) / stretches,
    distinct: seen.size,
    repeated,
  };
};

/** Whether a word is made like a key: letters and digits mixed as no name mixes them. */
export const looksRandom = (word: string, leastChars: number): boolean => {
  if (word.length < leastChars) return false;
  const { letters, digits, lower, upper, stretch, distinct, others } = makeOf(word);
  if (distinct < Math.min(8, word.length / 2) || others * 3 > word.length) return false;
  if (letters === 0) return false;
  if (digits === 0) return lower && upper && word.length >= 16 && stretch < 2.8;
  if (/^[0-9a-f]+$/.test(word) || /^[0-9A-F]+$/.test(word)) return word.length >= 16 && stretch < 5;
  return stretch < (word.length >= 40 && digits > 2 ? 4.2 : word.length >= 24 ? 3.4 : 2.9);
};

const words =
  /example|placeholder|change.?me|change.?it|changeit|dummy|redacted|insert|replace|your.{0,3}(?:key|token|secret|password|api)|\byour|my.?(?:secret|token|password|key)|fake|sample|foobar|foo.?bar|lorem|todo|undefined|\bnull\b|not.?set|removed|hidden|masked|censored|secret.?here|-here\b|_here\b|goes.?here|some.?(?:secret|token|password|key)/i;
const rows = ['1234567890123456', 'abcdefghijklmnopqrstuvwxyz', '0123456789abcdef', 'qwertyuiop'];

/** Whether a value only stands for a secret: documentation, a template, stars. Long generated values are asked less. */
export const isPlaceholder = (value: string): boolean => {
  const { repeated, distinct } = makeOf(value.slice(0, 256));
  if (
    distinct < 2 ||
    repeated >= 6 ||
    /^[[<{(*]|[\]>})]$|^\*|\*\*\*|\$\{|\{\{|\$\(|\.\.\.|…|^%[\w]+%$|<[a-z][\w -]*>/.test(value)
  )
    return true;
  const low = value.toLowerCase();
  if (value.length <= 64 && rows.some((row) => low.includes(row.slice(0, 8)))) return true;
  return value.length <= 80 ? words.test(value) : /example|placeholder|redacted/i.test(value.slice(0, 128));
};

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte;
  for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  return sum >>> 0;
});

/** The CRC-32 of ASCII text (the polynomial of zip and Ethernet). */
export const crc32 = (text: string): number => {
  let sum = 0xffffffff;
  for (let at = 0; at < text.length; at++) sum = (sum >>> 8) ^ (table[(sum ^ text.charCodeAt(at)) & 255] ?? 0);
  return (sum ^ 0xffffffff) >>> 0;
};

const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** A number in base 62, six places: how GitHub and npm write the checksum of a token. */
export const inBase62 = (value: number): string => {
  let rest = value;
  let out = '';
  for (let place = 0; place < 6; place++) {
    out = (base62[rest % 62] ?? '') + out;
    rest = Math.floor(rest / 62);
  }
  return out;
};
