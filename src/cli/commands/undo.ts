import type { Command } from 'commander';
import { exitCodes, isCopilotError, usageError } from '../../base/errors.ts';
import { printable } from '../../base/printable.ts';
import type { ListedStep, UndoDesk, UndoList, UndoReport } from '../../app/undo.ts';
import type { Cli } from '../io.ts';
import { paintFor, sayError } from '../render.ts';

interface UndoFlags {
  run?: string;
  last?: boolean;
  list?: boolean;
  session?: string;
  dryRun?: boolean;
  force?: boolean;
  json?: boolean;
}

const shownPaths = 20;

const shorten = (text: string, length: number): string =>
  text.length > length ? `${text.slice(0, length - 1)}…` : text;

const stepLine = (step: ListedStep): string => {
  const time = new Date(step.at).toISOString().slice(0, 16).replace('T', ' ');
  const count = step.changes?.length;
  const ended = count === undefined ? 'pruned' : step.after === undefined ? 'did not end' : `${count} changed`;
  const state = step.undone ? `${ended}, undone` : ended;
  const what = shorten(printable(step.what).replace(/\s+/g, ' '), 60);
  return `${String(step.number).padStart(3)}  ${time}  ${step.run.slice(0, 8)}  ${step.tool.padEnd(6)} ${what}  (${state})`;
};

const coverLines = ({ notCovered, exclude, maxFileBytes }: UndoList): string[] => {
  const rules = exclude.length > 0 ? `${exclude.join(', ')}; ` : '';
  const lines = [
    `Not covered: ${rules}files over ${Math.round(maxFileBytes / 1024 ** 2)} MB; the workspace's own .git.`,
  ];
  for (const { path, why } of notCovered.slice(0, shownPaths)) lines.push(`  ${printable(path)}: ${why}`);
  if (notCovered.length > shownPaths) lines.push(`  and ${notCovered.length - shownPaths} more (--json names all)`);
  return lines;
};

const signs = { added: '+', deleted: '-', modified: '~', mode: 'm' } as const;

const reportLines = (report: UndoReport): string[] => {
  const lines: string[] = [];
  const isRefused = report.undone.length === 0;
  for (const { kind, path, what } of isRefused ? [] : report.changes)
    lines.push(`${signs[kind]} ${printable(path)}${what === 'folder' ? '/' : ''}`);
  for (const { path, why } of report.conflicts) lines.push(`! ${printable(path)} ${why}`);
  for (const { path, why } of report.notCovered) lines.push(`? ${printable(path)} is not covered by undo: ${why}`);
  for (const { path, why } of report.kept) lines.push(`? ${printable(path)}/ stays: it ${why}`);
  return lines;
};

const headline = ({ dryRun, undone, changes }: UndoReport): string => {
  const steps = `${undone.length === 1 ? 'step' : 'steps'} ${undone.toSorted((a, b) => a - b).join(', ')}`;
  return `${dryRun ? 'Would undo' : 'Undid'} ${steps}: ${changes.length} ${changes.length === 1 ? 'path' : 'paths'}.`;
};

const units: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };

const parseSize = (word: string): number => {
  const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?$/i.exec(word) ?? [];
  const scale = units[unit.toLowerCase()];
  if (digits === '' || scale === undefined)
    throw usageError(`--max-size "${word}" is no size.`, 'Such as 500MB or 1GB.');
  return Math.round(Number(digits) * scale);
};

const parseCount = (word: string, what: string): number => {
  if (!/^\d+$/.test(word) || Number(word) > Number.MAX_SAFE_INTEGER)
    throw usageError(`${what} "${word}" is no number.`, 'See "llm-copilot undo --list".');
  return Number(word);
};

