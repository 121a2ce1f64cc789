import { configError, limitError, type CopilotError } from '../../base/errors.ts';
import type { BudgetScope, BudgetWarning } from '../../core/budget.ts';
import {
  noBalance,
  reserving,
  settled,
  usdOf,
  type Amount,
  type Balance,
  type Hold,
  type Ledger,
} from '../../core/ledger.ts';

/** One limit; what is left out is not limited. */
export interface Limit {
  usd?: number;
  tokens?: number;
}

/** The limits in force. */
export type Limits = Readonly<Partial<Record<BudgetScope, Limit>>>;

/** What a call would cost at most. */
export interface CallCost {
  /** Undefined nanos: the price is not known. */
  input: { nanos: number | undefined; tokens: number };
  nanosPerOutputToken: number;
  wantedOutputTokens: number;
  model: string;
}

/** A promise of money and tokens to one call. */
export interface Reservation {
  /** What the call may produce. */
  readonly maxOutputTokens: number;
  readonly amount: Amount;
  /** Ends it, once: with what was really spent, or with everything that was promised when nobody knows. */
  settle(spent?: Amount): BudgetWarning[];
}

/** Money and tokens of a run and everything it starts. spent + reserved never exceeds a limit. */
export interface Purse {
  /** @throws CopilotError exit 5 when it does not fit, exit 3 when a limit in USD meets an unknown price. */
  reserve(cost: CallCost): Reservation;
  /** True when a limit in USD is set: a model without a known price can then not be called. */
  readonly needsPrice: boolean;
  /** What this run spent and promised. */
  readonly run: Readonly<Balance>;
}

/** Fewer output tokens than this are not worth a call. */
const leastOutputTokens = 256;
const thresholds = [95, 80, 50];
const scopes: readonly BudgetScope[] = ['run', 'day', 'month', 'perRepo'];

/** A scope's name in a sentence. */
export const scopeName: Readonly<Record<BudgetScope, string>> = {
  run: 'this run',
  day: 'today',
  month: 'this month',
  perRepo: 'this repository this month',
};

const raise: Readonly<Record<BudgetScope, string>> = {
  run: 'Raise --max-cost-usd or --max-tokens (budget.run).',
  day: 'Raise budget.day, or go on tomorrow (UTC).',
  month: 'Raise budget.month, or go on next month (UTC).',
  perRepo: 'Raise budget.perRepo, or go on next month (UTC).',
};

const left = (limit: number | undefined, spent: number, reserved: number): number =>
  (limit ?? Infinity) - spent - reserved;

/** A limit in USD meets a model whose price nobody knows. */
export const unpriced = (model: string): CopilotError =>
  configError(
    `The price of ${model} is not known, so a limit in USD cannot be kept.`,
    `Give its price in the config under models."${model}".price, or limit tokens instead.`,
  );

/** A purse over the given limits; without a ledger it knows of this run only. */
export const purse = (limits: Limits, ledger?: Ledger): Purse => {
  const run = noBalance();
  const warned = new Map<string, number>();
  const nanosOf = (scope: BudgetScope): number | undefined => {
    const usd = limits[scope]?.usd;
    return usd === undefined ? undefined : Math.floor(usd * 1e9);
  };
  const limitsUsd = scopes.some((scope) => limits[scope]?.usd !== undefined);

  const refuse = (scope: BudgetScope, { spent, reserved }: Balance): CopilotError => {
    const promised =
      reserved.nanos + reserved.tokens > 0 ? `, ${reserved.tokens} tokens promised to calls under way` : '';
    const limit = limits[scope];
    const most = [
      ...(limit?.usd === undefined ? [] : [`$${limit.usd}`]),
      ...(limit?.tokens === undefined ? [] : [`${limit.tokens} tokens`]),
    ].join(' or ');
    return limitError(
      `The next call does not fit the budget of ${scopeName[scope]}: ${spent.tokens} tokens, $${usdOf(spent.nanos).toFixed(4)} spent${promised}, at most ${most}.`,
      raise[scope],
    );
  };

  /** The most output tokens every limit leaves room for. */
  const fit = (cost: CallCost, balances: Readonly<Partial<Record<BudgetScope, Balance>>>): number => {
    let most = cost.wantedOutputTokens;
    const least = Math.min(leastOutputTokens, most);
    for (const scope of scopes) {
      const balance = balances[scope];
      const limit = limits[scope];
      if (!balance || limit === undefined) continue;
      const { spent, reserved } = balance;
      const tokens = left(limit.tokens, spent.tokens, reserved.tokens) - cost.input.tokens;
      const nanos = left(nanosOf(scope), spent.nanos, reserved.nanos) - (cost.input.nanos ?? 0);
      const paid = cost.nanosPerOutputToken > 0 ? nanos / cost.nanosPerOutputToken : nanos >= 0 ? Infinity : -1;
      most = Math.min(most, Math.floor(Math.min(tokens, paid)));
      if (most < least) throw refuse(scope, balance);
    }
    return most;
  };

  const warningsOf = (balances: Readonly<Partial<Record<BudgetScope, Balance>>>): BudgetWarning[] =>
    scopes.flatMap((scope) =>
      (['usd', 'tokens'] as const).flatMap((unit): BudgetWarning[] => {
        const limit = limits[scope]?.[unit];
        const spent = balances[scope]?.spent;
        if (limit === undefined || !spent) return [];
        const used = unit === 'usd' ? usdOf(spent.nanos) : spent.tokens;
        const percent = thresholds.find((one) => used >= (limit * one) / 100);
        const key = `${scope} ${unit}`;
        if (percent === undefined || percent <= (warned.get(key) ?? 0)) return [];
        warned.set(key, percent);
        return [{ scope, unit, percent, used, limit }];
      }),
    );

  return {
    run,
    needsPrice: limitsUsd,
    reserve: (cost) => {
      if (limitsUsd && cost.input.nanos === undefined) throw unpriced(cost.model);
      let maxOutputTokens = 0;
      let amount: Amount = { nanos: 0, tokens: 0 };
      const decide = (shared: Readonly<Partial<Record<BudgetScope, Balance>>>): Amount => {
        maxOutputTokens = fit(cost, { ...shared, run });
        amount = {
          nanos: (cost.input.nanos ?? 0) + Math.ceil(maxOutputTokens * cost.nanosPerOutputToken),
          tokens: cost.input.tokens + maxOutputTokens,
        };
        return amount;
      };
      const hold: Hold | undefined = ledger?.reserve(decide);
      if (!hold) decide({});
      Object.assign(run, reserving(run, amount));
      let open = true;
      return {
        maxOutputTokens,
        amount,
        settle: (spent = amount) => {
          if (!open) return [];
          open = false;
          Object.assign(run, settled(run, amount, spent));
          const shared = hold ? ledger?.settle(hold, spent) : undefined;
          return warningsOf({ ...shared, run });
        },
      };
    },
  };
};
