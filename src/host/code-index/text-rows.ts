/** Where lines begin in a text, and what stands before an offset. Rows are 0-based. */
export interface TextRows {
  rowAt: (index: number) => number;
  /** The row of the last character before an offset that is no white space. */
  lastRow: (end: number) => number;
  /** True when nothing but white space stands before it on its line. */
  beginsLine: (index: number) => boolean;
  isBlank: (row: number) => boolean;
}

/** Finds rows in a text. */
export const textRows = (text: string): TextRows => {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  const rowAt = (index: number): number => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  return {
    rowAt,
    lastRow: (end) => {
      let at = end;
      while (at > 0 && /\s/.test(text.charAt(at - 1))) at -= 1;
      return rowAt(Math.max(0, at - 1));
    },
    isBlank: (row) => text.slice(starts[row], starts[row + 1]).trim() === '',
    beginsLine: (index) => text.slice(starts[rowAt(index)], index).trim() === '',
  };
};
