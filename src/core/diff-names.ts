const escapes: Record<string, number> = { a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13 };

/** What git wrote as `"a\tb\303\274"`, and how many characters of the text it took. */
const unquote = (text: string): { name: string; length: number } => {
  const bytes: number[] = [];
  let at = 1;
  while (at < text.length && text[at] !== '"') {
    if (text[at] !== '\\') {
      // Of a name with letters that git left as they are.
      const point = text.codePointAt(at) ?? 0;
      bytes.push(...new TextEncoder().encode(String.fromCodePoint(point)));
      at += point > 0xffff ? 2 : 1;
      continue;
    }
    const octal = /^[0-3][0-7]{2}/.exec(text.slice(at + 1, at + 4))?.[0];
    const next = text[at + 1] ?? '';
    bytes.push(octal === undefined ? (escapes[next] ?? next.charCodeAt(0)) : Number.parseInt(octal, 8));
    at += octal === undefined ? 2 : 4;
  }
  return { name: new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes)), length: at + 1 };
};

/** A name as it stands in a patch, with git's quotes taken off, and without the tab that ends names with spaces. */
export const plainName = (text: string): string => {
  if (text.startsWith('"')) return unquote(text).name;
  const tab = text.indexOf('\t');
  return tab < 0 ? text : text.slice(0, tab);
};

/** Both names of `diff --git`, with one space between them and without quotes. */
export const plainNames = (text: string): string => {
  if (text.startsWith('"')) {
    const { name, length } = unquote(text);
    const rest = text.slice(length + 1);
    return `${name} ${rest.startsWith('"') ? unquote(rest).name : rest}`;
  }
  const second = text.endsWith('"') ? text.indexOf(' "') : -1;
  return second < 0 ? text : `${text.slice(0, second)} ${unquote(text.slice(second + 1)).name}`;
};

/** The name that `a/x b/x` tells twice; undefined when the two differ. */
export const sameName = (names: string): string | undefined => {
  const middle = (names.length - 1) / 2;
  const before = names.slice(0, middle).replace(/^[^/]*\//, '');
  const after = names.slice(middle + 1).replace(/^[^/]*\//, '');
  return Number.isInteger(middle) && before === after ? before : undefined;
};
