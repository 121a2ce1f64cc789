import type { Call, Handler, Inner } from '../call.ts';
import { readOptions } from '../options.ts';
import { mergeStates } from '../state.ts';
import { known, linesOf, literally, type Arg, type Value } from '../value.ts';

const runsRest = (call: Call, words: readonly Arg[], inner: Inner = {}): Value | undefined =>
  words.length > 0 ? call.run(words, { external: true, ...inner }).out : undefined;

/** Runs the words behind its own options. */
const wraps =
  (specification: string, skip = 0): Handler =>
  (call) => {
    const { operands } = readOptions(call, specification, { strict: true, leading: true });
    return runsRest(call, operands.slice(skip));
  };

/** `FOO=1` in front of a command of env, sudo or xargs. */
const leadingAssignments = (
  call: Call,
  words: readonly Arg[],
): { rest: readonly Arg[]; prefix: { name: string; value: Value }[] } => {
  const prefix: { name: string; value: Value }[] = [];
  let at = 0;
  for (; at < words.length; at += 1) {
    const word = words[at];
    const [whole, name] = /^([^=/]+)=/.exec(word?.prefix ?? '') ?? [];
    if (name !== undefined && !/^[A-Za-z_]\w*$/.test(name)) call.doubt('it sets something that is no variable');
    if (!word || whole === undefined || name === undefined) break;
    prefix.push({
      name,
      value: word.text === undefined ? { text: undefined } : literally(word.text.slice(whole.length)),
    });
  }
  if (words[at]?.text === undefined && words[at] !== undefined)
    call.doubt('which program it runs is only known when it runs');
  return { rest: words.slice(at), prefix };
};

const env: Handler = (call) => {
  const { operands, values, has } = readOptions(
    call,
    'u: unset: C: chdir: S! split-string! block-signal default-signal ignore-signal list-signal-handling v! debug i ignore-environment 0 null argv0! a! help version',
    { strict: true, leading: true },
  );
  const words = operands[0]?.text === '-' ? operands.slice(1) : operands;
  const { rest, prefix } = leadingAssignments(call, words);
  if (rest.length === 0) {
    call.scene.env('*');
    return undefined;
  }
  if (has('i', 'ignore-environment') || operands[0]?.text === '-')
    call.doubt('what a cleared environment changes is not known');
  for (const gone of values('u', 'unset')) prefix.unshift({ name: gone.text ?? '_', value: { text: undefined } });
  const [folder] = values('C', 'chdir');
  const path = folder?.text;
  const state = folder
    ? {
        ...call.state,
        cwds:
          path === undefined
            ? undefined
            : path.startsWith('/')
              ? [path]
              : call.state.cwds?.map((cwd) => `${cwd}/${path}`),
      }
    : call.state;
  return runsRest(call, rest, { prefix, state });
};

const printenv: Handler = (call) => {
  const { operands } = readOptions(call, '0 null');
  for (const { text } of operands) call.scene.env(text ?? '*');
  if (operands.length === 0) call.scene.env('*');
  return undefined;
};

const asOther: Handler = (call) => {
  call.doubt(`${call.name} runs it with other rights`);
  const { operands } = readOptions(
    call,
    'u: user: g: group: h: host: p: prompt: C: close-from: D: chdir: R: chroot: T: r: role: t: type: U: c:',
    { leading: true },
  );
  const { rest, prefix } = leadingAssignments(call, operands);
  const edits = call.args.some(({ text }) => /^(?:-\w*e|--edit)$/.test(text ?? ''));
  if (edits) for (const one of operands) call.write(one);
  return edits || /^(?:su|sg|runuser)$/.test(call.name) ? undefined : runsRest(call, rest, { prefix });
};

const commandBuiltin: Handler = (call) => {
  const [first, ...rest] = call.args;
  if (first?.text === '-v' || first?.text === '-V') return undefined;
  if (first?.text === '-p') call.doubt('command -p looks for programs elsewhere');
  const words = first?.text === '-p' || first?.text === '--' ? rest : call.args;
  if (/^(?:declare|typeset|local|readonly|unset)$/.test(words[0]?.text ?? ''))
    call.doubt('it declares variables in a way nobody looked into');
  const [program] = words;
  if (!program) return undefined;
  const isName = program.text !== undefined && !call.state.functions.has(program.text);
  const functions = new Map(call.state.functions);
  if (!isName) functions.delete(program.text ?? '');
  const result = call.run(words, { state: { ...call.state, functions } });
  const back = { ...mergeStates(result.ok, result.no), functions: call.state.functions };
  call.become({ ...result.ok, functions: call.state.functions });
  if (!/^(?:cd|pushd|popd)$/.test(program.text ?? '')) call.become(back, true);
  return result.out;
};

const exec: Handler = (call) => {
  const { operands } = readOptions(call, 'a: c l', { strict: true, leading: true });
  if (operands.length === 0 && call.stdin.piped) call.doubt('what the shell reads from now on is not known');
  return runsRest(call, operands);
};

const time: Handler = (call) => {
  const { operands } = readOptions(call, 'p f: format: o> output> a append v verbose q quiet', {
    strict: true,
    leading: true,
  });
  const [first] = operands;
  if (!first) return undefined;
  const result = call.run(operands);
  call.become(mergeStates(result.ok, result.no), true);
  return result.out;
};

const timeout: Handler = wraps('k: kill-after: s: signal: foreground preserve-status v verbose', 1);

const nice: Handler = (call) => {
  const args = call.args[0]?.text !== undefined && /^-\d+$/.test(call.args[0].text) ? call.args.slice(1) : call.args;
  const { operands } = readOptions(call, 'n: adjustment:', { strict: true, leading: true }, args);
  return runsRest(call, operands);
};

