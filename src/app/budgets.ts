import type { BudgetScope } from '../core/budget.ts';
import { limitOf, type Config } from '../core/config.ts';
import type { Limit, Limits } from '../engine/models/purse.ts';

const least = (one: number | undefined, other: number | undefined): number | undefined =>
  one === undefined ? other : other === undefined ? one : Math.min(one, other);

/** The limits a configuration sets. `maxCostUsd` and `maxTokens` limit a run as `budget.run` does; the stricter one holds. */
export const limitsFrom = (config: Config): Limits => {
  const { budget = {}, maxCostUsd, maxTokens } = config;
  const run = limitOf(budget.run);
  const usd = least(run.usd, maxCostUsd);
  const tokens = least(run.tokens, maxTokens);
  const all: Record<BudgetScope, Limit> = {
    run: { ...(usd === undefined ? {} : { usd }), ...(tokens === undefined ? {} : { tokens }) },
    day: limitOf(budget.day),
    month: limitOf(budget.month),
    perRepo: limitOf(budget.perRepo),
  };
  return Object.fromEntries(Object.entries(all).filter(([, limit]) => Object.keys(limit).length > 0));
};
