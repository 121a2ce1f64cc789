import type { RunResult, Task } from './agent.ts';
import type { Event, Recorded, Transient } from './event.ts';
import type { Check } from './evidence.ts';
import type { Sandbox } from './sandbox.ts';
import type { ToolOutput } from './tool.ts';

/** What a workflow may use: the same policy, sandbox and log as everything else. */
export interface WorkflowContext {
  /** The id this workflow's own events carry. */
  readonly id: string;
  run(task: Task): AsyncGenerator<Event | Transient, RunResult>;
  /** Calls a tool outside a model's turn, recorded and under policy like any call. */
  tool(name: string, input: unknown): AsyncGenerator<Event | Transient, ToolOutput & { isError: boolean }>;
  readonly checks: readonly Check[];
  readonly sandbox: Sandbox;
  log(): Iterable<Recorded>;
  readonly signal: AbortSignal;
}
