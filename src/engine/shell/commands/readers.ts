import type { Call, Handler } from '../call.ts';
import { readOptions } from '../options.ts';
import { anything, linesOf, literally, someNumber, type Value } from '../value.ts';

/** Reads every operand, and what its options name. */
const reader =
  (specification = '', out?: (call: Call) => Value | undefined): Handler =>
  (call) => {
    const { operands } = readOptions(call, specification);
    for (const operand of operands) if (operand.text !== '-') call.read(operand);
    return out?.(call) ?? (call.stdin.value.fromNet ? { text: undefined, fromNet: true } : undefined);
  };

/** Filters that print some of the lines they read: names stay names. */
const passing =
  (specification = ''): Handler =>
  (call) => {
    const { operands, has } = readOptions(call, specification);
    for (const operand of operands) if (operand.text !== '-') call.read(operand);
    // Bytes cut out of names may be another name.
    return operands.length > 0 || has('c', 'bytes') ? undefined : linesOf(call.stdin.value);
  };

const numbers = (): Value => someNumber;

const cat: Handler = (call) => {
  const { operands } = readOptions(call, '');
  for (const operand of operands) if (operand.text !== '-') call.read(operand);
  const fetched = operands.some(({ text }) => text !== undefined && isFetched(call, text));
  if (fetched) return { text: undefined, fromNet: true };
  return operands.every(({ text }) => text === '-') ? call.stdin.value : anything;
};

/** True when a file was made from what came from the network. */
export const isFetched = (call: Call, path: string): boolean =>
  path.startsWith('/')
    ? call.scene.isFetched(path)
    : (call.state.cwds ?? []).some((cwd) => call.scene.isFetched(`${cwd}/${path}`));

/** Folders are listed, not read through. */
const list: Handler = (call) => {
  const { operands } = readOptions(
    call,
    'I: ignore: hide: w: width: T: tabsize: L: level: P: s: sort: time: format: color indicator-style: quoting-style: time-style: git-ignore',
  );
  if (operands.length === 0) call.read({ text: '.', source: '.', prefix: '.' });
  for (const operand of operands) call.read(operand);
  return undefined;
};

const du: Handler = (call) => {
  const { operands, has } = readOptions(
    call,
    'd: max-depth: t: threshold: B: block-size: exclude: X< exclude-from< files0-from< time-style: c: l',
  );
  if (has('files0-from')) call.doubt('it looks at files that are named in a file');
  for (const operand of operands) call.read(operand);
  if (operands.length === 0) call.read({ text: '.', source: '.', prefix: '.' });
  return undefined;
};

/** The second operand of `uniq`, `xxd` and the like is written. */
const intoSecond =
  (specification: string): Handler =>
  (call) => {
    const { operands } = readOptions(call, specification);
    const [from, to] = operands;
    if (from && from.text !== '-') call.read(from);
    if (to && to.text !== '-') call.write(to);
    return from || call.name !== 'uniq' ? undefined : linesOf(call.stdin.value);
  };

const sort: Handler = (call) => {
  const specification =
    'o> output> t: field-separator: k: key: S: buffer-size: T> temporary-directory> batch-size: parallel: sort: random-source< files0-from< compress-program! r reverse n numeric-sort u unique f ignore-case b ignore-leading-blanks d dictionary-order g general-numeric-sort h human-numeric-sort V version-sort M month-sort R random-sort s stable z zero-terminated c C check m merge i ignore-nonprinting debug help version';
  const { operands, has } = readOptions(call, specification, { strict: true });
  if (has('files0-from')) call.doubt('it reads files that are named in a file');
  for (const operand of operands) if (operand.text !== '-') call.read(operand);
  return operands.length > 0 ? undefined : linesOf(call.stdin.value);
};

