import type { CopilotError } from '../base/errors.ts';
import type { Message } from './message.ts';
import type { Need } from './capabilities.ts';

/** Data: what a model is told, what it may use. */
export interface Agent {
  name: string;
  /** The whole system prompt. */
  instructions: string;
  /** Names of tools it may call. */
  tools: readonly string[];
  /** Names of tools it is told of in one line and may ask for. */
  onDemand?: readonly string[];
  /** Model calls before the run is stopped. */
  maxTurns: number;
  needs?: readonly Need[];
}

/** Work for an agent. */
export interface Task {
  agent: string;
  /** Only the new ones. Empty only with `continues`: goes on where that run was cut off. */
  messages: Message[];
  /** Run id whose conversation is the history. */
  continues?: string;
  /** JSON Schema the final answer must fit; it is then parsed into `result`. */
  outputSchema?: object;
}

/** How a run ended. It only answers; who says "done" is the workflow around it. */
export interface RunResult {
  run: string;
  status: 'answered' | 'stopped' | 'failed';
  /** The final text. */
  text: string;
  /** The parsed answer when the task had an `outputSchema` and the answer fits it. */
  result?: unknown;
  turns: number;
  /** Why it stopped or failed. */
  error?: CopilotError;
}
