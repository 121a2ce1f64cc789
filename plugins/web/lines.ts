/** Puts words into lines and blocks; white space never adds up. */
export interface Lines {
  /** True when all of it is one line. */
  readonly single: boolean;
  /** Text as it stands in a page. */
  words(text: string): void;
  /** What follows begins a line. */
  line(): void;
  /** What follows begins a block: an empty line is above it. */
  block(): void;
  /** Lines as they are. */
  verbatim(lines: readonly string[]): void;
  /** The next words begin with a mark; further lines of what `inside` writes are indented. */
  indented(mark: string, indent: string, inside: () => void): void;
  text(): string;
}

/** Lines to write to; or a single one, in which every break is a space. */
export const linesOf = (kind: 'many' | 'single'): Lines => {
  const parts: string[] = [];
  let indent = '';
  let mark: string | undefined;
  /** The indent of the empty lines above a mark. */
  let above = '';
  let breaks = 0;
  let space = false;
  const wantBreaks = (count: number): void => {
    if (kind === 'single') space = true;
    // Nothing breaks between a mark and its first word.
    else if (mark === undefined && parts.length > 0) breaks = Math.max(breaks, count);
  };
  const put = (text: string): void => {
    if (breaks > 0)
      parts.push('\n', `${(mark === undefined ? indent : above).trimEnd()}\n`.repeat(breaks - 1), mark ?? indent);
    else if (mark !== undefined) parts.push(mark);
    else if (space && parts.length > 0) parts.push(' ');
    mark = undefined;
    breaks = 0;
    space = false;
    parts.push(text);
  };
  return {
    single: kind === 'single',
    words: (text) => {
      const flat = text.replace(/\s+/g, ' ');
      const trimmed = flat.trim();
      space ||= flat.startsWith(' ');
      if (trimmed === '') return;
      put(trimmed);
      space = flat.endsWith(' ');
    },
    line: () => wantBreaks(1),
    block: () => wantBreaks(2),
    verbatim: (lines) => {
      for (const line of lines) {
        wantBreaks(1);
        put(line);
      }
      wantBreaks(1);
    },
    indented: (first, further, inside) => {
      const outer = indent;
      if (mark === undefined) above = outer;
      mark = `${mark ?? outer}${first}`;
      indent = outer + further;
      inside();
      indent = outer;
      mark = undefined;
    },
    text: () => `${parts.join('')}${space && kind === 'single' ? ' ' : ''}`,
  };
};
