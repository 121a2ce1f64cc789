import type { Usage } from '../../core/provider.ts';
import { openDatabase } from './database.ts';
import { withDatabase } from './event-log-chain.ts';

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

/**
 * Reads what models were called for since a time, oldest first; and which workflow each session ran, when that is asked
 * for: it takes a walk through all they hold. @throws CopilotError exit 3
 */
export const readUsage = (
  path: string,
  fromMs: number,
  withWorkflows: boolean,
): { rows: UsageRow[]; workflows: Map<string, string> } => {
  const database = openDatabase(path);
  const read = () => {
    const rows = database
      .prepare<[number], Row>(
        `SELECT e.session, e.seq, e.at, e.body, s.root FROM events e JOIN sessions s ON s.id = e.session
         WHERE e.type IN ('usage', 'usage.assumed') AND e.at >= ? ORDER BY e.at, e.session, e.seq`,
      )
      .all(fromMs);
    const ends = !withWorkflows
      ? []
      : database
          .prepare<[number], { session: string; body: string }>(
            `SELECT session, body FROM events WHERE type = 'workflow.finished' AND session IN
           (SELECT DISTINCT session FROM events WHERE type IN ('usage', 'usage.assumed') AND at >= ?) ORDER BY seq`,
          )
          .all(fromMs);
    const assumed = new Set<string>();
    return {
      rows: rows.flatMap(({ session, at, body, root }): UsageRow[] => {
        const event = JSON.parse(body) as Body;
        const { model, costUsd } = event;
        if (event.type === 'usage.assumed') {
          assumed.add(session);
          return [{ at, session, root, model, costUsd, usage: nothing, assumedTokens: event.tokens }];
        }
        // A reply of unknown usage was counted by what came before it.
        const isUnknown = Object.values(event.usage).every((tokens) => tokens === 0) && costUsd === null;
        if (isUnknown && assumed.has(session)) return [];
        return [{ at, session, root, model, costUsd, usage: event.usage, assumedTokens: 0 }];
      }),
      workflows: new Map(
        ends.map(({ session, body }) => [session, (JSON.parse(body) as { workflow: string }).workflow]),
      ),
    };
  };
  try {
    return withDatabase('The event log cannot be read', read);
  } finally {
    database.close();
  }
};
