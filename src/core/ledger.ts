/** Money in billionths of a dollar – whole numbers add up exactly – and tokens. */
export interface Amount {
  nanos: number;
  tokens: number;
}

/** What was spent, and what is promised to calls under way. */
export interface Balance {
  spent: Amount;
  reserved: Amount;
}

/** Whose balance: everything this user spends in a day or month, or what a repository costs in a month. UTC. */
export type LedgerScope = 'day' | 'month' | 'perRepo';

/** An amount promised to a call, in the periods it was promised in. */
export interface Hold {
  readonly keys: readonly string[];
  readonly amount: Amount;
}

/** What all processes of a user share. Every call is one transaction. */
export interface Ledger {
  /**
   * Reserves in every scope what `decide` says once it knows their balances; it throws to refuse.
   * @throws CopilotError `E_DATABASE` when the ledger cannot be written: then nothing may be spent.
   */
  reserve(decide: (balances: Readonly<Record<LedgerScope, Balance>>) => Amount): Hold;
  /** Ends a hold: what was spent takes the place of what was promised. Gives the new balances. */
  settle(hold: Hold, spent: Amount): Readonly<Record<LedgerScope, Balance>>;
  balances(): Readonly<Record<LedgerScope, Balance>>;
}

/** An empty balance. */
export const noBalance = (): Balance => ({ spent: { nanos: 0, tokens: 0 }, reserved: { nanos: 0, tokens: 0 } });

/** Puts an amount to what is reserved. */
export const reserving = ({ spent, reserved }: Balance, more: Amount): Balance => ({
  spent,
  reserved: { nanos: reserved.nanos + more.nanos, tokens: reserved.tokens + more.tokens },
});

/** Takes an amount from what is reserved and puts another to what is spent. */
export const settled = ({ spent, reserved }: Balance, held: Amount, real: Amount): Balance => ({
  spent: { nanos: spent.nanos + real.nanos, tokens: spent.tokens + real.tokens },
  reserved: { nanos: reserved.nanos - held.nanos, tokens: reserved.tokens - held.tokens },
});

/** USD of an amount. */
export const usdOf = (nanos: number): number => nanos / 1e9;
