import type { JudgedClaim } from './evidence.ts';
import type { BudgetWarning } from './budget.ts';
import type { Loss } from './loss.ts';
import type { Block, Message, Origin } from './message.ts';
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
  /** Who is asked from here on. A change within a run says why. */
  | { type: 'model.selected'; model: string; purpose: Purpose; why?: string }
  /** What requests lose at a model, each loss once per run and model. */
  | { type: 'model.adapted'; model: string; losses: readonly Loss[] }
  | { type: 'sandbox.selected'; sandbox: string; enforces: Enforcement }
  | { type: 'model.retried'; model: string; attempt: number; waitMs: number; reason: string }
  | { type: 'usage'; model: string; purpose: Purpose; usage: Usage; costUsd: number | null; durationMs: number }
  | { type: 'tool.asked'; callId: string; tool: string; effects: Effect[]; why: string }
  | {
      type: 'tool.decided';
      callId: string;
      tool: string;
      verdict: 'allow' | 'deny';
      by: 'rule' | 'builtin' | 'mode' | 'taint' | 'profile' | 'user';
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
      /** Where the content came from when that is not the workspace: from here on the run is tainted. */
      origin?: Origin;
      /** The page, file or server it came from. */
      source?: string;
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
  /** What an attempt without known usage is taken to have cost: all that was reserved for it. */
  | { type: 'usage.assumed'; model: string; tokens: number; costUsd: number | null; why: string }
  | ({ type: 'budget.warned' } & BudgetWarning)
  | { type: 'secret.used'; name: string; by: string; allowed: boolean; why?: string }
  | AdminEvent
);

/** What somebody changed outside of a run; kept in a session of its own (`SessionInfo.kind` is `journal`). */
export type AdminEvent =
  | { type: 'secret.changed'; name: string; change: 'set' | 'removed' | 'rotated' | 'read'; scopes?: string[] }
  | { type: 'vault.changed'; change: 'created' | 'rekeyed'; keyId: string; keySource: string }
  | { type: 'trust.changed'; folder: string; change: 'added' | 'revoked' }
  | { type: 'config.changed'; key: string; file: string }
  | { type: 'mfa.changed'; change: 'enrolled' | 'removed' }
  | { type: 'mfa.checked'; passed: boolean; why: string }
  | { type: 'data.exported'; what: string; events: number }
  | { type: 'data.erased'; what: string; sessions: number; why: 'retention' | 'privacy' | 'user' };

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
