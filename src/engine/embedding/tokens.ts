const unknown = 0;
const other = 1;
const plain = 2;
const dense = 3;
const wordy = /[\p{L}\p{N}\p{M}_$]/u;
/** Scripts that put no space between words: kana, Chinese characters and what is written like them. */
const spaceless = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\u30fc\u3005]/u;
const kinds = new Uint8Array(0x10000);

/** A half of a pair counts as a letter, so that rare scripts and emoji are words too. */
const kindOf = (unit: number): number => {
  const known = kinds[unit] ?? other;
  if (known !== unknown) return known;
  const char = String.fromCharCode(unit);
  const kind =
    unit >= 0xd800 && unit <= 0xdfff ? plain : !wordy.test(char) ? other : spaceless.test(char) ? dense : plain;
  kinds[unit] = kind;
  return kind;
};

const apostrophe = 0x27;
const curly = 0x2019;
const n = 0x6e;
const t = 0x74;

/** Longer runs are cut: nobody writes such words. */
const longest = 64;

/** Hears of a text's words. */
export interface TokenReader {
  /** A run of letters, digits, `_` and `$`, from `start` to before `end`. */
  token(start: number, end: number): void;
  /** A run of a script without spaces. */
  dense(start: number, end: number): void;
  /** The end of a shortened `not`, as in `don't`. */
  not(): void;
  /** What came before and what comes after do not belong together: a line or a sentence ended. */
  gap(): void;
}

/** Reads a part of a text. Looks at each code unit once and makes no strings. */
export const readTokens = (text: string, from: number, to: number, reader: TokenReader): void => {
  let at = from;
  while (at < to) {
    const unit = text.charCodeAt(at);
    const kind = kindOf(unit);
    if (kind === other) {
      const isShort = unit === apostrophe || unit === curly;
      if (isShort && at > from && text.charCodeAt(at - 1) === n && text.charCodeAt(at + 1) === t) {
        reader.not();
        at += 2;
        continue;
      }
      if (unit === 10 || unit === 0x2e || unit === 0x3b) reader.gap();
      at++;
      continue;
    }
    const start = at++;
    const most = Math.min(to, start + longest);
    while (at < most && kindOf(text.charCodeAt(at)) === kind) at++;
    // A pair is not cut through.
    if (at === start + longest && at < to && (text.charCodeAt(at) & 0xfc00) === 0xdc00) at++;
    if (kind === dense) reader.dense(start, at);
    else reader.token(start, at);
  }
};
