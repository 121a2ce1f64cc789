import { basename, dirname } from 'node:path';
import type { Call, Inner } from './call.ts';
import { handlerOf, isBuiltin } from './commands/index.ts';
import { steers } from './environment.ts';
import { quiet, unchanged, type Io, type Machine, type Result, type Settings } from './machine.ts';
import { pathsOf } from './redirects.ts';
import { setVariable } from './simple-statement.ts';
import type { Touch } from './scene.ts';
import { firstState, mergeStates, withVariable, type State } from './state.ts';
import { anything, type Arg, type Value } from './value.ts';

const systemFolders = /^\/(?:usr\/(?:local\/)?)?s?bin$|^\/opt\/homebrew\/bin$/;

/** A program as it is shown and looked up: without the system folder in front. */
const programName = (typed: string): string => (systemFolders.test(dirname(typed)) ? basename(typed) : typed);

const shown = (arg: Arg, index: number): string => {
  const text = arg.text ?? arg.source;
  if (index === 0 && arg.text !== undefined) return programName(text);
  return text === '' || (arg.text !== undefined && /\s/.test(text)) ? `'${text}'` : text;
};

const unknownProgram = 'which program it runs is only known when it runs';

/** A state in a shell of its own: exported variables may be there, others not. */
const freshState = (state: State, args: readonly Arg[] | undefined, prefix: Settings['prefix']): State => ({
  ...firstState('/'),
  cwds: state.cwds,
  variables: new Map([
    ...[...state.variables.keys()].map((name): [string, Value] => [name, anything]),
    ...prefix.map(({ name, value }): [string, Value] => [name, value]),
  ]),
  args,
  poison: state.poison,
});

const callFunction = (
  machine: Machine,
  name: string,
  args: readonly Arg[],
  state: State,
  io: Io,
  settings: Settings,
): Result => {
  const bodies = state.functions.get(name) ?? [];
  if (machine.calls.includes(name)) {
    machine.fail(`the function ${name} calls itself`);
    return unchanged(state);
  }
  let entry: State = { ...state, args };
  for (const { name: variable, value } of settings.prefix) entry = setVariable(entry, variable, value);
  const outer = machine.shared.escapes;
  machine.shared.escapes = [];
  const results = bodies.map((body) => {
    const inner: Machine = { ...machine, source: body.source, calls: [...machine.calls, name] };
    return machine.statement(inner, body.node, entry, io);
  });
  const ends = [...results.flatMap(({ ok, no }) => [ok, no]), ...machine.shared.escapes];
  machine.shared.escapes = outer;
  const [first = entry, ...others] = ends;
  const end = others.reduce(mergeStates, first);
  const local = bodies.some((body) => /\b(?:local|declare|typeset)\b/.test(body.node.text));
  const variables = new Map(end.variables);
  // Local variables and those set for the call alone are gone, so what is left in them is not known.
  if (local || settings.prefix.length > 0)
    for (const [variable, value] of variables)
      if (value !== state.variables.get(variable)) variables.set(variable, anything);
  const fromNet = results.some(({ out }) => out.fromNet);
  const [only] = results;
  const out =
    results.length === 1 && only ? only.out : fromNet ? { text: undefined, fromNet: true as const } : anything;
  return unchanged({ ...end, args: state.args, variables }, out);
};

