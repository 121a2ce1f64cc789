import type { Call, Handler } from '../call.ts';
import { evaluate, sourceFile, trap } from './scripts.ts';
import { tidy } from '../scene.ts';
import { setVariable } from '../simple-statement.ts';
import { withVariable, type State } from '../state.ts';
import { anything, isNumber, known, linesOf, literally, type Arg, type Value } from '../value.ts';
import { onlyFolder } from '../variables.ts';

const nothing: Handler = () => literally('');

/** What `echo` or a plain `printf` prints, when all of it is known. */
const printed = (call: Call, args: readonly Arg[]): Value => {
  const fromNet = args.some((arg) => arg.fromNet);
  const texts = args.map((arg) => arg.text);
  const isKnown = !texts.includes(undefined) && !texts.some((text) => text?.includes('\\'));
  const [only] = args;
  if (!isKnown && args.length === 1 && only?.within !== undefined) return linesOf(only);
  return {
    text: isKnown ? texts.join(' ') : undefined,
    ...(fromNet || (call.name === 'cat' && call.stdin.value.fromNet) ? { fromNet: true } : {}),
  };
};

const echo: Handler = (call) => {
  const [first, ...rest] = call.args;
  const flags = first?.text !== undefined && /^-[neE]+$/.test(first.text);
  const value = printed(call, flags ? rest : call.args);
  if (flags && first.text.includes('n')) return value;
  return value.text === undefined ? value : literally(`${value.text}\n`);
};

const printf: Handler = (call) => {
  const [first, second, ...rest] = call.args;
  if (first?.text === '-v') {
    if (second?.text === undefined || !/^[A-Za-z_]\w*$/.test(second.text)) {
      call.doubt('it sets a variable that is named only when it runs');
      return undefined;
    }
    call.become(setVariable(call.state, second.text, { text: undefined }), true);
    return literally('');
  }
  const format = first?.text;
  const args = second ? [second, ...rest] : [];
  if (format !== undefined && /^(?:%s)?(?:\\n)?$/.test(format) && args.length === 1 && second) {
    const value: Value = second.text === undefined ? { ...printed(call, [second]) } : literally(second.text);
    return value.text === undefined ? value : literally(value.text + (format.endsWith('\\n') ? '\n' : ''));
  }
  if (format !== undefined && args.length === 0 && !/[%\\]/.test(format)) return literally(format);
  return { text: undefined, ...(call.args.some((arg) => arg.fromNet) ? { fromNet: true } : {}) };
};

const moved = (state: State, cwds: readonly string[] | undefined): State => ({
  ...state,
  cwds: cwds && cwds.length <= 8 ? cwds : undefined,
});

const cd: Handler = (call) => {
  const { args, state, scene } = call;
  const operands = args.filter(({ text }) => text === undefined || !/^-[LPe@]+$|^--$/.test(text));
  const [to] = operands;
  const searches = state.variables.has('CDPATH') || scene.place.env('CDPATH') !== undefined;
  if (
    operands.length > 1 ||
    searches ||
    call.name === 'popd' ||
    (to?.prefix.startsWith('-') ?? false) ||
    (to?.prefix.startsWith('+') ?? false)
  ) {
    call.become(moved(state, undefined));
    return undefined;
  }
  if (!to && call.name === 'pushd') {
    call.become(moved(state, undefined));
    return undefined;
  }
  const home = state.variables.get('HOME') ?? literally(scene.place.env('HOME') ?? scene.place.home);
  const path = to ? to.text : home.text;
  if (path === undefined) call.become(moved(state, undefined));
  else if (path.startsWith('/')) call.become(moved(state, [tidy(path)]));
  else if (path === '') call.become(state);
  else if (args.some(({ text }) => text?.includes('P') && text.startsWith('-'))) call.become(moved(state, undefined));
  // Where the shell goes by names and links goes by the names; reads resolve them as the kernel does.
  else
    call.become(
      moved(
        state,
        state.cwds?.map((cwd) => tidy(`${cwd}/${path}`)),
      ),
    );
  return literally('');
};

const pwd: Handler = (call) => {
  const folder = onlyFolder(call.state);
  return folder === undefined ? undefined : literally(folder);
};

