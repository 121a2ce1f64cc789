/** What is known of the text a variable, substitution or word stands for. */
export interface Value {
  /** The exact text; undefined when only the running command knows it. */
  readonly text: string | undefined;
  /** Not known, but names of files in or below this absolute folder, each of them a plain name without spaces. */
  readonly within?: string;
  /** The folder such names are seen from; they mean something else elsewhere. Left out when they are absolute. */
  readonly from?: string;
  /** Not known, but one of these absolute paths. */
  readonly among?: readonly string[];
  /** Only some of what lies within. */
  readonly partial?: true;
  /** Not known, but a whole number. */
  readonly numeric?: true;
  /** It may hold what came from the network. */
  readonly fromNet?: true;
}

/** One word of a command after all expansions. */
export interface Arg extends Value {
  /** As it was typed, to show what is not known. */
  readonly source: string;
  /** What it surely begins with when the rest is not known. */
  readonly prefix: string;
  /** It may turn out to be several words, or none. */
  readonly several?: true;
  /** It names the end of a pipe to commands looked at elsewhere (`<(…)`). */
  readonly channel?: 'read' | 'write';
}

/** Nothing is known of it. */
export const anything: Value = { text: undefined };

/** A number that is not known. */
export const someNumber: Value = { text: undefined, numeric: true };

/** A word whose text is known. */
export const known = (text: string, source = text): Arg => ({ text, source, prefix: text });

/** A text known to be this. */
export const literally = (text: string): Value => ({ text });

/** What is known when it may be the one or the other. */
export const either = (one: Value, other: Value): Value => {
  if (
    one.text === other.text &&
    one.within === other.within &&
    one.among === other.among &&
    one.from === other.from &&
    one.numeric === other.numeric
  ) {
    if (one.text !== undefined || one.fromNet === other.fromNet) return one;
  }
  return {
    text: undefined,
    ...(isNumber(one) && isNumber(other) ? { numeric: true } : {}),
    ...(one.fromNet || other.fromNet ? { fromNet: true } : {}),
  };
};

/** What is known of some lines of a text. */
export const linesOf = ({ text, within, from, among, partial, fromNet }: Value): Value => ({
  text: undefined,
  ...(text === undefined && within !== undefined ? { within } : {}),
  ...(text === undefined && from !== undefined ? { from } : {}),
  ...(text === undefined && among ? { among } : {}),
  ...(partial ? { partial } : {}),
  ...(fromNet ? { fromNet } : {}),
});

/** True when it is surely a whole number: arithmetic then runs no command hidden in it. */
export const isNumber = (value: Value): boolean =>
  value.numeric === true || (value.text !== undefined && /^\s*[-+]?\d*\s*$/.test(value.text));