const diff: Handler = (call) => {
  const { operands, has } = readOptions(
    call,
    'U: unified C: context I: ignore-matching-lines: x: exclude: X< exclude-from< S: starting-file: from-file< to-file< F: show-function-line: label: L: W: width: color horizon-lines: tabsize: D: ifdef: line-format: GTYPE-group-format: palette: i: bytes: n: ignore-initial: r recursive',
  );
  for (const operand of operands)
    if (operand.text !== '-') call.read(operand, { deep: has('r', 'recursive'), follow: has('r', 'recursive') });
  return undefined;
};

const file: Handler = (call) => {
  const { operands, has } = readOptions(
    call,
    'f< files-from< m< magic-file< F: separator: e: exclude: P: parameter: C compile',
  );
  if (has('C', 'compile')) call.doubt('file -C writes a magic file');
  if (has('f', 'files-from')) call.doubt('it reads files that are named in a file');
  for (const operand of operands) call.read(operand);
  return undefined;
};

const countFiles: Handler = (call) => {
  const { operands, has } = readOptions(call, 'files0-from<');
  if (has('files0-from')) call.doubt('it reads files that are named in a file');
  for (const operand of operands) if (operand.text !== '-') call.read(operand);
  return someNumber;
};

const pager: Handler = (call) => {
  const specification =
    'p: pattern: P: prompt: x: tabs: b: buffers: j: jump-target: z: window: o> log-file> O> LOG-FILE> k! lesskey-file! lesskey-src! lesskey-content! lesskey-context! t! tag! T< tag-file< N LINE-NUMBERS S chop-long-lines R RAW-CONTROL-CHARS r F quit-if-one-screen X no-init i ignore-case I n e E f g G K M m q Q s u U w W';
  const { operands } = readOptions(call, specification, { strict: true });
  for (const operand of operands) {
    if (operand.prefix.startsWith('+')) call.doubt(`${call.name} runs commands given with +`);
    else call.read(operand);
  }
  return call.stdin.value;
};

const bat: Handler = (call) => {
  const { operands, unknown } = readOptions(
    call,
    'l: language: H: highlight-line: r: line-range: style: theme: color: paging: wrap: terminal-width: tabs: file-name: italic-text: decorations: m: map-syntax: pager! p plain n number A show-all',
  );
  if (unknown.length > 0 || operands.some(({ text }) => text === 'cache'))
    call.doubt(`nobody looked into ${call.name} ${unknown[0] ?? 'cache'}`);
  for (const operand of operands) call.read(operand);
  return undefined;
};

const man: Handler = (call) => {
  const { unknown, operands } = readOptions(
    call,
    'k f apropos whatis a all w where path s: S: sections: K i I P! pager! H! html! C! config-file! l! local-file! M! manpath! m! p! preprocessor! X! gxditview! T! troff-device! Z!',
  );
  if (unknown.length > 0) call.doubt(`nobody looked into man ${unknown[0] ?? ''}`);
  // A page with a slash in its name is a file.
  for (const operand of operands) if (operand.prefix.includes('/')) call.read(operand);
  return undefined;
};

const xxd = intoSecond('s: seek: l: len: c: cols: g: groupsize: o: n: name: R:');