const set: Handler = (call) => {
  const { args } = call;
  if (args.length === 0) {
    call.scene.env('*');
    return undefined;
  }
  let { state } = call;
  for (let at = 0; at < args.length; at += 1) {
    const text = args[at]?.text;
    if (text === undefined) {
      call.doubt('options of the shell are only known when it runs');
      return undefined;
    }
    if (text === '--' || text === '-' || !/^[-+]/.test(text)) {
      state = { ...state, args: text === '--' || text === '-' ? args.slice(at + 1) : args.slice(at) };
      break;
    }
    if (/^[-+][A-Za-z]*o$/.test(text)) {
      const option = args[at + 1]?.text;
      at += 1;
      if (option === 'noglob') state = { ...state, globs: text.startsWith('+') };
      else if (
        option !== undefined &&
        !/^(?:errexit|nounset|pipefail|xtrace|verbose|errtrace|functrace|noclobber|monitor|notify)$/.test(option)
      )
        call.doubt(`nobody looked into set -o ${option}`);
    }
    if (text.includes('f')) state = { ...state, globs: text.startsWith('+') };
    if (/[kprP]/.test(text.replace(/o$/, ''))) call.doubt(`nobody looked into set ${text}`);
    if (text.includes('x') && state.variables.has('PS4')) call.doubt('PS4 runs what is in it');
  }
  call.become(state, true);
  return literally('');
};

const read: Handler = (call) => {
  let { state } = call;
  const fromNet = call.stdin.value.fromNet ? { fromNet: true as const } : {};
  const names = call.args.map(({ text }) => text);
  const [, ...rest] = ['', ...names];
  let any = false;
  for (let at = 0; at < rest.length; at += 1) {
    const name = rest[at];
    if (name !== undefined && /^-[ersz]*[adinNptu]$/.test(name)) {
      const value = rest[at + 1];
      if (/[a]$/.test(name) && value !== undefined) state = withVariable(state, value, { text: undefined, ...fromNet });
      any ||= name.endsWith('a');
      at += 1;
      continue;
    }
    if (name?.startsWith('-')) continue;
    if (name === undefined || !/^[A-Za-z_]\w*$/.test(name)) {
      call.doubt('it sets a variable that is named only when it runs');
      return undefined;
    }
    any = true;
    state = lineVariable(
      setVariable(state, name, { text: undefined }),
      name,
      call,
      fromNet,
      names.filter((one) => one !== undefined && !one.startsWith('-')).length === 1,
    );
  }
  if (!any) state = withVariable(state, 'REPLY', { text: undefined, ...fromNet });
  call.become(state, true);
  return literally('');
};

/** A variable read from lines that are file names holds such a name. */
const lineVariable = (state: State, name: string, call: Call, fromNet: { fromNet?: true }, only: boolean): State => {
  return state.frozen.has(name)
    ? state
    : withVariable(state, name, only ? linesOf(call.stdin.value) : { text: undefined, ...fromNet });
};

const mapfile: Handler = (call) => {
  const last = call.args.at(-1);
  const runs = call.args.some(({ prefix }) => prefix.startsWith('-C'));
  if (runs) call.doubt('mapfile -C runs something');
  const name = last?.text !== undefined && /^[A-Za-z_]\w*$/.test(last.text) ? last.text : 'MAPFILE';
  if (last && last.text === undefined) call.doubt('it sets a variable that is named only when it runs');
  const { fromNet } = call.stdin.value;
  const item: Arg = { ...linesOf(call.stdin.value), source: name, prefix: '', several: true };
  call.become(
    withVariable(call.state, name, { text: undefined, ...(fromNet ? { fromNet } : {}), items: [item] }),
    true,
  );
  return literally('');
};

const getopts: Handler = (call) => {
  const name = call.args[1]?.text;
  if (name === undefined || !/^[A-Za-z_]\w*$/.test(name))
    call.doubt('it sets a variable that is named only when it runs');
  else call.become(setVariable(setVariable(call.state, name, anything), 'OPTARG', anything), true);
  return undefined;
};

