import type { Command } from 'commander';
import { Option } from 'commander';
import { usageError } from '../../base/errors.ts';
import { printable } from '../../base/printable.ts';
import type { BudgetState, UsageSum } from '../../app/usage.ts';
import type { Cli } from '../io.ts';

interface Flags {
  by: 'day' | 'model' | 'repo' | 'session' | 'workflow';
  since?: string;
  json?: boolean;
}

const firstOfMonth = (): number => Date.parse(`${new Date().toISOString().slice(0, 7)}-01T00:00:00Z`);

const parseDay = (value: string | undefined): number => {
  if (value === undefined) return firstOfMonth();
  const at = /^\d{4}-\d{2}-\d{2}$/.test(value) ? Date.parse(`${value}T00:00:00Z`) : Number.NaN;
  // The engine takes the 30th of February for the 2nd of March.
  if (Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== value)
    throw usageError(`--since takes a day such as 2026-11-01, not "${value}".`);
  return at;
};

const money = ({ costUsd, unpricedCalls, calls }: UsageSum): string =>
  unpricedCalls === calls && calls > 0 ? 'unknown' : `$${costUsd.toFixed(4)}${unpricedCalls > 0 ? '+' : ''}`;

/** Share of the input that was read from a provider's cache. */
const cached = ({ inputTokens, cacheReadTokens, cacheWriteTokens }: UsageSum): string => {
  const input = inputTokens + cacheReadTokens + cacheWriteTokens;
  return input === 0 ? '-' : `${Math.round((100 * cacheReadTokens) / input)} %`;
};

const table = (rows: readonly (readonly string[])[]): string => {
  const [head = []] = rows;
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
};

const budgetLine = ({ scope, usd, tokens }: BudgetState): string => {
  const name = { run: 'run', day: 'today', month: 'this month', perRepo: 'this repository, this month' }[scope];
  const part = (spent: string, reserved: string | undefined, limit: string | undefined): string =>
    `${spent}${limit === undefined ? '' : ` of ${limit}`}${reserved === undefined ? '' : ` (+ ${reserved} promised)`}`;
  return `${name}: ${part(
    `$${usd.spent.toFixed(4)}`,
    usd.reserved > 0 ? `$${usd.reserved.toFixed(4)}` : undefined,
    usd.limit === null ? undefined : `$${usd.limit}`,
  )}, ${part(
    `${tokens.spent} tokens`,
    tokens.reserved > 0 ? `${tokens.reserved}` : undefined,
    tokens.limit === null ? undefined : `${tokens.limit}`,
  )}`;
};

/** `llm-copilot usage`. */
export const usageCommand = (program: Command, cli: Cli): void => {
  const { io } = cli;
  program
    .command('usage')
    .description('what models used and cost, and how full the budgets are')
    .addOption(
      new Option('--by <what>', 'add up by').choices(['day', 'model', 'repo', 'session', 'workflow']).default('model'),
    )
    .option('--since <day>', 'from this day on (UTC); the first of this month when left out')
    .option('--json', 'as JSON')
    .action(async (flags: Flags) => {
      const fromMs = parseDay(flags.since);
      const { usageReport } = await import('../../app/usage.ts');
      const report = await usageReport(io.env, io.cwd, { by: flags.by, fromMs });
      if (flags.json) return void io.stdout.write(`${JSON.stringify(report)}\n`);
      const cells = (sum: UsageSum): string[] => [
        printable(sum.key),
        String(sum.calls),
        String(sum.inputTokens + sum.cacheReadTokens + sum.cacheWriteTokens),
        cached(sum),
        String(sum.outputTokens),
        ...(report.total.assumedTokens > 0 ? [String(sum.assumedTokens)] : []),
        money(sum),
      ];
      const head = [flags.by, 'calls', 'in', 'cached', 'out'];
      const assumed = report.total.assumedTokens > 0 ? ['assumed'] : [];
      io.stdout.write(
        `since ${report.from}\n${table([[...head, ...assumed, 'cost'], ...report.rows.map(cells), cells(report.total)])}\n\n`,
      );
      if (report.total.unpricedCalls > 0)
        io.stdout.write(`${report.total.unpricedCalls} calls have no known price and are missing from the cost.\n`);
      if (report.forecastUsd !== null)
        io.stdout.write(`forecast for this month, at the pace of the last 7 days: $${report.forecastUsd.toFixed(2)}\n`);
      for (const budget of report.budgets) io.stdout.write(`${budgetLine(budget)}\n`);
    });
};
