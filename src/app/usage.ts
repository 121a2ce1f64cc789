import { realpathSync } from 'node:fs';
import type { BudgetScope } from '../core/budget.ts';
import { usdOf } from '../core/ledger.ts';
import { ledger } from '../host/log/ledger.ts';
import type { Env } from '../host/paths.ts';
import { upToRepository } from '../host/surroundings.ts';
import { readUsage, type UsageRow } from '../host/log/usage-log.ts';
import { limitsFrom } from './budgets.ts';
import { sessionsPath } from './sessions.ts';
import { loadSettings } from './settings.ts';

/** What usage can be added up by. */
export const usageGroups = ['day', 'model', 'repo', 'session', 'workflow'] as const;

/** One of {@link usageGroups}. */
export type UsageGroup = (typeof usageGroups)[number];

/** What one day, model, repository, session or workflow used. */
export interface UsageSum {
  key: string;
  calls: number;
  inputTokens: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
  outputTokens: number;
  /** Of attempts whose usage nobody told: counted as all that was reserved for them. */
  assumedTokens: number;
  /** Of the calls whose price is known. */
  costUsd: number;
  /** Calls whose price is not known: they are missing from `costUsd`. */
  unpricedCalls: number;
}

/** How full a limit is. */
export interface BudgetState {
  scope: BudgetScope;
  usd: { spent: number; reserved: number; limit: number | null };
  tokens: { spent: number; reserved: number; limit: number | null };
}

/** What `usage` tells. */
export interface UsageReport {
  /** First day looked at (UTC). */
  from: string;
  by: UsageGroup;
  rows: UsageSum[];
  total: UsageSum;
  /** Of the running month, at the pace of the last seven days; null without a priced call in them. */
  forecastUsd: number | null;
  budgets: BudgetState[];
}

const dayMs = 24 * 3600 * 1000;

const empty = (key: string): UsageSum => ({
  key,
  calls: 0,
  inputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 0,
  assumedTokens: 0,
  costUsd: 0,
  unpricedCalls: 0,
});

const add = (sum: UsageSum, { usage, assumedTokens, costUsd }: UsageRow): UsageSum => ({
  key: sum.key,
  calls: sum.calls + 1,
  inputTokens: sum.inputTokens + usage.inputTokens,
  cacheReadTokens: sum.cacheReadTokens + usage.cacheReadTokens,
  cacheWriteTokens: sum.cacheWriteTokens + usage.cacheWriteTokens,
  outputTokens: sum.outputTokens + usage.outputTokens,
  assumedTokens: sum.assumedTokens + assumedTokens,
  costUsd: sum.costUsd + (costUsd ?? 0),
  unpricedCalls: sum.unpricedCalls + (costUsd === null ? 1 : 0),
});

const utcDay = (atMs: number): string => new Date(atMs).toISOString().slice(0, 10);

/**
 * What the running month will have cost: spent so far, and the rest of the month at the pace of the last seven days (or of
 * the time since the first call, when that is less). Null when nothing with a price happened in that time.
 */
export const forecast = (rows: readonly UsageRow[], nowMs: number): number | null => {
  const now = new Date(nowMs);
  const monthStart = Date.UTC(now.getUTCFullYear(), now.getUTCMonth());
  const monthEnd = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1);
  const priced = rows.filter((row) => row.costUsd !== null && row.at <= nowMs);
  const recent = priced.filter((row) => row.at > nowMs - 7 * dayMs);
  const [first] = recent;
  if (!first) return null;
  const sum = (some: readonly UsageRow[]): number => some.reduce((total, row) => total + (row.costUsd ?? 0), 0);
  const known = priced.some((row) => row.at <= nowMs - 7 * dayMs) ? 7 * dayMs : Math.max(dayMs, nowMs - first.at);
  const soFar = sum(priced.filter((row) => row.at >= monthStart));
  return soFar + (sum(recent) / known) * (monthEnd - nowMs);
};

/** Adds up what models used since `fromMs`. @throws CopilotError exit 3 */
export const usageReport = async (
  env: Env,
  cwd: string,
  options: { by: UsageGroup; fromMs: number; nowMs?: number },
): Promise<UsageReport> => {
  const { by, fromMs, nowMs = Date.now() } = options;
  const root = realpathSync(cwd);
  const path = sessionsPath(env);
  const { rows: all, workflows } = readUsage(path, Math.min(fromMs, nowMs - 40 * dayMs), by === 'workflow');
  const keyOf = (row: UsageRow): string => {
    switch (by) {
      case 'day':
        return utcDay(row.at);
      case 'model':
        return row.model;
      case 'repo':
        return row.root;
      case 'session':
        return row.session;
      case 'workflow':
        return workflows.get(row.session) ?? 'not finished';
    }
  };
  const sums = new Map<string, UsageSum>();
  let total = empty('total');
  for (const row of all.filter(({ at }) => at >= fromMs)) {
    const key = keyOf(row);
    sums.set(key, add(sums.get(key) ?? empty(key), row));
    total = add(total, row);
  }
  const rows = [...sums.values()];
  if (by !== 'day') rows.sort((a, b) => b.costUsd - a.costUsd || b.inputTokens - a.inputTokens);
  const limits = limitsFrom((await loadSettings(env, root)).value);
  const book = ledger(path, upToRepository(root).at(-1) ?? root, () => nowMs);
  const balances = book.balances();
  book.close();
  return {
    from: utcDay(fromMs),
    by,
    rows,
    total,
    forecastUsd: forecast(all, nowMs),
    budgets: (['day', 'month', 'perRepo'] as const).map((scope) => {
      const { spent, reserved } = balances[scope];
      const limit = limits[scope];
      return {
        scope,
        usd: { spent: usdOf(spent.nanos), reserved: usdOf(reserved.nanos), limit: limit?.usd ?? null },
        tokens: { spent: spent.tokens, reserved: reserved.tokens, limit: limit?.tokens ?? null },
      };
    }),
  };
};
