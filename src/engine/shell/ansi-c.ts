const simple: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  e: 27,
  E: 27,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  '\\': 92,
  "'": 39,
  '"': 34,
  '?': 63,
};

const octal = /[0-7]{1,3}/y;
const hex = /x([0-9A-Fa-f]{1,2})/y;
const unicode = /u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})/y;
const control = /c([\s\S])/y;

const matchAt = (pattern: RegExp, source: string, at: number): RegExpExecArray | null => {
  pattern.lastIndex = at;
  return pattern.exec(source);
};

/**
 * Decodes the inside of `$'…'` from an offset after its quote; undefined when it is not closed before `end`. Bytes are put
 * together as UTF-8, and a NUL ends the text, as in bash.
 */
export const decodeAnsiC = (source: string, start: number, end: number): { text: string; end: number } | undefined => {
  const bytes: number[] = [];
  const encoder = new TextEncoder();
  let stopped = false;
  const push = (...added: number[]): void => {
    if (added.includes(0)) stopped = true;
    if (!stopped) bytes.push(...added);
  };
  const pushPoint = (point: number): void =>
    push(...(point === 0 || point > 0x10ffff ? [0] : encoder.encode(String.fromCodePoint(point))));
  let at = start;
  while (at < end) {
    const c = source.charAt(at);
    if (c === "'") return { text: new TextDecoder().decode(new Uint8Array(bytes)), end: at + 1 };
    if (c !== '\\') {
      const point = source.codePointAt(at) ?? 0;
      pushPoint(point);
      at += point > 0xffff ? 2 : 1;
      continue;
    }
    at += 1;
    const next = source.charAt(at);
    const code = simple[next];
    const number = matchAt(octal, source, at);
    const byte = matchAt(hex, source, at);
    const point = matchAt(unicode, source, at);
    const ctrl = matchAt(control, source, at);
    if (code !== undefined) {
      push(code);
      at += 1;
    } else if (number) {
      push(parseInt(number[0], 8) & 0xff);
      at += number[0].length;
    } else if (byte) {
      push(parseInt(byte[1] ?? '', 16));
      at += byte[0].length;
    } else if (point) {
      pushPoint(parseInt(point[1] ?? point[2] ?? '', 16));
      at += point[0].length;
    } else if (ctrl) {
      push((ctrl[1]?.charCodeAt(0) ?? 0) & 0x1f);
      at += ctrl[0].length;
    } else push(92);
  }
  return undefined;
};
