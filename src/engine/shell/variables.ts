import type { Scene } from './scene.ts';
import { withVariable, type State, type Variable } from './state.ts';
import { anything, literally, someNumber, type Arg, type Value } from './value.ts';

/** What expansions need of the line around them; they may set variables. */
export interface Around {
  readonly scene: Scene;
  state: State;
  /** Nothing more can be told of the whole line. */
  readonly fail: (why: string) => void;
}

const numeric = /^(?:RANDOM|SRANDOM|SECONDS|LINENO|EPOCHSECONDS|PPID|UID|EUID|BASHPID|SHLVL|OPTIND|COLUMNS|LINES)$/;
const ofShell =
  /^(?:BASH.*|COMP_.*|DIRSTACK|EPOCHREALTIME|FUNCNAME|GROUPS|HIST.*|HOSTNAME|HOSTTYPE|IFS|MACHTYPE|MAPFILE|OLDPWD|OPTARG|OSTYPE|PIPESTATUS|PS[0-4]|READLINE_.*|REPLY|_)$/;
const unremarkable = new Set(['HOME', 'PWD', 'PATH', 'USER', 'SHELL', 'TMPDIR', 'OLDPWD', 'LANG', 'IFS', 'HOSTNAME']);

/** The folder the shell is in, when there is only one it may be. */
export const onlyFolder = ({ cwds }: State): string | undefined => (cwds?.length === 1 ? cwds[0] : undefined);

/** What a named variable holds; reading one of the environment is an effect. */
export const lookUp = (name: string, { scene, state }: Around): Variable => {
  const own = state.variables.get(name);
  if (own) return own;
  if (numeric.test(name)) return someNumber;
  if (name === 'PWD') {
    const folder = onlyFolder(state);
    return folder === undefined ? anything : literally(folder);
  }
  if (ofShell.test(name)) return anything;
  if (!unremarkable.has(name)) scene.env(name);
  if (name === 'HOME') return literally(scene.place.env('HOME') ?? scene.place.home);
  return literally(scene.place.env(name) ?? '');
};

/** `$1`, `$?` and the like: one value, or several words. */
export const lookUpSpecial = (name: string, { state }: Around): Value | readonly Arg[] => {
  if (name === '@' || name === '*') return state.args ?? anything;
  if (name === '0' || name === '-') return anything;
  if (/\d/.test(name)) return state.args ? (state.args[Number(name) - 1] ?? literally('')) : anything;
  return someNumber;
};

/** Sets a variable from now on. */
export const assign = (around: Around, name: string, value: Variable): void => {
  around.state = withVariable(around.state, name, value);
};

/** What is known of a value that is one of an environment the line passes on: never less than nothing. */
export const valueOf = ({ text, within, from, among, partial, numeric: isNumeric, fromNet }: Value): Value => ({
  text,
  ...(within === undefined ? {} : { within }),
  ...(from === undefined ? {} : { from }),
  ...(among ? { among } : {}),
  ...(partial ? { partial } : {}),
  ...(isNumeric ? { numeric: true } : {}),
  ...(fromNet ? { fromNet } : {}),
});