/** Runs one command whose words are known: a function, a builtin or a program. */
export const runCommand = (
  machine: Machine,
  words: readonly Arg[],
  state: State,
  io: Io,
  settings: Settings,
): Result => {
  const { scene } = machine;
  if (!scene.step()) {
    machine.fail('it is too long to be looked through');
    return unchanged(state);
  }
  const [program, ...args] = words;
  if (!program) {
    // Nothing but assignments and redirects: they stay.
    const end = settings.prefix.reduce((at, { name, value }) => setVariable(at, name, value), state);
    if (io.doubts.length > 0) machine.fail(io.doubts[0] ?? '');
    return unchanged(end, { text: '' });
  }
  const line = words.map(shown).join(' ');
  if (program.text === undefined || program.text === '') {
    const danger = program.fromNet ? { danger: 'runs what it gets from the network' } : {};
    scene.exec({ command: line, reach: 'opaque', why: unknownProgram, ...danger });
    return unchanged(state);
  }
  const name = programName(program.text);
  const isOwn = !settings.external;
  if (isOwn && state.functions.has(program.text)) return callFunction(machine, program.text, args, state, io, settings);

  const doubts = [...io.doubts];
  const found: { isProgram: boolean; danger?: string } = { isProgram: false };
  let ok = state;
  let no = state;
  const builtin = isBuiltin(name);
  if (isOwn && state.aliases.has(name)) doubts.push(`${name} is an alias`);
  if (state.poison !== undefined && !builtin) doubts.push(state.poison);
  for (const { name: variable, value } of settings.prefix) {
    const readsLines = variable === 'IFS' && /^(?:read|mapfile|readarray)$/.test(name);
    const why = variable === 'IFS' && !readsLines ? 'IFS changes how words are split' : steers(variable, value);
    if (why !== undefined) doubts.push(why);
  }
  const cwds = (): readonly string[] | undefined => state.cwds;

  /** Paths a word stands for, or the folder they lie in; none (and a doubt) when nobody can tell. */
  const resolve = (arg: Arg): { path: string; deep: boolean }[] => {
    const displaced =
      arg.text === undefined && arg.from !== undefined && (cwds()?.length !== 1 || cwds()?.[0] !== arg.from);
    if (displaced) {
      doubts.push(`${arg.source} names files of another folder`);
      return [];
    }
    if (arg.text === undefined && arg.among) return arg.among.map((path) => ({ path, deep: false }));
    const path = arg.text ?? arg.within;
    if (path === undefined) doubts.push(`${arg.source || 'a word'} is only known when it runs`);
    else if (!cwds() && !path.startsWith('/')) doubts.push('the folder it runs in is not known');
    else return [{ path, deep: arg.text === undefined }];
    return [];
  };
  /** Deleting some of what lies in the workspace is not deleting it. */
  const partly = (arg: Arg, path: string, touch: Touch): Touch =>
    arg.text === undefined && arg.partial && path === scene.place.root && touch.how === 'delete' ? {} : touch;
  const inNew = (inner?: Inner): Io => ({ stdin: inner?.stdin ?? io.stdin, doubts: [] });

  const call: Call = {
    name,
    args,
    stdin: io.stdin,
    scene,
    state,
    prefix: settings.prefix,
    read: (arg, depth = {}) => {
      if (arg.channel) return;
      for (const { path, deep } of resolve(arg))
        if (!scene.read(path, cwds() ?? [], deep ? { deep, follow: depth.follow ?? 'some' } : depth))
          doubts.push(`what lies at ${path} is only known when it runs`);
    },
    write: (arg, touch = {}) => {
      if (arg.channel) return;
      for (const { path, deep } of resolve(arg)) {
        const how = partly(arg, path, touch);
        if (!scene.write(path, cwds() ?? [], deep ? { ...how, deep } : how))
          doubts.push(`what lies at ${path} is only known when it runs`);
      }
    },
    alias: (target, alias, shares) => {
      for (const from of pathsOf(target, state))
        for (const to of pathsOf(alias, state)) scene.alias(to.replace(/(?<=.)\/+$/, ''), from, shares);
    },
    net: scene.net,
    doubt: (why) => void doubts.push(why),
    program: () => {
      found.isProgram = true;
    },
    danger: (what) => {
      found.danger ??= what;
    },
    become: (next, always = false) => {
      ok = next;
      if (always) no = next;
    },
    run: (inner, options) =>
      machine.command(machine, inner, options?.state ?? state, inNew(options), {
        prefix: [...settings.prefix, ...(options?.prefix ?? [])],
        ...(options?.external ? { external: true } : {}),
      }),
    script: (text, entry = state) => {
      const prefixed = settings.prefix.reduce((at, one) => setVariable(at, one.name, one.value), entry);
      const result = machine.script(machine, text, prefixed, { ...quiet, stdin: io.stdin });
      const restore = (end: State): State =>
        settings.prefix.reduce((at, one) => withVariable(at, one.name, anything), end);
      return { ok: restore(result.ok), no: restore(result.no), out: result.out };
    },
    freshScript: (text, scriptArgs, stdin = io.stdin) => {
      const outer = machine.shared.escapes;
      const entry = freshState(state, scriptArgs, settings.prefix);
      const { out } = machine.script({ ...machine, calls: [] }, text, entry, { ...quiet, stdin });
      machine.shared.escapes = outer;
      return unchanged(state, out);
    },
    later: (text) => void machine.shared.traps.add(text),
  };

  if (/^(?:break|continue|return|exit)$/.test(name)) machine.shared.escapes.push(state);
  const before = scene.fetches();
  const out: Value = handlerOf(name)(call) ?? anything;
  if (found.isProgram && scene.isSteered()) doubts.push('the line changed what it does');
  const [why] = doubts;
  scene.exec({
    command: line,
    reach: why !== undefined ? 'opaque' : found.isProgram ? 'program' : 'listed',
    ...(why === undefined ? {} : { why }),
    ...(found.danger === undefined ? {} : { danger: found.danger }),
  });
  const fromNet = scene.fetches() > before;
  return { ok, no, out: fromNet ? { ...out, fromNet } : out };
};
