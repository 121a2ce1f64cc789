import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { exitCodes, usageError } from '../../base/errors.ts';
import { printable } from '../../base/printable.ts';
import type { Erased, Traces } from '../../app/privacy.ts';
import type { Cli, Io } from '../io.ts';
import { toStdout } from './audit.ts';

interface ScopeFlags {
  repo?: string;
  session?: string;
  all?: boolean;
}

const shownSessions = 20;

const megabytes = (bytes: number): string => `${(bytes / 1024 ** 2).toFixed(1)} MB`;

const count = (many: number, what: string): string => `${many} ${what}${many === 1 ? '' : 's'}`;

const planLines = (traces: Traces): string[] => {
  const { sessions, events, trust, ruleFiles, folders, spending, memory } = traces;
  const lines = [`${count(sessions.length, 'session')} with ${count(events, 'event')}`];
  for (const { id, root, title } of sessions.slice(0, shownSessions))
    lines.push(`  ${id}  ${printable(root)}  ${printable(title)}`);
  if (sessions.length > shownSessions) lines.push(`  and ${sessions.length - shownSessions} more`);
  for (const { path, bytes } of folders) lines.push(`${path}: ${megabytes(bytes)}`);
  for (const path of ruleFiles) lines.push(`${path}: what is always allowed there`);
  for (const { folder } of trust) lines.push(`trust in ${printable(folder)}`);
  if (memory) lines.push(`${count(memory.length, 'note')} in memory`);
  if (spending === null) lines.push('all that is kept of spending');
  for (const folder of spending ?? []) lines.push(`what was spent for ${printable(folder)}`);
  return lines;
};

const doneLine = ({ sessions, events, files, trust, spending, memory }: Erased): string =>
  `Erased ${count(sessions, 'session')} with ${count(events, 'event')}, ${count(files, 'file or folder')}, ${count(memory, 'note')}, ${count(trust, 'trusted folder')} and ${count(spending, 'line')} of spending.`;

/** Asks on standard error; an end of input is a no. */
const confirm = (io: Io): Promise<boolean> =>
  new Promise((done) => {
    if (io.stdin.readableEnded || io.stdin.destroyed) {
      done(false);
      return;
    }
    const terminal = createInterface({ input: io.stdin, output: io.stderr, terminal: false });
    terminal.once('line', (line) => {
      done(/^y(?:es)?$/i.test(line.trim()));
      terminal.close();
    });
    terminal.once('close', () => done(false));
    io.stderr.write('Erase this for good? [y]es, [n]o: ');
  });

const scoped = (command: Command, all: string): Command =>
  command
    .option(
      '--repo <dir>',
      'of this repository: sessions in it, trust, rules, snapshots for undo, its index, notes about it',
    )
    .option('--session <id>', 'of one session and those forked from it')
    .option('--all', all);

/** `llm-copilot privacy export|erase`. */
export const privacyCommand = (program: Command, cli: Cli): void => {
  const { io } = cli;
  const say = (text: string): unknown => io.stderr.write(`${text}\n`);
  const load = () => import('../../app/privacy.ts');
  const privacy = program.command('privacy').description('see and erase what is kept of a repository or a session');

  scoped(
    privacy.command('export').description('everything that is kept, one JSON document per line'),
    'of every repository',
  )
    .option('--output <file>', 'into a file instead of standard output')
    .action(async (flags: ScopeFlags & { output?: string }) => {
      const { exportTraces, exportTracesTo, findTraces, scopeOf } = await load();
      const traces = await findTraces(io.env, scopeOf(flags, io.cwd));
      const { sessions, events } = await (flags.output === undefined
        ? exportTraces(io.env, traces, toStdout(io))
        : exportTracesTo(io.env, traces, resolve(io.cwd, flags.output)));
      say(`Exported ${count(sessions, 'session')} with ${count(events, 'event')}.`);
    });

  scoped(
    privacy.command('erase').description('erase what is kept; tombstones with ids and hashes stay'),
    'of every repository, and all spending; not the configuration nor the vault',
  )
    .option('--yes', 'do not ask')
    .option('--json', 'one JSON object')
    .action(async (flags: ScopeFlags & { yes?: boolean; json?: boolean }) => {
      const { eraseTraces, findTraces, scopeOf, sparedBy } = await load();
      const traces = await findTraces(io.env, scopeOf(flags, io.cwd));
      for (const line of planLines(traces)) say(line);
      for (const line of sparedBy(traces)) say(`stays: ${line}`);
      if (!flags.yes) {
        if (!io.stdin.isTTY || !io.stderr.isTTY)
          throw usageError('Nothing was erased: nobody is there to be asked.', 'Look at the list, then add --yes.');
        if (!(await confirm(io))) {
          say('Nothing was erased.');
          cli.exit(exitCodes.notAchieved);
          return;
        }
      }
      const erased = await eraseTraces(io.env, traces);
      if (!erased.scrubbed) cli.exit(exitCodes.notAchieved);
      if (flags.json) io.stdout.write(`${JSON.stringify(erased)}\n`);
      say(doneLine(erased));
      if (!erased.scrubbed)
        say('Another process reads the database, so bytes may still lie in it: end it, then erase again.');
    });
};
