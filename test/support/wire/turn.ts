import type { StopReason, Usage } from '../../../src/core/provider.ts';

/** A call the scripted model makes; `rawArguments` sends text that need not be JSON. */
export interface ScriptedCall {
  id?: string;
  name: string;
  input?: unknown;
  rawArguments?: string;
}

/** What the scripted model answers, whatever protocol it is asked in. */
export interface Answer {
  thinking?: string;
  /** Encrypted reasoning; Anthropic only. */
  redactedThinking?: string;
  text?: string;
  calls?: readonly ScriptedCall[];
  /** Left out: `tool_calls` when there are calls, else `end`. */
  stop?: StopReason;
  /** `null` reports none. `inputTokens` leaves the cache out, as in the core types. */
  usage?: Partial<Usage> | null;
  /** Headers of the answer. */
  headers?: Record<string, string>;
}

/** Something a server or the network does wrong. `text` is streamed before it happens. */
export type Fault =
  | { fault: 'status'; status: number; headers?: Record<string, string>; body?: unknown }
  /** Cuts the connection. */
  | { fault: 'truncate'; text?: string }
  /** Ends cleanly without the final event. */
  | { fault: 'end-early'; text?: string }
  /** Sends an event that is not JSON. */
  | { fault: 'malformed'; text?: string }
  /** Falls silent until the server closes; `from: 'start'` before the first byte. */
  | { fault: 'stall'; text?: string; from?: 'start' }
  /**
   * Sends exactly these events, strings as they are, those with a leading colon as comments, `everyMs` apart. After them
   * `keepOpen` does not end the answer, and `cut` cuts the connection.
   */
  | {
      fault: 'raw';
      events: readonly (Record<string, unknown> | string)[];
      everyMs?: number;
      keepOpen?: boolean;
      cut?: boolean;
    }
  /** Sends a whole answer, its events `everyMs` apart. */
  | { fault: 'drip'; answer: Answer; everyMs: number }
  /** Sends the protocol's error event, an overload unless said otherwise. */
  | { fault: 'error-event'; text?: string; type?: string; message?: string };

/** One answer of the server. */
export type Turn = Answer | Fault;

/** The whole of an answer with nothing left out. */
export interface FullAnswer extends Answer {
  calls: readonly { id: string; name: string; json: string }[];
  stop: StopReason;
  usage: Usage | null;
}

/** Fills in what a scripted answer left out; `index` makes ids unique within a server. */
export const fullAnswer = (answer: Answer, index: number): FullAnswer => {
  const calls = (answer.calls ?? []).map((call, position) => ({
    id: call.id ?? `call_${index}_${position}`,
    name: call.name,
    json: call.rawArguments ?? JSON.stringify(call.input ?? {}),
  }));
  return {
    ...answer,
    calls,
    stop: answer.stop ?? (calls.length > 0 ? 'tool_calls' : 'end'),
    usage:
      answer.usage === null
        ? null
        : { inputTokens: 10, outputTokens: 5, cacheReadTokens: 0, cacheWriteTokens: 0, ...answer.usage },
  };
};

/** Cuts text into at most `count` pieces, as models stream it. */
export const pieces = (text: string, count = 4): string[] => {
  const size = Math.max(1, Math.ceil(text.length / count));
  const parts: string[] = [];
  for (let start = 0; start < text.length; start += size) parts.push(text.slice(start, start + size));
  return parts;
};

/** How one protocol puts answers on the wire, as whole server-sent events. */
export interface Protocol {
  answer(answer: FullAnswer, index: number, model: string): string[];
  /** The first events of an answer, with some text in it. */
  opening(text: string, index: number, model: string): string[];
  errorEvent(type: string, message: string): string;
  /** The body of a failed request. */
  errorBody(status: number): unknown;
  /** The model that is asked, when the body does not say it in `model`. */
  modelOf?(path: string, body: unknown): string;
  /** Why the real API would refuse a body with 400; undefined when it would take it. */
  problemWith?(body: unknown): string | undefined;
}
