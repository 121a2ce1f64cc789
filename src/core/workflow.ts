import type { RunResult, Task } from './agent.ts';
import type { Event, Recorded, Transient } from './event.ts';
import type { Check, JudgedClaim } from './evidence.ts';
import type { Sandbox } from './sandbox.ts';
import type { ToolOutput } from './tool.ts';

/** How a workflow ended. */
export interface Outcome {
  status: 'done' | 'failed' | 'stopped';
  /** For the human, a few lines. */
  summary: string;
  result?: unknown;
  claims: JudgedClaim[];
  /** True when nothing is left unproven: no file changed or every check passed on exactly the final tree, and every claim is verified. */
  verified: boolean;
}

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