const arithmetic: Handler = (call) => {
  let { state } = call;
  for (const { text } of call.args) {
    const [, name, number] = /^([A-Za-z_]\w*)(?:[-+*/%]?=(\d+)|\+\+|--)$/.exec(text ?? '') ?? [];
    const before = name === undefined ? anything : (state.variables.get(name) ?? literally(''));
    if (name === undefined || !(number !== undefined || isNumber(before)))
      call.doubt('arithmetic on text that is only known when it runs may run commands');
    else state = setVariable(state, name, { text: undefined, numeric: true });
  }
  call.become(state, true);
  return undefined;
};

const alias: Handler = (call) => {
  const names = call.args.map(({ text }) => text?.split('=', 1)[0] ?? '');
  if (call.args.some(({ text }) => text === undefined)) call.doubt('an alias is only known when it runs');
  call.become({ ...call.state, aliases: new Set([...call.state.aliases, ...names]) }, true);
  return undefined;
};

const shift: Handler = (call) => {
  const [count = known('1')] = call.args;
  const { state } = call;
  const args =
    count.text !== undefined && /^\d+$/.test(count.text) && call.args.length < 2
      ? state.args?.slice(Number(count.text))
      : undefined;
  call.become({ ...state, args }, true);
  return undefined;
};

const shopt: Handler = (call) => {
  const harmless = call.args.every(
    ({ text }) =>
      text !== undefined &&
      /^(?:-[sqpu]+|globstar|nullglob|failglob|dotglob|nocaseglob|extglob|checkwinsize|histappend|lastpipe|inherit_errexit)$/.test(
        text,
      ),
  );
  if (!harmless) call.doubt('shopt changes how the rest is read');
  call.become({ ...call.state, globs: undefined }, true);
  if (call.args.some(({ text }) => text === 'lastpipe')) call.doubt('shopt changes how the rest is read');
  return undefined;
};

const hash: Handler = (call) => {
  if (call.args.some(({ text }) => text !== '-r')) call.doubt('hash changes which programs names stand for');
  return undefined;
};

const testBuiltin: Handler = (call) => {
  for (const [index, arg] of call.args.entries()) {
    const operator = call.args[index - 1]?.text;
    if ((operator === '-v' || operator === '-R') && !/^[A-Za-z_]\w*$/.test(arg.text ?? ''))
      call.doubt('test -v may run commands');
  }
  return literally('');
};

const exportFallback: Handler = (call) => {
  for (const { text } of call.args) {
    const [, name, value = ''] = /^([A-Za-z_]\w*)=([^]*)$/.exec(text ?? '') ?? [];
    if (name !== undefined) call.become(setVariable(call.state, name, literally(value)), true);
  }
  return literally('');
};

const kill: Handler = (call) => {
  call.program();
  // Every process there is, the first one, or the one that started the shell.
  const targets = call.args.filter(
    ({ text }, index) => !(index === 0 && (text ?? '').startsWith('-')) && call.args[index - 1]?.text !== '-s',
  );
  if (targets.some(({ text, source }) => text === '-1' || text === '1' || source.includes('PPID')))
    call.danger('ends processes that are not its own');
  return undefined;
};

/** Commands of the shell itself, but for those that run others. */
export const builtins: Readonly<Record<string, Handler>> = {
  ':': nothing,
  true: nothing,
  false: nothing,
  test: testBuiltin,
  '[': testBuiltin,
  echo,
  printf,
  cd,
  pushd: cd,
  popd: cd,
  pwd,
  set,
  source: sourceFile,
  '.': sourceFile,
  eval: evaluate,
  trap,
  read,
  mapfile,
  readarray: mapfile,
  getopts,
  let: arithmetic,
  alias,
  unalias: alias,
  shift,
  shopt,
  hash,
  export: exportFallback,
  declare: nothing,
  typeset: nothing,
  local: nothing,
  readonly: nothing,
  unset: nothing,
  break: nothing,
  continue: nothing,
  return: nothing,
  exit: nothing,
  logout: nothing,
  wait: nothing,
  jobs: nothing,
  fg: nothing,
  bg: nothing,
  disown: nothing,
  umask: nothing,
  ulimit: nothing,
  times: nothing,
  type: nothing,
  dirs: nothing,
  suspend: nothing,
  caller: nothing,
  help: nothing,
  kill,
};
