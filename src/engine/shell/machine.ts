import type { ParseShell, SyntaxNode } from '../../core/shell.ts';
import type { Scene } from './scene.ts';
import type { State } from './state.ts';
import { anything, type Arg, type Value } from './value.ts';

/** What a command reads on stdin. */
export interface Feed {
  /** False for the stdin of the whole line, which is empty. */
  readonly piped: boolean;
  readonly value: Value;
}

/** What a statement is connected to. */
export interface Io {
  readonly stdin: Feed;
  /** Why a command here may do more than is seen, from redirects around it. */
  readonly doubts: readonly string[];
  /** Words of a command that stand behind its redirects. */
  readonly extra?: readonly SyntaxNode[];
}

/** Nothing on stdin, no doubts. */
export const quiet: Io = { stdin: { piped: false, value: { text: '' } }, doubts: [] };

/** How a statement leaves the shell: when it succeeded, when it failed, and what it printed. */
export interface Result {
  readonly ok: State;
  readonly no: State;
  readonly out: Value;
}

/** A result that changes nothing. */
export const unchanged = (state: State, out: Value = anything): Result => ({ ok: state, no: state, out });

/** Facts all scripts of a line share while it is taken apart. */
export interface Shared {
  /** Something runs beside or after what is written behind it. */
  concurrent: boolean;
  /** Texts of traps, run at any time. */
  traps: Set<string>;
  /** States a loop, function or script was left in early. */
  escapes: State[];
}

/** One script being taken apart. */
export interface Machine {
  readonly scene: Scene;
  readonly parse: ParseShell;
  readonly source: string;
  /** Scripts within scripts. */
  readonly depth: number;
  /** Functions being called. */
  readonly calls: readonly string[];
  readonly shared: Shared;
  /** The line cannot be told any more. */
  readonly fail: (why: string) => void;
  statement(machine: Machine, node: SyntaxNode, state: State, io: Io): Result;
  /** Runs another text in the same shell, or in a new one. */
  script(machine: Machine, text: string, state: State, io: Io): Result;
  /** Runs one command whose words are known. */
  command(machine: Machine, words: readonly Arg[], state: State, io: Io, settings: Settings): Result;
}

/** What surrounds one command besides its words. */
export interface Settings {
  /** Variables set for it alone. */
  readonly prefix: readonly { name: string; value: Value }[];
  /** Functions and builtins are passed over (`env x`, `command x`). */
  readonly external?: boolean;
}
