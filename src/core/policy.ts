/** Something a tool wants to do to the world. Paths are absolute; tools may give them relative to the root. */
export type Effect =
  | { kind: 'read' | 'write'; path: string }
  | { kind: 'exec'; command: string }
  | { kind: 'net'; host: string; access: 'read' | 'write' }
  | { kind: 'env'; name: string }
  | { kind: 'secret'; name: string };

/** What the policy says of a call. */
export interface Decision {
  verdict: 'allow' | 'ask' | 'deny';
  /** Whether a written rule or the permission mode decided. */
  by: 'rule' | 'mode';
  /** One sentence for the human and, on deny, for the model. */
  why: string;
  /** The rule's own text, when a rule decided. */
  rule?: string;
  /** What would allow it: a flag or a rule, one line. */
  hint?: string;
  effects: Effect[];
}

/** Pure decision over effects. */
export interface Policy {
  /** Path patterns (gitignore's form) that may not be read; tools that search many files leave them out. */
  readonly hidden: readonly string[];
  decide(call: { tool: string; effects: readonly Effect[] }): Decision | Promise<Decision>;
}

/** A question to the human. */
export interface Question {
  tool: string;
  effects: readonly Effect[];
  why: string;
}

/** The human's answer. `remember` adds a rule for the rest of the session. */
export interface Answer {
  allow: boolean;
  remember?: 'session';
  /** Told to the model when the answer is no. */
  feedback?: string;
}

/** The screen answers; headless answers no. */
export type Ask = (question: Question, signal: AbortSignal) => Promise<Answer>;

/** True when a call only reads: such calls may run side by side. */
export const isReadOnly = (effects: readonly Effect[]): boolean =>
  effects.every((effect) => effect.kind === 'read' || (effect.kind === 'net' && effect.access === 'read'));

/** One effect in a few words. */
export const describeEffect = (effect: Effect): string => {
  switch (effect.kind) {
    case 'read':
    case 'write':
      return `${effect.kind} ${effect.path}`;
    case 'exec':
      return `run ${effect.command}`;
    case 'net':
      return `${effect.access === 'write' ? 'send to' : 'read from'} ${effect.host}`;
    case 'env':
    case 'secret':
      return `use ${effect.kind} ${effect.name}`;
  }
};
