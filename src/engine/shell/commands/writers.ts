import { basename } from 'node:path';
import type { Call, Handler } from '../call.ts';
import { readOptions } from '../options.ts';
import { deviceDanger } from '../redirects.ts';
import { known, literally, type Arg } from '../value.ts';

/** The name a file gets inside a folder. */
const inside = (folder: Arg, file: Arg): Arg =>
  folder.text === undefined || file.text === undefined
    ? { ...folder, text: undefined, prefix: folder.prefix }
    : known(`${folder.text.replace(/\/+$/, '')}/${basename(file.text)}`);

const isFolder = (call: Call, path: Arg): boolean => {
  if (path.text === undefined) return true;
  const { text } = path;
  if (/(?:^|\/)\.{0,2}\/*$/.test(text)) return true;
  const places = text.startsWith('/') ? [text] : (call.state.cwds ?? []).map((cwd) => `${cwd}/${text}`);
  return places.some((place) => call.scene.names(place) !== undefined);
};

/** Where sources end up: the destination itself, or names inside it when it is (or may be) a folder. */
const targets = (call: Call, sources: readonly Arg[], to: Arg, surely: boolean): { source: Arg; target: Arg }[] =>
  sources.flatMap((source) => {
    const within = surely || sources.length > 1 || isFolder(call, to);
    return [...(surely ? [] : [{ source, target: to }]), ...(within ? [{ source, target: inside(to, source) }] : [])];
  });

interface Moved {
  pairs: { source: Arg; target: Arg }[];
  has: (...names: string[]) => boolean;
}

const sourcesAndTargets = (call: Call, specification: string): Moved => {
  const { operands, has, values } = readOptions(call, specification);
  const [folder] = values('t', 'target-directory');
  const sources = folder ? operands : operands.slice(0, -1);
  const to = folder ?? operands.at(-1);
  // One operand stands for names nobody knows, the destination among them.
  const hidden = !folder && operands.length < 2;
  if (hidden && to && to.text === undefined) call.write(to);
  return { pairs: to && !hidden ? targets(call, sources, to, folder !== undefined) : [], has };
};

const copyOptions =
  't: target-directory: S: suffix: backup preserve: no-preserve: sparse: reflink context a archive r R recursive L dereference H P d';

const copy: Handler = (call) => {
  const { pairs, has } = sourcesAndTargets(call, copyOptions);
  const deep = has('r', 'R', 'recursive', 'a', 'archive');
  const links = has('l', 'link') || has('s', 'symbolic-link');
  for (const { source, target } of pairs) {
    call.read(source, { deep, follow: deep && has('L', 'dereference') });
    call.write(target, { deep });
    call.alias(source, target, links);
  }
  return undefined;
};

const move: Handler = (call) => {
  const { pairs } = sourcesAndTargets(call, 't: target-directory: S: suffix: backup');
  for (const { source, target } of pairs) {
    const deep = isFolder(call, source);
    call.read(source, { deep });
    call.write(source, { deep, how: 'delete' });
    call.write(target, { deep });
    call.alias(source, target, false);
  }
  return undefined;
};

const link: Handler = (call) => {
  const { operands, has, values } = readOptions(call, 't: target-directory: S: suffix: backup');
  const symbolic = has('s', 'symbolic');
  const [folder] = values('t', 'target-directory');
  const [only] = operands;
  const pairs =
    !folder && operands.length === 1 && only
      ? [{ source: only, target: inside(known('.'), only) }]
      : targets(
          call,
          folder ? operands : operands.slice(0, -1),
          folder ?? operands.at(-1) ?? known('.'),
          folder !== undefined,
        );
  for (const { source, target } of pairs) {
    call.write(target);
    // What a symbolic link names is seen from where the link lies.
    const relative = symbolic && source.text?.startsWith('/') === false && target.text?.includes('/') === true;
    const beside = target.prefix.replace(/\/[^/]*$/, '');
    const from = relative ? known(`${beside}/${source.prefix}`) : source;
    call.read(from);
    call.alias(from, target, true);
    if (relative) call.alias(source, target, true);
  }
  return undefined;
};

const remove: Handler = (call) => {
  const { operands, has } = readOptions(
    call,
    'interactive one-file-system preserve-root no-preserve-root r R recursive f force i I v d',
  );
  const deep = has('r', 'R', 'recursive');
  for (const operand of operands) call.write(operand, { deep, how: 'delete' });
  return undefined;
};

/** Writes every operand. */
const writesAll =
  (specification: string, touch: { how?: 'delete' | 'mode' } = {}, skip = 0): Handler =>
  (call) => {
    const { operands, has } = readOptions(call, specification);
    for (const operand of operands.slice(has('reference') ? 0 : skip))
      if (operand.text !== '-') call.write(operand, { ...touch, deep: touch.how === 'mode' && has('R', 'recursive') });
    return call.name === 'tee' ? call.stdin.value : undefined;
  };

const tee: Handler = (call) => {
  const { operands } = readOptions(call, 'output-error');
  for (const operand of operands) {
    call.write(operand);
    const danger = deviceDanger(operand.text ?? '');
    if (danger !== undefined) call.danger(danger);
    if (call.stdin.value.fromNet && operand.text !== undefined)
      for (const cwd of operand.text.startsWith('/') ? [''] : (call.state.cwds ?? []))
        call.scene.fetched(`${cwd}/${operand.text}`);
  }
  return call.stdin.value;
};

const modes: Handler = (call) => {
  const args = call.args.map((arg) =>
    /^-[rwxXst]+$/.test(arg.text ?? '') ? { ...arg, text: 'u-r', prefix: 'u-r' } : arg,
  );
  const { operands, has } = readOptions(call, 'reference< R recursive from: v c f h H L P', {}, args);
  const deep = has('R', 'recursive');
  for (const operand of operands.slice(has('reference') ? 0 : 1)) call.write(operand, { how: 'mode', deep });
  return undefined;
};

const dd: Handler = (call) => {
  for (const arg of call.args) {
    const [, key, length] = /^(if|of)=()/.exec(arg.prefix) ?? [];
    if (key === undefined || length === undefined) {
      if (arg.text === undefined && !/^\w+=/.test(arg.prefix)) call.doubt(`${arg.source} is only known when it runs`);
      continue;
    }
    const value: Arg = { ...arg, text: arg.text?.slice(3), source: arg.source, prefix: arg.prefix.slice(3) };
    if (key === 'if') call.read(value);
    else {
      call.write(value);
      const danger = deviceDanger(value.text ?? value.prefix);
      if (danger !== undefined) call.danger(danger);
    }
  }
  return undefined;
};

const install: Handler = (call) => {
  const { operands, has, values } = readOptions(
    call,
    't: target-directory: m: mode: o: owner: g: group: S: suffix: strip-program! s strip d directory D',
  );
  if (has('s', 'strip')) call.doubt('install -s runs strip');
  if (has('d', 'directory')) for (const operand of operands) call.write(operand);
  else {
    const [folder] = values('t', 'target-directory');
    const to = folder ?? operands.at(-1);
    if (to)
      for (const { source, target } of targets(
        call,
        folder ? operands : operands.slice(0, -1),
        to,
        folder !== undefined,
      )) {
        call.read(source);
        call.write(target);
        call.alias(source, target, false);
      }
  }
  return undefined;
};

const split: Handler = (call) => {
  const { operands, has } = readOptions(
    call,
    'filter! a: suffix-length: b: bytes: C: line-bytes: l: lines: n: number: t: separator: additional-suffix: d numeric-suffixes x hex-suffixes e elide-empty-files u unbuffered verbose f: prefix: b: suffix-format: k keep-files s quiet silent z',
    { strict: true },
  );
  const [from, to] = operands;
  if (from && from.text !== '-') call.read(from);
  const prefix = to && call.name === 'split' ? to : known('x');
  if (has('f', 'prefix') || prefix.text === undefined) call.doubt(`where ${call.name} writes is not known`);
  else call.write(known(`${prefix.text}aa`));
  return undefined;
};

const temporary: Handler = (call) => {
  const { operands, values } = readOptions(call, 'p: tmpdir: suffix: t: d directory u dry-run q quiet');
  const [folder] = values('p', 'tmpdir');
  const [template] = operands;
  const parent = folder ?? (template ? undefined : known(call.scene.place.env('TMPDIR') ?? '/tmp'));
  if (parent) call.write(template ? inside(parent, template) : known(`${parent.text ?? ''}/tmp.XXXXXXXXXX`));
  else if (template) call.write(template);
  return parent?.text !== undefined && !template ? { text: undefined, within: parent.text } : undefined;
};

const inPlace: Handler = (call) => {
  for (const operand of readOptions(call, 'n').operands) {
    call.read(operand);
    call.write(operand);
  }
  return undefined;
};

const compressor: Handler = (call) => {
  const { operands, has } = readOptions(
    call,
    'S: suffix: b: T: threads: o> M: memory: D< dict< c stdout to-stdout k keep d decompress l list t test',
  );
  for (const operand of operands) {
    if (operand.text === '-') continue;
    call.read(operand, { deep: has('r', 'recursive') });
    if (has('c', 'stdout', 'to-stdout', 'l', 'list', 't', 'test')) continue;
    const { text } = operand;
    const unpacks = has('d', 'decompress') || call.name.startsWith('un') || call.name.startsWith('gun');
    const target = text === undefined ? operand : known(unpacks ? text.replace(/\.[^./]+$/, '') : `${text}.gz`);
    call.write(target, { deep: has('r', 'recursive') });
    call.alias(operand, target, false);
    if (!has('k', 'keep')) call.write(operand, { how: 'delete' });
  }
  return undefined;
};

/** Programs that write what they are told to. */
export const writers: Readonly<Record<string, Handler>> = {
  cp: copy,
  gcp: copy,
  mv: move,
  ln: link,
  link,
  rm: remove,
  rmdir: writesAll('p parents ignore-fail-on-non-empty', { how: 'delete' }),
  unlink: writesAll('', { how: 'delete' }),
  shred: (call) => {
    const { operands } = readOptions(call, 'n: iterations: random-source< s: size: u');
    for (const operand of operands) call.write(operand, { how: 'delete' });
    return undefined;
  },
  touch: writesAll('t: d: date: r< reference< time:'),
  mkdir: writesAll('m: mode:'),
  mkfifo: writesAll('m: mode:'),
  truncate: writesAll('s: size: r< reference<'),
  fallocate: writesAll('l: o: x'),
  tee,
  chmod: modes,
  chown: modes,
  chgrp: modes,
  setfacl: (call) => {
    const { operands, has } = readOptions(
      call,
      'm: modify: x: remove: M< modify-file< X< remove-file< set: set-file< R recursive b k n d L P',
      {
        strict: true,
      },
    );
    for (const operand of operands) call.write(operand, { how: 'mode', deep: has('R', 'recursive') });
    return undefined;
  },
  chattr: (call) => {
    call.program();
    return modes(call);
  },
  dd,
  install,
  split,
  csplit: split,
  mktemp: temporary,
  dos2unix: inPlace,
  unix2dos: inPlace,
  gzip: compressor,
  gunzip: compressor,
  bzip2: compressor,
  bunzip2: compressor,
  xz: compressor,
  unxz: compressor,
  zstd: compressor,
  unzstd: compressor,
  sync: () => literally(''),
};
