import type { JudgedClaim } from './evidence.ts';
import type { Block, Message } from './message.ts';
import type { Effect } from './policy.ts';
import type { Enforcement } from './sandbox.ts';
import type { Usage } from './provider.ts';
import type { Outcome } from './outcome.ts';

/** Shown while it happens, never kept: no seq, no hash. */
export type Transient = { run: string } & (
  | { type: 'text.delta'; text: string }
  | { type: 'thinking.delta'; text: string }
  | { type: 'tool.progress'; callId: string; text: string }
);

/** An error as it is kept and printed. */
export interface ErrorInfo {
  code: string;
  message: string;
  hint?: string;
}

/** Everything that happens and is kept. `run` is the run (or workflow) the event belongs to. */
export type Event = { run: string } & (
  | { type: 'run.started'; agent: string; parent?: string; continues?: string }
  | { type: 'message.added'; message: Message }
  | { type: 'model.selected'; model: string; purpose: Purpose }
  | { type: 'sandbox.selected'; sandbox: string; enforces: Enforcement }
  | { type: 'model.retried'; model: string; attempt: number; waitMs: number; reason: string }
  | { type: 'usage'; model: string; purpose: Purpose; usage: Usage; costUsd: number | null; durationMs: number }
  | { type: 'tool.asked'; callId: string; tool: string; effects: Effect[]; why: string }
  | {
      type: 'tool.decided';
      callId: string;
      tool: string;
      verdict: 'allow' | 'deny';
      by: 'rule' | 'builtin' | 'mode' | 'user';
      why: string;
      rule?: string;
      origin?: string;
      enforced?: 'sandbox' | 'parse-only';
      hint?: string;
      effects: Effect[];
    }
  | {
      /** The workspace was recorded for undo; `paths` when only those were. */
      type: 'snapshot.taken';
      callId: string;
      when: 'before' | 'after';
      snapshot: string;
      paths?: string[];
    }
  /** These steps were taken back (`callId@seq` of their first snapshot); snapshots of the same `callId` stand around it. */
  | { type: 'undo.applied'; callId: string; undone: string[] }
  | {
      type: 'tool.finished';
      callId: string;
      tool: string;
      content: Block[];
      isError: boolean;
      data?: unknown;
      durationMs: number;
    }
  | { type: 'context.compacted'; replacement: Message[]; beforeTokens: number; afterTokens: number }
  | { type: 'claim.judged'; claim: JudgedClaim }
  | {
      type: 'run.finished';
      status: 'answered' | 'stopped' | 'failed';
      text: string;
      turns: number;
      error?: ErrorInfo;
    }
  | { type: 'workflow.finished'; workflow: string; outcome: Outcome }
);

/** What a model is called for. */
export type Purpose = 'work' | 'summary';

/** An event in the log. */
export type Recorded = Event & {
  session: string;
  /** 1, 2, 3, … within the session. */
  seq: number;
  /** Milliseconds since the epoch. */
  at: number;
  /** Hex SHA-256 over the previous hash and this event. */
  hash: string;
};
