/** Who may spend what: one run, a day or a month of this user, or a month of one repository. */
export type BudgetScope = 'run' | 'day' | 'month' | 'perRepo';

/** A limit is used up to this share. */
export interface BudgetWarning {
  scope: BudgetScope;
  /** 50, 80 or 95. */
  percent: number;
  unit: 'usd' | 'tokens';
  /** In USD or tokens, as `unit` says. */
  used: number;
  limit: number;
}
