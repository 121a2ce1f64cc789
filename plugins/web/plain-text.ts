/** Their content is no text of the page. */
const raw = new Set(['script', 'style', 'noscript', 'template', 'iframe', 'svg', 'textarea', 'select', 'head']);
const inline = new Set(
  'a abbr b bdi bdo big cite code data del dfn em font i ins kbd label mark q s samp small span strike strong sub sup time tt u var wbr'.split(
    ' ',
  ),
);

const named: Readonly<Partial<Record<string, string>>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  mdash: '—',
  ndash: '–',
  hellip: '…',
  copy: '©',
};

const decodeEntities = (text: string): string =>
  text.replace(
    /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,8}));/gi,
    (whole, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return named[name.toLowerCase()] ?? whole;
      const point = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
      return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : '';
    },
  );

/**
 * The words of a page without its tags, whatever its shape: it takes time by its length only. For pages no document can be
 * made of.
 */
export const plainText = (html: string): string => {
  const lower = html.toLowerCase();
  const parts: string[] = [];
  let at = 0;
  while (at < html.length) {
    const open = html.indexOf('<', at);
    parts.push(html.slice(at, open < 0 ? html.length : open));
    if (open < 0) break;
    if (html.startsWith('<!--', open)) {
      const end = html.indexOf('-->', open + 4);
      if (end < 0) break;
      at = end + 3;
      continue;
    }
    const [, slash, name] = /^<(\/?)([a-z][a-z0-9-]{0,30})/.exec(lower.slice(open, open + 40)) ?? [];
    const isTag = name !== undefined || html[open + 1] === '!' || html[open + 1] === '?';
    const close = isTag ? html.indexOf('>', open) : -1;
    if (!isTag) {
      parts.push('<');
      at = open + 1;
      continue;
    }
    if (close < 0) break;
    at = close + 1;
    if (name !== undefined && !inline.has(name)) parts.push('\n');
    if (name !== undefined && slash === '' && raw.has(name)) {
      const end = lower.indexOf(`</${name}`, at);
      // What never ends swallows the rest, as it does in a browser.
      if (end < 0) break;
      at = end;
    }
  }
  return decodeEntities(parts.join(''))
    .split('\n')
    .map((line) => line.replace(/[ \t\r]+/g, ' ').trim())
    .filter((line) => line !== '')
    .join('\n');
};