/** `llm-copilot undo [step]` and `undo prune`. */
export const undoCommand = (program: Command, cli: Cli): void => {
  const { io } = cli;
  const print = (text: string): unknown => io.stdout.write(`${text}\n`);

  const show = async (desk: UndoDesk, json: boolean | undefined): Promise<void> => {
    const list = await desk.list();
    if (json) return void print(JSON.stringify(list));
    if (list.steps.length === 0) io.stderr.write('No steps yet: nothing changed a file in this session.\n');
    const paint = paintFor(io.stdout, io.env);
    for (const step of list.steps) print(step.undone ? paint.dim(stepLine(step)) : stepLine(step));
    for (const line of coverLines(list)) print(line);
  };

  const takeBack = async (desk: UndoDesk, word: string | undefined, flags: UndoFlags): Promise<void> => {
    const choice = {
      ...(word === undefined ? {} : { step: parseCount(word, 'Step') }),
      ...(flags.run === undefined ? {} : { run: flags.run }),
    };
    const report = await desk.undo(choice, { force: flags.force ?? false, dryRun: flags.dryRun ?? false });
    if (report.error) cli.exit(exitCodes.notAchieved);
    if (flags.json) return void print(JSON.stringify(report));
    for (const line of reportLines(report)) print(line);
    if (report.error) sayError(io, report.error);
    else io.stderr.write(`${headline(report)}\n`);
  };

  const undo = program
    .command('undo [step]')
    .description('take back what a step of the agent changed, shell commands included')
    .option('--run <id>', 'every step of a run (an id, its beginning, or "last")')
    .option('--last', 'the last step that is not taken back yet (the default)')
    .option('--list', 'show the steps, and what undo does not cover')
    .option('--session <id>', 'of this session instead of the newest of this folder')
    .option('--dry-run', 'only show what would happen')
    .option('--force', 'overwrite what was changed since')
    .option('--json', 'one JSON object')
    .action(async (word: string | undefined, flags: UndoFlags) => {
      const ways = [word, flags.run, flags.last, flags.list].filter((way) => way !== undefined);
      if (ways.length > 1) throw usageError('A step, --run, --last and --list exclude each other.');
      try {
        const { openUndo } = await import('../../app/undo.ts');
        const desk = await openUndo(io.env, io.cwd, flags.session);
        try {
          if (flags.list) await show(desk, flags.json);
          else await takeBack(desk, word, flags);
        } finally {
          await desk.close();
        }
      } catch (error) {
        if (flags.json && isCopilotError(error)) {
          const { code, message, hint } = error;
          print(JSON.stringify({ undone: [], changes: [], conflicts: [], error: { code, message, hint } }));
        }
        throw error;
      }
    });

  undo
    .command('prune')
    .description('forget old snapshots of this folder')
    .option('--days <n>', 'keep those of so many days')
    .option('--max-size <size>', 'keep no more than this, such as 500MB')
    .option('--json', 'one JSON object')
    .action(async (flags: { days?: string; maxSize?: string; json?: boolean }) => {
      const limits = {
        ...(flags.days === undefined ? {} : { keepDays: parseCount(flags.days, '--days') }),
        ...(flags.maxSize === undefined ? {} : { maxBytes: parseSize(flags.maxSize) }),
      };
      const { pruneUndo } = await import('../../app/undo.ts');
      // Both commands have --json, and the outer one is asked first.
      const json = flags.json ?? undo.opts<UndoFlags>().json;
      const pruned = await pruneUndo(io.env, io.cwd, limits);
      if (!pruned) {
        cli.exit(exitCodes.notAchieved);
        sayError(io, { message: 'Snapshots are in use by another process.', hint: 'Try again when it has ended.' });
        return;
      }
      if (json) return void print(JSON.stringify(pruned));
      const megabytes = (bytes: number): string => (bytes / 1024 ** 2).toFixed(1);
      io.stderr.write(
        `Forgot ${pruned.dropped} snapshots, kept ${pruned.kept}: ${megabytes(pruned.bytesBefore)} MB before, ${megabytes(pruned.bytesAfter)} MB now.\n`,
      );
    });
};
