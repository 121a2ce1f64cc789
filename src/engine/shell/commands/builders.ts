import type { Call, Handler } from '../call.ts';
import { readOptions } from '../options.ts';
import { isStream } from '../scene.ts';
import type { Arg } from '../value.ts';
import { absolutes, readIfFile } from './files.ts';

/** Runs classes, or a source file given to it. */
const java: Handler = (call) => {
  call.program();
  for (const arg of call.args) {
    readIfFile(call, arg);
    if (
      /^(?:-javaagent|-agent|-XX:(?:OnError|OnOutOfMemoryError|Flags)|@|-Xbootclasspath|-Djava\.(?:rmi|security))/.test(
        arg.prefix,
      )
    )
      call.doubt('an option makes java run something else');
  }
  changedInput(call);
  return undefined;
};

/** A file the line made, or a stream, decides what it does. */
const changedInput = (call: Call): void => {
  for (const arg of call.args)
    if (
      arg.channel ||
      (arg.text !== undefined &&
        (isStream(arg.text) || absolutes(call, arg.text).some((path) => call.scene.isChanged(path))))
    )
      call.doubt('what it works on is only known when it runs');
};

const compiler: Handler = (call) => {
  const { args } = call;
  const outputs: Arg[] = [];
  call.program();
  for (const [index, arg] of args.entries()) {
    const before = args[index - 1]?.text;
    if (before === '-o') outputs.push(arg);
    else if (/^-(?:include|imacros|isystem|I)$/.test(before ?? '')) call.read(arg);
    else readIfFile(call, arg);
    if (
      /^(?:-wrapper|-fplugin|-specs|--specs|-B|-Xlinker|-W[alp],|@|-fuse-ld|-load|-T|-plugin|-dynamic-linker)/.test(
        arg.prefix,
      )
    )
      call.doubt('an option makes it run or read something else');
    if (arg.text === '-') call.doubt('what it works on is only known when it runs');
  }
  changedInput(call);
  for (const output of outputs) call.write(output);
  return undefined;
};

const make: Handler = (call) => {
  const { unknown, values } = readOptions(
    call,
    'f< file< makefile< C: directory: I: include-dir: o: old-file: W: what-if: new-file: assume-new: assume-old: j jobs l load-average output-sync O: shuffle n k s q t B i d p r R v w e S b m h keep-going silent quiet just-print dry-run recon question touch always-make ignore-errors debug print-data-base no-builtin-rules no-builtin-variables version print-directory no-print-directory environment-overrides warn-undefined-variables help eval! E!',
    {},
  );
  call.program();
  for (const file of values('f', 'file', 'makefile'))
    if (file.text === '-' || file.channel || isStream(file.text ?? '')) call.doubt('make runs what it reads');
  for (const one of unknown) if (one.startsWith('--')) call.doubt(`nobody looked into make ${one}`);
  for (const arg of call.args) {
    if (/^(?:SHELL|\.SHELLFLAGS|MAKE|CC|CXX|LD|AR|RM|MAKEFLAGS|PATH|LD_\w+)\+?:?:?=/.test(arg.prefix))
      call.doubt('which programs make starts is given to it');
    if (/^\w+\??[:+!]*=[^]*(?:\$|!)/.test(arg.prefix)) call.doubt('make runs what a variable holds');
    if (arg.text === undefined && arg.prefix === '') call.doubt(`${arg.source} is only known when it runs`);
  }
  return undefined;
};

const many = (names: string, handler: Handler): Record<string, Handler> =>
  Object.fromEntries(names.split(' ').map((name) => [name, handler]));

/** Programs that make programs. */
export const builders: Readonly<Record<string, Handler>> = {
  java,
  ...many('gcc g++ cc c++ clang clang++ cpp tcc as ld nasm rustc javac', compiler),
  ...many('make gmake', make),
};