const nohup: Handler = (call) => {
  const { operands } = readOptions(call, '', { strict: true, leading: true });
  return runsRest(call, operands);
};

/** Programs for which a word nobody knows is no harm: they read it, or print it. */
const xargs: Handler = (call) => {
  const { operands, values, has } = readOptions(
    call,
    'I: i replace: J: L: l max-lines: n: max-args: P: max-procs: s: max-chars: d: delimiter: E: e eof: a: arg-file: 0 null r no-run-if-empty t verbose p! interactive! x exit o! open-tty! process-slot-var! R: S:',
    { strict: true, leading: true },
  );
  const words = operands.length > 0 ? operands : [known('echo')];
  const files = values('a', 'arg-file');
  for (const one of files) call.read(one);
  const { value } = call.stdin;
  const fromFile = files.length > 0;
  const given: Arg[] =
    value.text !== undefined && !fromFile && call.stdin.piped && !/['"\\]/.test(value.text)
      ? value.text
          .split(has('0', 'null') ? '\0' : has('I', 'd', 'delimiter') ? '\n' : /\s+/)
          .filter((word) => word !== '')
          .map((word) => known(word))
      : [
          {
            text: undefined,
            source: 'what xargs reads',
            prefix: '',
            several: true as const,
            ...(fromFile ? {} : linesOf(value)),
          },
        ];
  const stdin = { piped: true, value: literally('') };
  const [mark] = [...values('I', 'replace', 'J'), ...(has('i') ? [known('{}')] : [])];
  if (mark?.text === undefined) return call.run([...words, ...given], { external: true, stdin }).out;
  let out: Value | undefined;
  for (const one of given)
    out = call.run(
      words.map((word): Arg => {
        if (word.text?.includes(mark.text ?? '') !== true) return word;
        if (one.text !== undefined) return known(word.text.replaceAll(mark.text ?? '', one.text));
        return word.text === mark.text
          ? one
          : { text: undefined, source: word.text, prefix: word.text.slice(0, word.text.indexOf(mark.text ?? '')) };
      }),
      { external: true, stdin },
    ).out;
  return out;
};

/** Runs what it is given in a way nobody follows: its words are looked at too. */
const opaqueWith =
  (why: string, specification = '', skip = 0): Handler =>
  (call) => {
    call.doubt(why);
    const { operands } = readOptions(call, specification, { leading: true });
    const words = operands.slice(skip);
    if (words[0]?.text !== undefined && words[0].text !== '') call.run(words, { external: true });
    return undefined;
  };

const watch: Handler = (call) => {
  const { operands, has } = readOptions(
    call,
    'n: interval: x exec t no-title d differences b beep e errexit g chgexit c color p precise q:',
    { strict: true, leading: true },
  );
  if (has('x', 'exec')) return runsRest(call, operands);
  const texts = operands.map(({ text }) => text);
  if (texts.includes(undefined)) call.doubt('what it runs is only known when it runs');
  else call.freshScript(texts.join(' '), []);
  return undefined;
};

const flock: Handler = (call) => {
  const { operands, has } = readOptions(
    call,
    'w: timeout: E: conflict-exit-code: c command n nb nonblock s shared x e exclusive u unlock o close F no-fork',
    { strict: true, leading: true },
  );
  const [lock, ...rest] = operands;
  if (lock) call.write(lock);
  if (has('c', 'command') || rest[0]?.text === '-c') {
    const text = rest.find(({ text: one }) => one !== '-c')?.text;
    if (text === undefined) call.doubt('what it runs is only known when it runs');
    else call.freshScript(text, []);
    return undefined;
  }
  return runsRest(call, rest);
};

const applet: Handler = (call) => {
  const [first] = call.args;
  if (!first) return undefined;
  return runsRest(call, call.args);
};

/** Commands that run other commands. */
export const wrappers: Readonly<Record<string, Handler>> = {
  env,
  printenv,
  sudo: asOther,
  doas: asOther,
  su: asOther,
  pkexec: asOther,
  runuser: asOther,
  sg: asOther,
  setpriv: asOther,
  command: commandBuiltin,
  builtin: commandBuiltin,
  exec,
  time,
  coproc: (call) => {
    const result = call.run(call.args);
    return result.out;
  },
  timeout,
  gtimeout: timeout,
  nice,
  nohup,
  setsid: wraps('c ctty f fork w wait'),
  stdbuf: wraps('i: input: o: output: e: error:'),
  ionice: wraps('c: class: n: classdata: t'),
  chrt: wraps('f r b i o', 1),
  taskset: wraps('c cpu-list', 1),
  caffeinate: wraps('d i m s u t:'),
  unbuffer: wraps('p'),
  xargs,
  gxargs: xargs,
  watch,
  flock,
  busybox: applet,
  toybox: applet,
  parallel: opaqueWith('parallel runs what it reads'),
  script: opaqueWith('script runs a shell'),
  strace: opaqueWith('strace follows another program'),
  ltrace: opaqueWith('ltrace follows another program'),
  gdb: opaqueWith('gdb runs commands of its own'),
  lldb: opaqueWith('lldb runs commands of its own'),
  chroot: opaqueWith('chroot makes paths lead elsewhere', '', 1),
  unshare: opaqueWith('unshare makes paths lead elsewhere'),
  nsenter: opaqueWith('nsenter makes paths lead elsewhere'),
  proot: opaqueWith('proot makes paths lead elsewhere'),
  fakeroot: opaqueWith('fakeroot changes what programs do'),
};
