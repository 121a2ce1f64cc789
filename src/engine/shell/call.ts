import type { Feed, Result } from './machine.ts';
import type { Depth, Scene, Touch } from './scene.ts';
import type { State } from './state.ts';
import type { Arg, Value } from './value.ts';

/** One command about to be looked at, and what may be said of it. */
export interface Call {
  /** The program, without the system folder it may be typed with. */
  readonly name: string;
  /** The words behind it. */
  readonly args: readonly Arg[];
  readonly stdin: Feed;
  readonly scene: Scene;
  /** As it was when the command began. */
  readonly state: State;
  /** Variables set for it alone. */
  readonly prefix: readonly { name: string; value: Value }[];
  /** It reads a file, or a folder. A word nobody knows is a doubt, unless where it leads is. */
  read(arg: Arg, depth?: Depth): void;
  write(arg: Arg, touch?: Touch): void;
  /** The second name leads to the first from now on. */
  alias(target: Arg, name: Arg, shares: boolean): void;
  net(host: string, access: 'read' | 'write'): void;
  /** It may do anything. */
  doubt(why: string): void;
  /** Which program is known, not what it does. */
  program(): void;
  /** It is too dangerous for any rule; the end of "it …". */
  danger(what: string): void;
  /** The state it leaves; `always`: also when it fails. */
  become(state: State, always?: boolean): void;
  /** Runs one command in its place or beside it. */
  run(words: readonly Arg[], settings?: Inner): Result;
  /** Runs a text as a script in the same shell. */
  script(text: string, entry?: State): Result;
  /** Runs a text as a script in a shell of its own, with these arguments. */
  freshScript(text: string, args: readonly Arg[] | undefined, stdin?: Feed): Result;
  /** Notes a text that runs later. */
  later(text: string): void;
}

/** How an inner command differs from the one that runs it. */
export interface Inner {
  stdin?: Feed;
  prefix?: readonly { name: string; value: Value }[];
  /** Functions and builtins are passed over. */
  external?: boolean;
  /** Folder it runs in. */
  state?: State;
}

/** Says what one command does; what it prints, when something of that is known. */
export type Handler = (call: Call) => Value | undefined;
