import type { Usage } from '../core/provider.ts';
import { openDatabase } from './database.ts';

/** One call of a model, or one that failed and counts as what was reserved for it. */
export interface UsageRow {
  /** Milliseconds since the epoch. */
  at: number;
  session: string;
  /** Real path of the workspace. */
  root: string;
  model: string;
  usage: Usage;
  /** Tokens of an attempt nobody knows the usage of: all that was reserved. */
  assumedTokens: number;
  /** Null when the price is not known. */
  costUsd: number | null;
}

interface Row {
  session: string;
  seq: number;
  at: number;
  body: string;
  root: string;
}

type Body =
  | { type: 'usage'; model: string; usage: Usage; costUsd: number | null }
  | { type: 'usage.assumed'; model: string; tokens: number; costUsd: number | null };

const nothing: Usage = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };

/** Reads what models were called for since a time, oldest first, and which workflow each session ran. @throws CopilotError exit 3 */
export const readUsage = (path: string, fromMs: number): { rows: UsageRow[]; workflows: Map<string, string> } => {
  const database = openDatabase(path);
  try {
    const rows = database
      .prepare<[number], Row>(
        `SELECT e.session, e.seq, e.at, e.body, s.root FROM events e JOIN sessions s ON s.id = e.session
         WHERE e.type IN ('usage', 'usage.assumed') AND e.at >= ? ORDER BY e.at, e.session, e.seq`,
      )
      .all(fromMs);
    const ends = database
      .prepare<[number], { session: string; body: string }>(
        `SELECT session, body FROM events WHERE type = 'workflow.finished' AND session IN
           (SELECT DISTINCT session FROM events WHERE type IN ('usage', 'usage.assumed') AND at >= ?) ORDER BY seq`,
      )
      .all(fromMs);
    return {
      rows: rows.map(({ session, at, body, root }): UsageRow => {
        const event = JSON.parse(body) as Body;
        const { model, costUsd } = event;
        return event.type === 'usage'
          ? { at, session, root, model, costUsd, usage: event.usage, assumedTokens: 0 }
          : { at, session, root, model, costUsd, usage: nothing, assumedTokens: event.tokens };
      }),
      workflows: new Map(
        ends.map(({ session, body }) => [session, (JSON.parse(body) as { workflow: string }).workflow]),
      ),
    };
  } finally {
    database.close();
  }
};
