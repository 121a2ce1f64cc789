import { CopilotError, exitCodes, messageOf } from '../../base/errors.ts';
import {
  noBalance,
  reserving,
  settled,
  type Amount,
  type Balance,
  type Hold,
  type Ledger,
  type LedgerScope,
} from '../../core/ledger.ts';
import { openDatabase, type Database } from './database.ts';
import { withDatabase } from './event-log-chain.ts';

interface LedgerRow {
  spent_nanos: number;
  spent_tokens: number;
  reserved_nanos: number;
  reserved_tokens: number;
}

const unwritable = (cause: unknown): CopilotError =>
  new CopilotError(`The ledger of what was spent cannot be written: ${messageOf(cause)}`, {
    code: 'E_DATABASE',
    exitCode: exitCodes.config,
    hint: 'Check the disk: without it no budget could be kept, so no model was called.',
    cause,
  });

/** The key of each scope at a time: periods are part of it, so nothing is ever reset. */
export const ledgerKeys = (atMs: number, repo: string): Record<LedgerScope, string> => {
  const day = new Date(atMs).toISOString().slice(0, 10);
  const month = day.slice(0, 7);
  return { day: `day ${day}`, month: `month ${month}`, perRepo: `month ${month} ${repo}` };
};

/**
 * The ledger in the database of the event log, shared by every process of the user. A process that is killed leaves what
 * it had promised reserved: nobody knows whether it was billed. A clock that went back does not open an old period again.
 * @param place the database's file, or what gives one that is open already and that somebody else closes.
 * @param repo real path of the repository that pays for `perRepo`.
 * @param now milliseconds since the epoch.
 */
export const ledger = (
  place: string | (() => Database),
  repo: string,
  now: () => number = Date.now,
): Ledger & { close(): void } => {
  let opened: Database | undefined;
  const database = (): Database => (typeof place === 'string' ? (opened ??= openDatabase(place)) : place());
  const at = (): number => {
    const row = database().prepare<[], { at: number | null }>('SELECT max(at) AS at FROM ledger').get();
    return Math.max(now(), row?.at ?? 0);
  };
  const read = (key: string): Balance => {
    const row = database()
      .prepare<[string], LedgerRow>(
        'SELECT spent_nanos, spent_tokens, reserved_nanos, reserved_tokens FROM ledger WHERE scope = ?',
      )
      .get(key);
    if (!row) return noBalance();
    return {
      spent: { nanos: row.spent_nanos, tokens: row.spent_tokens },
      reserved: { nanos: row.reserved_nanos, tokens: row.reserved_tokens },
    };
  };
  const write = (key: string, { spent, reserved }: Balance, atMs: number): void => {
    database()
      .prepare('INSERT OR REPLACE INTO ledger VALUES (?, ?, ?, ?, ?, ?)')
      .run(key, atMs, spent.nanos, spent.tokens, reserved.nanos, reserved.tokens);
  };
  const all = (keys: Record<LedgerScope, string>): Record<LedgerScope, Balance> => ({
    day: read(keys.day),
    month: read(keys.month),
    perRepo: read(keys.perRepo),
  });
  const alone = <T>(work: () => T): T => {
    try {
      return database().transaction(work).immediate();
    } catch (error) {
      throw error instanceof CopilotError ? error : unwritable(error);
    }
  };
  const scopesOf = (keys: readonly string[]): Record<LedgerScope, string> => {
    const [day = '', month = '', perRepo = ''] = keys;
    return { day, month, perRepo };
  };
  return {
    reserve: (decide) =>
      alone((): Hold => {
        const time = at();
        const keys = ledgerKeys(time, repo);
        const balances = all(keys);
        const amount: Amount = decide(balances);
        for (const scope of ['day', 'month', 'perRepo'] as const)
          write(keys[scope], reserving(balances[scope], amount), time);
        return { keys: [keys.day, keys.month, keys.perRepo], amount };
      }),
    settle: (hold, spent) =>
      alone(() => {
        const time = at();
        for (const key of hold.keys) write(key, settled(read(key), hold.amount, spent), time);
        return all(scopesOf(hold.keys));
      }),
    balances: () => withDatabase('The ledger cannot be read', () => all(ledgerKeys(at(), repo))),
    close: () => opened?.close(),
  };
};
