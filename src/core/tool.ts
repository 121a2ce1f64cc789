import type { CodeSearcher } from './code-index.ts';
import type { Event, Transient } from './event.ts';
import type { Memory } from './memory.ts';
import type { Block, Origin } from './message.ts';
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
  /** Where the content came from when that is not the workspace; the run is tainted from then on. */
  origin?: Origin;
  /** The page or server it came from. */
  source?: string;
  /** The call worked but its news is bad, such as a command that exited 1. */
  isError?: boolean;
}

/** What a page is asked with. */
export interface WebRequest {
  /** More bytes than this (after decompression) are cut off. */
  maxBytes: number;
  /** For everything together. */
  timeoutMs: number;
}

/** What came back from the web. */
export interface WebPage {
  /** Where it finally came from. */
  url: string;
  status: number;
  /** The header as it was sent; empty when there was none. */
  contentType: string;
  body: Uint8Array;
  /** True when the body was cut at `maxBytes`. */
  truncated: boolean;
  /** A redirect to another host: it was not followed, for nobody was asked about that host. */
  redirectedTo?: string;
}

/**
 * Gets one page over HTTP(S) with nothing of ours sent along. Hosts and addresses are checked again at every redirect.
 * @throws ToolError when it cannot be had: refused address, no such host, bad certificate, too slow.
 */
export type WebGet = (url: string, request: WebRequest, signal: AbortSignal) => Promise<WebPage>;

/** What a running call may use. */
export interface ToolContext {
  readonly callId: string;
  readonly run: string;
  readonly sandbox: Sandbox;
  /** Path patterns (gitignore's form) to leave out when many files are read or listed. */
  readonly hidden: readonly string[];
  /** The only way to the network. */
  readonly web: WebGet;
  /** The repository's files, indexed; it opens with its first question. */
  readonly code: CodeSearcher;
  /** What is remembered across runs; it opens with its first question. */
  readonly memory: Memory;
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
