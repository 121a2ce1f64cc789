/** Text without the numbers a tool wrote before its lines, and the way back into the numbered one. */
export interface Unnumbered {
  readonly text: string;
  /** Where a character of `text` stands in the numbered text. */
  readonly rawAt: (offset: number) => number;
}

const mayHave = /(?:^|\n) {0,8}\d{1,7}[\t:-]/;
const numbered = / {0,8}(\d{1,7})([\t:-])/y;

/**
 * Takes off the numbers that `read`, `grep`, `cat -n` and the like put before neighbouring lines: a value that goes over
 * several lines is not recognised between them, and what stands for it must not hold them. Undefined when there are none.
 */
export const unnumbered = (text: string): Unnumbered | undefined => {
  const first = mayHave.exec(text);
  if (first === null) return undefined;
  const starts: number[] = [0];
  const removed: number[] = [0];
  let out = '';
  let copied = 0;
  let gone = 0;
  const cut = (at: number, length: number): void => {
    out += text.slice(copied, at);
    copied = at + length;
    gone += length;
    starts.push(out.length);
    removed.push(gone);
  };
  let before: { at: number; length: number; number: number; isTab: boolean; isCut: boolean } | undefined;
  for (let at = first.index === 0 && !text.startsWith('\n') ? 0 : first.index + 1; ;) {
    numbered.lastIndex = at;
    const match = numbered.exec(text);
    if (match === null) before = undefined;
    else {
      const line = { at, length: match[0].length, number: Number(match[1]), isTab: match[2] === '\t', isCut: false };
      // A number alone may be anything; two in a row count lines.
      if (before !== undefined && line.number === before.number + 1 && line.isTab === before.isTab) {
        if (!before.isCut) cut(before.at, before.length);
        cut(line.at, line.length);
        line.isCut = true;
      }
      before = line;
    }
    const next = text.indexOf('\n', at);
    if (next < 0) break;
    at = next + 1;
  }
  if (gone === 0) return undefined;
  const rawAt = (offset: number): number => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return offset + (removed[low] ?? 0);
  };
  return { text: out + text.slice(copied), rawAt };
};
