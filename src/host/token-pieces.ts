/**
 * A piece of text that can be counted by itself. `hard` ones are slow to count: a tokeniser's time grows with the square of
 * a run without a break, and letters outside of ASCII are several bytes each.
 */
export interface TextPiece {
  text: string;
  hard: boolean;
}

/** Length of an ordinary piece: it ends at the next word after that. */
const pieceLength = 1024;
/** The longest run of one kind; a longer one is cut, which costs a token or two. */
const longestRun = 256;

type Kind = 'space' | 'letter' | 'sign' | 'other';

/** Tokenisers end a run where the kind changes, and after three digits anyway. What is not ASCII may be of any kind. */
const kindOf = (code: number): Kind => {
  if (code > 127) return 'other';
  if (code === 32 || (code >= 9 && code <= 13)) return 'space';
  const lower = code | 32;
  return lower >= 97 && lower <= 122 ? 'letter' : 'sign';
};
const isDigit = (code: number): boolean => code >= 48 && code <= 57;

/**
 * Cuts a text where tokenisers cut it anyway, before a space that follows a word, and elsewhere only what is one run of
 * more than 256 characters. Takes time in proportion to the text.
 */
export function* textPieces(text: string): Generator<TextPiece> {
  let start = 0;
  let run = 0;
  let foreign = 0;
  let kind: Kind = 'space';
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    const here = kindOf(code);
    const length = at - start;
    // The halves of a character stay together.
    const isRunFull = run >= longestRun && (code & 0xfc00) !== 0xdc00;
    if (isRunFull || (length >= pieceLength && code === 32 && kind !== 'space')) {
      yield { text: text.slice(start, at), hard: isRunFull || foreign * 4 > length };
      start = at;
      run = 0;
      foreign = 0;
    }
    if (isDigit(code)) run = 0;
    else if (here === kind || here === 'other' || kind === 'other') run += 1;
    else run = 1;
    kind = here;
    if (here === 'other') foreign += 1;
  }
  if (start < text.length)
    yield { text: text.slice(start), hard: run >= longestRun || foreign * 4 > text.length - start };
}
