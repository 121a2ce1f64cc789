import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { exitCodes, usageError } from '../../base/errors.ts';
import { printableName } from '../../base/printable.ts';
import type { Gate, ReviewFormatName, ReviewReport, RuleStats } from '../../app/review/print.ts';
import { columns } from '../columns.ts';
import { interruptible } from '../interruptible.ts';
import type { Cli } from '../io.ts';
import { jsonLine } from '../json-line.ts';
import { paintFor } from '../render.ts';

interface Flags {
  staged?: boolean;
  worktree?: boolean;
  base?: string;
  format: ReviewFormatName;
  json?: boolean;
  output?: string;
  failOn?: Gate;
  newOnly?: boolean;
  all?: boolean;
  model: string | boolean;
  requireModel?: boolean;
  maxCostUsd?: number;
  writeBaseline?: boolean;
  dismiss?: string[];
  reopen?: string[];
  reason?: string;
  stats?: boolean;
  quiet?: boolean;
}

const formats = ['text', 'json', 'sarif', 'github', 'markdown', 'junit'] as const satisfies ReviewFormatName[];
const gates = ['critical', 'high', 'medium', 'low', 'never'] as const satisfies Gate[];

const parseCost = (word: string): number => {
  const usd = Number(word);
  if (word.trim() === '' || !(usd > 0 && usd < Infinity))
    throw usageError(`--max-cost-usd takes a positive number, not "${word}".`);
  return usd;
};

const share = (part: number, whole: number): string => (whole === 0 ? '-' : `${Math.round((100 * part) / whole)} %`);

const statsTable = (rules: readonly RuleStats[]): string =>
  columns(
    [
      ['rule', 'raised', 'fixed', 'dismissed', 'kept', 'open', 'accepted'],
      ...rules.map(({ rule, raised, fixed, dismissed, kept, open }) => [
        ...[printableName(rule), ...[raised, fixed, dismissed, kept, open].map(String)],
        share(fixed, fixed + dismissed),
      ]),
    ],
    new Set([1, 2, 3, 4, 5, 6]),
  );

/** `llm-copilot review`. */
export const reviewCommand = (program: Command, cli: Cli): void => {
  const { io } = cli;

  const say = (line: string): unknown => io.stderr.write(`${printableName(line)}\n`);

  const judge = async (flags: Flags): Promise<void> => {
    if (flags.dismiss && flags.reopen) throw usageError('--dismiss and --reopen say opposite things.');
    const reason = flags.reason?.trim() ?? '';
    if (flags.dismiss && reason === '')
      throw usageError('--dismiss wants a reason.', 'Say why it is all right: --reason "<text>"');
    const { judgeFindings } = await import('../../app/review/verdicts.ts');
    const place = { env: io.env, cwd: io.cwd, notice: say };
    const fingerprints = flags.dismiss ?? flags.reopen ?? [];
    const judged = await interruptible(io, (signal) =>
      judgeFindings(place, fingerprints, flags.dismiss ? reason : null, signal),
    );
    for (const { fingerprint, rule, path } of judged)
      say(`${flags.dismiss ? 'dismissed' : 'open again'}: ${fingerprint} ${rule} in ${printableName(path)}`);
  };

  const showStats = async (flags: Flags): Promise<void> => {
    const { reviewStats } = await import('../../app/review/verdicts.ts');
    const stats = await interruptible(io, (signal) => reviewStats({ env: io.env, cwd: io.cwd, notice: say }, signal));
    if (flags.json || flags.format === 'json') return void io.stdout.write(jsonLine(stats));
    const parts = [stats.rules, stats.models].filter((rules) => rules.length > 0).map(statsTable);
    if (parts.length === 0) say('No review of this repository raised anything yet.');
    else io.stdout.write(`${parts.join('\n\n')}\n`);
  };

  const show = async (report: ReviewReport, text: string, flags: Flags): Promise<void> => {
    const isSilent = flags.quiet && flags.format === 'text' && !report.failed && !/\n./.test(text);
    if (flags.output !== undefined) {
      const { replaceFile } = await import('../../app/changelog/replace-file.ts');
      replaceFile(resolve(io.cwd, flags.output), text);
    } else if (!isSilent) io.stdout.write(text);
    if (report.failed) cli.exit(exitCodes.notAchieved);
  };

  program
    .command('review [range]')
    .description('find what is wrong with a change; exit 1 when something is as bad as the gate says')
    .option('--staged', 'what is staged')
    .option('--worktree', 'what differs in the work tree, new files too')
    .option('--base <ref>', 'what HEAD adds to this branch or commit')
    .addOption(new Option('--format <format>', 'how it is printed').choices(formats).default('text'))
    .option('--json', 'the same as --format json')
    .option('-o, --output <file>', 'print into a file')
    .addOption(new Option('--fail-on <severity>', 'exit 1 from this severity on').choices(gates))
    .option('--new-only', 'what was raised before does not fail it')
    .option('--all', 'also show what was raised before, dismissed, suppressed or is in the baseline')
    .option('-m, --model <provider/model>', 'model to ask as well')
    .option('--no-model', 'ask no model')
    .option('--require-model', 'fail when no model can be asked')
    .option('--max-cost-usd <usd>', 'hard limit on money', parseCost)
    .option('--write-baseline', 'add what is found to the baseline: the project lives with it')
    .option('--dismiss <fingerprint...>', 'these findings are none')
    .option('--reopen <fingerprint...>', 'take a dismissal back')
    .option('--reason <text>', 'why they are dismissed')
    .option('--stats', 'what became of findings, by rule')
    .option('-q, --quiet', 'print nothing when nothing is new')
    .action(async (range: string | undefined, given: Flags) => {
      const flags: Flags = given.json ? { ...given, format: 'json' } : given;
      if (flags.dismiss || flags.reopen) return judge(flags);
      if (flags.reason !== undefined) throw usageError('--reason belongs to --dismiss.');
      if (flags.stats) return showStats(flags);
      if (flags.model === false && flags.requireModel)
        throw usageError('--no-model and --require-model say opposite things.');
      const [{ reviewChange }, { printReview }] = await Promise.all([
        import('../../app/review/review.ts'),
        import('../../app/review/print.ts'),
      ]);
      const named = typeof flags.model === 'string' ? flags.model : undefined;
      const { staged, worktree, base, maxCostUsd } = flags;
      const report = await interruptible(io, (signal) =>
        reviewChange(
          {
            ...{ env: io.env, cwd: io.cwd, plugins: cli.plugins, said: { range, staged, worktree, base } },
            model: flags.requireModel
              ? 'required'
              : named !== undefined
                ? 'wanted'
                : flags.model === false
                  ? 'never'
                  : 'auto',
            flags: { ...(named !== undefined && { model: named }), ...(maxCostUsd !== undefined && { maxCostUsd }) },
            ...{ failOn: flags.failOn, newOnly: flags.newOnly ?? false, writeBaseline: flags.writeBaseline ?? false },
          },
          signal,
        ),
      );
      if (!flags.quiet) for (const notice of report.notices) say(notice);
      // A person sees what a program is told of.
      if (!flags.quiet && (flags.format !== 'text' || flags.output !== undefined))
        say(`Reviewed: ${printableName(report.title)}, ${report.findings.length} found.`);
      const text = printReview(report, flags.format, {
        ...{ version: program.version() ?? '', all: flags.all ?? false, newOnly: flags.newOnly ?? false },
        paint: paintFor(flags.output === undefined ? io.stdout : {}, io.env),
      });
      await show(report, text, flags);
    });
};
