import type { Event, Transient } from './event.ts';
import type { Block } from './message.ts';
import type { Effect } from './policy.ts';
import type { Sandbox } from './sandbox.ts';
import type { RunResult, Task } from './agent.ts';

const toolBrand = Symbol.for('llm-copilot.ToolError');

/** Something the model can mend: it becomes an error result of the call, and the run goes on. */
export class ToolError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ToolError';
    Object.defineProperty(this, toolBrand, { value: true });
  }
}

/** True for a {@link ToolError} of any copy of this package. */
export const isToolError = (error: unknown): error is ToolError =>
  typeof error === 'object' && error !== null && toolBrand in error;

/** What a tool answers. */
export interface ToolOutput {
  /** For the model. */
  content: Block[];
  /** For workflows and readers: typed, never parsed back from prose. JSON-serialisable. */
  data?: unknown;
  /** The call worked but its news is bad, such as a command that exited 1. */
  isError?: boolean;
}

/** What a running call may use. */
export interface ToolContext {
  readonly callId: string;
  readonly run: string;
  readonly sandbox: Sandbox;
  /** Path patterns (gitignore's form) to leave out when many files are read or listed. */
  readonly hidden: readonly string[];
  /** Starts an agent of its own under this call; its events carry its own run id. */
  delegate(task: Task): AsyncGenerator<Event | Transient, RunResult>;
  readonly signal: AbortSignal;
}

/** A call whose input was accepted. */
export interface PreparedCall {
  /** Everything it may do, declared before it does anything. */
  effects: Effect[];
  /** @throws ToolError for what the model can mend. */
  run(context: ToolContext): Promise<ToolOutput> | AsyncGenerator<Transient | Event, ToolOutput>;
}

/** Everything an agent can do. */
export interface Tool {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the input object. */
  readonly inputSchema: object;
  /** Pure: looks at the input only. @throws ToolError when the model's input does not fit. */
  prepare(input: unknown): PreparedCall;
}
