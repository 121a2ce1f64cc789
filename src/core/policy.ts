import type { Origin } from './message.ts';

/**
 * How much of what a command does is known.
 * - `listed`: everything; its reads, writes and hosts stand beside it among the effects of the call.
 * - `program`: which program runs with which arguments, not what that program then does (`npm test`).
 * - `opaque`: it may do anything (`eval "$x"`, `node -e …`, text that cannot be parsed).
 */
export type Reach = 'listed' | 'program' | 'opaque';

/** Something a tool wants to do to the world. Paths are absolute; tools may give them relative to the root. */
export type Effect =
  | {
      kind: 'read' | 'write';
      path: string;
      /** Whatever lies below the path too. */
      recursive?: true;
      /** A write that deletes, or one that changes mode or owner only. */
      how?: 'delete' | 'mode';
    }
  | {
      kind: 'exec';
      /** As the tool gives it: the command line. Once the shell parser has seen it: one simple command, unquoted. */
      command: string;
      /** Left out: nobody looked into it yet. */
      reach?: Reach;
      /** Why it is opaque. */
      why?: string;
      /** What makes it so dangerous that no rule allows it (only mode bypass does), as the end of "it …". */
      danger?: string;
    }
  | { kind: 'net'; host: string; access: 'read' | 'write' }
  | { kind: 'env'; name: string }
  | { kind: 'secret'; name: string };

/** What the policy says of a call. */
export interface Decision {
  verdict: 'allow' | 'ask' | 'deny';
  /** Whether a written rule, a built-in denial, the permission mode, text from outside in the run, or a production profile decided. */
  by: 'rule' | 'builtin' | 'mode' | 'taint' | 'profile';
  /** One sentence for the human and, on deny, for the model. */
  why: string;
  /** The rule's own text, when a rule decided. */
  rule?: string;
  /** The file or flag the rule was written in. */
  origin?: string;
  /**
   * What holds the verdict up once the call runs: the sandbox, which also stops what a program does by itself, or only
   * what could be parsed of the command.
   */
  enforced?: 'sandbox' | 'parse-only';
  /** A one-time code is needed first; then it is this. */
  stepUp?: 'allow' | 'ask';
  /** What would allow it: a flag or a rule, one line. */
  hint?: string;
  /** Those of the call, commands taken apart where the shell parser was handed in. */
  effects: Effect[];
}

/** Pure decision over effects. */
export interface Policy {
  /** Path patterns (gitignore's form) that may not be read; tools that search many files leave them out. */
  readonly hidden: readonly string[];
  /** `tainted`: text from outside is in the run. */
  decide(call: { tool: string; effects: readonly Effect[]; tainted?: boolean }): Decision | Promise<Decision>;
  /** Where what a call brings in comes from, when that is not the workspace. */
  foreign(effects: readonly Effect[]): { origin: Origin; source: string } | undefined;
}

/** A question to the human. */
export interface Question {
  tool: string;
  effects: readonly Effect[];
  why: string;
  /** Text from outside is in the run: an answer given before it came in does not count. */
  tainted?: boolean;
  /** A one-time code is needed first; then it is this. */
  stepUp?: 'allow' | 'ask';
  /** The answer is the code itself. */
  wantsCode?: true;
}

/** The human's answer. `remember` allows the same for the rest of the session, or writes rules for this folder. */
export interface Answer {
  allow: boolean;
  remember?: 'session' | 'always';
  /** Told to the model when the answer is no. */
  feedback?: string;
  /** What was typed where a one-time code was asked for. */
  code?: string;
}

/** The screen answers; headless answers no. */
export type Ask = (question: Question, signal: AbortSignal) => Promise<Answer>;

/** True when a call only reads: such calls may run side by side. */
export const isReadOnly = (effects: readonly Effect[]): boolean =>
  effects.every(
    (effect) =>
      effect.kind === 'read' ||
      effect.kind === 'env' ||
      (effect.kind === 'net' && effect.access === 'read') ||
      (effect.kind === 'exec' && effect.reach === 'listed'),
  );

/** One effect in a few words. */
export const describeEffect = (effect: Effect): string => {
  switch (effect.kind) {
    case 'read':
    case 'write': {
      const verb = effect.how === 'delete' ? 'delete' : effect.how === 'mode' ? 'change the mode of' : effect.kind;
      return `${verb} ${effect.path}${effect.recursive ? ' and everything below it' : ''}`;
    }
    case 'exec':
      return `run ${effect.command}${effect.reach === 'opaque' ? ' (which may do anything)' : ''}`;
    case 'net':
      return `${effect.access === 'write' ? 'send to' : 'read from'} ${effect.host}`;
    case 'env':
    case 'secret':
      return `use ${effect.kind} ${effect.name}`;
  }
};
