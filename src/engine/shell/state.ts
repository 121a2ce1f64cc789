import type { SyntaxNode } from '../../core/shell.ts';
import { either, type Arg, type Value } from './value.ts';

/** A variable: one value, or the fields of an array. */
export interface Variable extends Value {
  readonly items?: readonly Arg[];
}

/** A function's body with the source its nodes point into. */
export interface Body {
  readonly node: SyntaxNode;
  readonly source: string;
}

/** What the shell would know at one point of the line. Never changed in place. */
export interface State {
  /** Folders it may be in; undefined when it may be in any. */
  readonly cwds: readonly string[] | undefined;
  /** Variables the line has set; `undefined` values were removed. */
  readonly variables: ReadonlyMap<string, Variable>;
  /** Variables that keep their first value. */
  readonly frozen: ReadonlySet<string>;
  /** Every body a name may be bound to. */
  readonly functions: ReadonlyMap<string, readonly Body[]>;
  readonly aliases: ReadonlySet<string>;
  /** `$1`, `$2`, …; undefined when not known. */
  readonly args: readonly Arg[] | undefined;
  /** Why programs may be other ones, or do other things, than their names say. */
  readonly poison: string | undefined;
  /** False once `IFS` was set: words may split anywhere. */
  readonly splits: boolean;
  /** `false` after `set -f`, undefined once `shopt` was seen: patterns may then match anything. */
  readonly globs: boolean | undefined;
}

/** The state a line starts in. */
export const firstState = (cwd: string): State => ({
  cwds: [cwd],
  variables: new Map(),
  frozen: new Set(),
  functions: new Map(),
  aliases: new Set(),
  args: [],
  poison: undefined,
  splits: true,
  globs: true,
});

const maxFolders = 8;

const union = <T>(one: readonly T[], other: readonly T[]): readonly T[] => [...new Set([...one, ...other])];

const unionSet = <T>(one: ReadonlySet<T>, other: ReadonlySet<T>): ReadonlySet<T> =>
  one === other || other.size === 0 ? one : new Set([...one, ...other]);

const sameVariable = (one: Variable | undefined, other: Variable | undefined): Variable =>
  one === other && one !== undefined
    ? one
    : one === undefined || other === undefined || one.items || other.items
      ? { text: undefined, ...(one?.fromNet || other?.fromNet ? { fromNet: true } : {}) }
      : either(one, other);

const mergeMaps = <V>(
  one: ReadonlyMap<string, V>,
  other: ReadonlyMap<string, V>,
  merge: (one: V | undefined, other: V | undefined) => V,
): ReadonlyMap<string, V> => {
  if (one === other) return one;
  const merged = new Map<string, V>();
  for (const name of [...one.keys(), ...other.keys()])
    if (!merged.has(name)) merged.set(name, merge(one.get(name), other.get(name)));
  return merged;
};

/** What holds when either of two states may be the one. */
export const mergeStates = (one: State, other: State): State => {
  if (one === other) return one;
  const cwds = one.cwds && other.cwds && union(one.cwds, other.cwds);
  return {
    cwds: cwds && cwds.length <= maxFolders ? cwds : undefined,
    variables: mergeMaps(one.variables, other.variables, sameVariable),
    frozen: unionSet(one.frozen, other.frozen),
    functions: mergeMaps(one.functions, other.functions, (a, b) => union(a ?? [], b ?? [])),
    aliases: unionSet(one.aliases, other.aliases),
    args: one.args === other.args ? one.args : undefined,
    poison: one.poison ?? other.poison,
    splits: one.splits && other.splits,
    globs: one.globs === other.globs ? one.globs : undefined,
  };
};

/** The state with a variable set; one that keeps its first value is not known any more. */
export const withVariable = (state: State, name: string, value: Variable): State => {
  const variables = new Map(state.variables);
  variables.set(name, state.frozen.has(name) ? { text: undefined } : value);
  return { ...state, variables };
};
