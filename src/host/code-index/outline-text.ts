/** Characters of a signature; the contract of a chunk says so too. */
const signatureLength = 200;
/** Characters of a comment that are kept. */
const docLength = 1000;

const decorator = /^(?:@[\w.]+(?:\((?:[^()]|\([^()]*\))*\))?\s+|#?\[[^\]]{0,500}\]\s*\n\s*)/;

/**
 * The first lines of a definition up to its body, on one line.
 * @param at.outer where something begins that only makes it visible, such as `export`.
 */
export const signatureOf = (text: string, at: { start: number; outer?: number | undefined; body: number }): string => {
  const { start, outer = start, body } = at;
  // Not decorators on lines before.
  const line = text.slice(outer, start).split('\n').at(-1) ?? '';
  const isPlain = line.length < 40 && /^[\w\s]*$/.test(line);
  let source = text.slice(isPlain ? start - line.length : start, Math.min(body, start + 1500));
  source = source
    .replace(/^[ \t]*(?:\/\/|#(?!\[)).*$/gm, '')
    .replace(/\/\*[^*]*\*+(?:[^/*][^*]*\*+)*\//g, ' ')
    .trimStart();
  for (let more = decorator.exec(source); more; more = decorator.exec(source)) source = source.slice(more[0].length);
  const whole = source.replace(/\s+/g, ' ').trim();
  const bare = whole.replace(/(?: ?(?:\{|=>|=|:|;|\())+$/, '').trimEnd() || whole;
  return bare.length > signatureLength ? `${bare.slice(0, signatureLength - 1)}…` : bare;
};

/** Comments that talk to programs. */
const directive =
  /^(?:#!|eslint|@ts-|prettier-ignore|biome-ignore|istanbul|c8 |v8 |noqa|type: ?ignore|pylint|pragma|rubocop|nolint|go:|\+build|frozen_string_literal|shellcheck|NOLINT|region|endregion)/;

const openings = /^\s*(?:\/\*+!?|\/\/[/!]*|#+!?|--+|;+|<!--|\*+(?!\/))?[ \t]?/;

/** What a comment says, without its marks and what it says to programs. */
export const docOf = (comment: string): string => {
  const lines = comment
    .slice(0, 4 * docLength)
    .split('\n')
    .map((line) =>
      line
        .replace(/\s*(?:\*+\/|-->)\s*$/, '')
        .replace(openings, '')
        .trimEnd(),
    )
    .map((line) => line.replace(/<\/?(?:summary|remarks|para|returns|param|c|see)\b[^<>]*>/g, ''))
    .filter((line) => !directive.test(line) && !/^[\s=*#/~-]*$/.test(line));
  const doc = lines.join('\n').trim();
  return doc.length > docLength ? `${doc.slice(0, docLength - 1)}…` : doc;
};
