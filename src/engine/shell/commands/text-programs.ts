import type { Handler } from '../call.ts';
import { readOptions } from '../options.ts';
import type { Arg } from '../value.ts';

/** Skips `s/…/…/` and the like from the delimiter on; where the flags begin, undefined when it is not closed. */
const skipParts = (program: string, at: number, parts: number): number | undefined => {
  const delimiter = program.charAt(at);
  if (delimiter === '' || /[\s\\]/.test(delimiter)) return undefined;
  let left = parts;
  let inBracket = false;
  for (let i = at + 1; i < program.length; i += 1) {
    const c = program.charAt(i);
    if (c === '\\') i += 1;
    // Inside brackets of the first part sed and we might disagree on where it ends; then nothing is sure.
    else if (c === '[' && left === parts) inBracket = true;
    else if (c === ']') inBracket = false;
    else if (c === delimiter) {
      if (inBracket) return undefined;
      left -= 1;
      if (left === 0) return i + 1;
    }
  }
  return undefined;
};

const address = /(?:\d+(?:~\d+)?|\$|[+~]\d+)/y;

/** True when a sed program only changes and prints lines: no commands that run, read or write files. */
const isPlainSed = (program: string): boolean => {
  let at = 0;
  const skip = (pattern: RegExp): void => {
    pattern.lastIndex = at;
    at += pattern.exec(program)?.[0].length ?? 0;
  };
  while (at < program.length) {
    skip(/[\s;]*/y);
    if (at >= program.length) return true;
    for (let first = true; ; first = false) {
      address.lastIndex = at;
      const c = program.charAt(at);
      if (address.test(program)) at = address.lastIndex;
      else if (c === '/' || (c === '\\' && at + 1 < program.length)) {
        const end = skipParts(program, c === '/' ? at : at + 1, 1);
        if (end === undefined) return false;
        at = end;
        skip(/[IM]*/y);
      } else if (!first) return false;
      skip(/\s*/y);
      if (program.charAt(at) !== ',') break;
      at += 1;
      skip(/\s*/y);
    }
    skip(/[!\s]*/y);
    const command = program.charAt(at);
    at += 1;
    if (command === '{' || command === '}') continue;
    if (command === 's' || command === 'y') {
      const end = skipParts(program, at, 2);
      if (end === undefined) return false;
      at = end;
      if (command === 's') skip(/[gpiIMm\d]*/y);
    } else if (/[aic]/.test(command)) {
      // Its text goes on over line ends behind a backslash, so the rest is text or not: only the last command may.
      if (program.slice(at).includes('\n')) return false;
      return true;
    } else if (/[btT:]/.test(command)) skip(/[ \t]*[\w.-]*/y);
    else if (/[qQlL]/.test(command)) skip(/\s*\d*/y);
    else if (!/[pPdDnNgGhHxz=F]/.test(command)) return false;
    skip(/[ \t]*/y);
    if (at < program.length && !/[;}\n#]/.test(program.charAt(at))) return false;
    if (program.charAt(at) === '#') return false;
  }
  return true;
};

const sed: Handler = (call) => {
  const { operands, has, values } = readOptions(
    call,
    'e: expression: f! file! l: line-length: s separate u unbuffered n quiet silent E r regexp-extended z null-data i in-place sandbox debug posix follow-symlinks help version',
    { strict: true },
    call.args.map((arg): Arg =>
      /^-[nErsuz]*i./.test(arg.prefix) && arg.text !== undefined ? { ...arg, text: '-i', prefix: '-i' } : arg,
    ),
  );
  const inPlace = has('i', 'in-place');
  const given = values('e', 'expression');
  const [first, ...rest] = operands;
  const programs = has('e', 'expression') ? given : first ? [first] : [];
  // BSD sed takes the word behind -i as an ending: then the next one is the program.
  const files = has('e', 'expression') ? operands : rest;
  for (const program of programs)
    if (program.text === undefined) call.doubt('the sed program is only known when it runs');
    else if (!isPlainSed(program.text)) call.doubt('nobody looked into the sed program');
  // The parts of a program given in pieces are one text.
  if (given.length > 1 && !isPlainSed(given.map(({ text }) => text ?? '').join('\n')))
    call.doubt('nobody looked into the sed program');
  for (const file of files) {
    if (file.text === '-') continue;
    call.read(file);
    if (inPlace) call.write(file);
  }
  return undefined;
};

const awkWords =
  /\b(?:system|getline|close|fflush|ARGV|ARGC|ARGIND|SYMTAB|PROCINFO|FUNCTAB|extension|include|load|namespace|nextfile)\b|@|`/;

/** True when an awk program only prints what it reads. */
const isPlainAwk = (program: string): boolean => {
  // Without a slash no quote can be part of a regular expression, so texts can be told from code.
  const code = program.includes('/') ? program : program.replace(/"(?:[^"\\\n]|\\.)*"/g, '""');
  if (awkWords.test(code) || /(?<!\|)\|(?!\|)/.test(code)) return false;
  return !/print[^;}\n]*>/.test(code);
};

const awk: Handler = (call) => {
  const { operands, has } = readOptions(
    call,
    'F: field-separator: v: assign: f! file! i! include! l! load! E! exec! e! source! d! dump-variables! o! pretty-print! p! profile! D! debug! W! b c C g h I k L M n N O P r s S t V posix csv',
    { strict: true, leading: true },
  );
  if (has('v', 'assign') && call.args.some(({ prefix }) => prefix.includes('ENVIRON')))
    call.doubt('nobody looked into the awk program');
  const [program, ...files] = operands;
  if (!program) return undefined;
  if (program.text === undefined || !isPlainAwk(program.text)) call.doubt('nobody looked into the awk program');
  if (program.prefix.includes('ENVIRON')) call.scene.env('*');
  for (const file of files) if (file.text !== '-' && !/^[A-Za-z_]\w*=/.test(file.prefix)) call.read(file);
  return undefined;
};

const jq: Handler = (call) => {
  const pairs = new Set(['--arg', '--argjson', '--slurpfile', '--rawfile', '--argfile']);
  const rest: Arg[] = [];
  for (let at = 0; at < call.args.length; at += 1) {
    const arg = call.args[at];
    if (!arg) continue;
    if (!pairs.has(arg.text ?? '')) {
      rest.push(arg);
      continue;
    }
    const value = call.args[at + 2];
    if (value && (arg.text ?? '').endsWith('file')) call.read(value);
    at += 2;
  }
  const { operands, has } = readOptions(
    call,
    'f< from-file< L! library-path! indent: tab n null-input r raw-output R raw-input s slurp c compact-output C color-output M monochrome-output S sort-keys e exit-status j join-output a ascii-output args jsonargs stream seq',
    { strict: true },
    rest,
  );
  if (has('f', 'from-file')) call.doubt('nobody looked into the jq program');
  const [program, ...files] = has('f', 'from-file') ? [undefined, ...operands] : operands;
  if (program) {
    if (program.text === undefined || /\b(?:import|include|modulemeta)\b/.test(program.text))
      call.doubt('nobody looked into the jq program');
    if (/\benv\b|\$ENV/.test(program.prefix) || program.text === undefined) call.scene.env('*');
  }
  for (const file of files) if (file) call.read(file);
  return undefined;
};

const yq: Handler = (call) => {
  const { operands, has } = readOptions(
    call,
    'i inplace in-place P prettyPrint o: output-format: p: input-format: r unwrapScalar raw-output I: indent: e exit-status n null-input N no-doc C colors M no-colors y yaml-output Y j tojson s c',
    { strict: true },
  );
  for (const operand of operands) {
    if (/\b(?:load\w*|env|strenv|envsubst|eval|import|include|system)\b|\$ENV/.test(operand.text ?? 'env'))
      call.doubt('nobody looked into the yq program');
    call.read(operand);
    if (has('i', 'inplace', 'in-place')) call.write(operand);
  }
  return undefined;
};

/** Programs whose own small language decides what they do. */
export const textPrograms: Readonly<Record<string, Handler>> = {
  sed,
  gsed: sed,
  awk,
  gawk: awk,
  mawk: awk,
  nawk: awk,
  jq,
  yq,
};