const dirname: Handler = (call) => {
  const [only, ...others] = readOptions(call, 'a s: z multiple suffix:').operands;
  return only?.text !== undefined && others.length === 0 && call.name === 'dirname'
    ? literally(only.text.replace(/\/+[^/]*\/*$/, '') || (only.text.startsWith('/') ? '/' : '.'))
    : undefined;
};

const date: Handler = (call) => {
  const { has, values } = readOptions(
    call,
    'd: date: f< file< r< reference< s: set: u I iso-8601 R rfc-email rfc-3339: utc',
    { strict: true },
  );
  if (has('s', 'set')) call.program();
  const formats = call.args.filter(({ text }) => text?.startsWith('+'));
  return formats.some(({ text }) => /^\+(?:%[sYmdHMSNj])+$/.test(text ?? '')) && values('f').length === 0
    ? someNumber
    : undefined;
};

const seq: Handler = () => undefined;

/** Programs that read files and print; whatever else their options name is read too. */
export const readers: Readonly<Record<string, Handler>> = {
  cat,
  tac: reader('s: separator:'),
  nl: reader('b: body-numbering: d: f: h: i: l: n: number-format: s: v: w:'),
  rev: reader(),
  head: passing('n: lines: c: bytes:'),
  tail: passing('n: lines: c: bytes: s: sleep-interval: pid: max-unchanged-stats:'),
  tr: (call) =>
    call.args.length === 2 && call.args[0]?.text === '\\n' && /^(?: |\\0)$/.test(call.args[1]?.text ?? '')
      ? linesOf(call.stdin.value)
      : undefined,
  wc: countFiles,
  od: reader('A: address-radix: j: skip-bytes: N: read-bytes: S: strings: t: format: w: width endian:'),
  hexdump: reader('e: f< n: s:'),
  hd: reader('e: f< n: s:'),
  xxd,
  strings: reader('n: bytes: t: radix: e: encoding: T: target: s: output-separator:'),
  base64: reader('w: wrap: i< b:'),
  base32: reader('w: wrap:'),
  basenc: reader('w: wrap:'),
  md5sum: reader(),
  sha1sum: reader(),
  sha224sum: reader(),
  sha256sum: reader(),
  sha384sum: reader(),
  sha512sum: reader(),
  shasum: reader('a: algorithm:'),
  md5: reader('s:'),
  b2sum: reader('l: length:'),
  cksum: reader('a: algorithm: l: length:'),
  sum: reader(),
  cut: reader('d: delimiter: f: fields: c: characters: b: bytes: output-delimiter:'),
  paste: reader('d: delimiters:'),
  join: reader('1: 2: a: e: j: o: t: v:'),
  comm: reader('output-delimiter:'),
  fold: reader('w: width:'),
  fmt: reader('w: width: g: goal: p: prefix:'),
  expand: reader('t: tabs:'),
  unexpand: reader('t: tabs: first-only'),
  pr: reader('h: header: l: length: w: width: W: o: indent: D: date-format: N: s S'),
  column: reader(
    't s: separator: o: output-separator: c: output-width: N: table-columns: H: table-hide: R: O: d: n: table-name: W: E: T: L: l: J',
  ),
  tsort: reader(),
  cmp: reader('i: ignore-initial: n: bytes:'),
  diff,
  colordiff: diff,
  diff3: reader('label: L: diff-program!'),
  sdiff: reader('o> output> w: width: I: diff-program!'),
  file,
  stat: reader('c: format: printf: f t:'),
  jless: reader(),
  zcat: reader('S:'),
  gzcat: reader(),
  bzcat: reader(),
  xzcat: reader(),
  lzcat: reader(),
  zstdcat: reader(),
  zless: pager,
  zmore: pager,
  less: pager,
  more: pager,
  most: pager,
  bat,
  batcat: bat,
  man,
  uniq: intoSecond('f: skip-fields: s: skip-chars: w: check-chars: group all-repeated'),
  sort,
  shuf: reader('n: head-count: i: input-range: o> output> random-source< e echo'),
  ls: list,
  dir: list,
  vdir: list,
  ll: list,
  exa: list,
  eza: list,
  tree: list,
  du,
  df: reader('B: block-size: t: type: x: exclude-type: output'),
  readlink: reader(),
  realpath: reader('relative-to: relative-base:'),
  basename: dirname,
  dirname,
  date,
  seq,
  iconv: reader('f: from-code: t: to-code: o> output>'),
  cloc: reader('exclude-dir: include-lang: include-ext: exclude-lang: exclude-ext:'),
  nproc: numbers,
  expr: () => undefined,
  bc: reader('e: expression: f< file<'),
  numfmt: () => undefined,
  factor: () => undefined,
};
