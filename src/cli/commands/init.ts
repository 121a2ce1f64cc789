import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { usageError } from '../../base/errors.ts';
import { printable } from '../../base/printable.ts';
import type { Cli, Io } from '../io.ts';
import { jsonLine } from '../json-line.ts';

/** The answer of a person; no where there is none. */
const confirm = (io: Io, question: string): Promise<boolean> =>
  new Promise((resolve) => {
    const terminal = createInterface({ input: io.stdin, output: io.stderr, terminal: false });
    let said = '';
    terminal.once('line', (line) => {
      said = line.trim().toLowerCase();
      terminal.close();
    });
    terminal.once('close', () => resolve(said === 'y' || said === 'yes'));
    io.stderr.write(question);
  });

interface Flags {
  yes?: boolean;
  dryRun?: boolean;
  hooks?: boolean;
  json?: boolean;
}

/** `llm-copilot init`: proposes what a project needs and writes what is not there after a yes. */
export const initCommand = (program: Command, cli: Cli): void => {
  const { io } = cli;
  const tell = (text: string): void => void io.stderr.write(`${printable(text)}\n`);
  program
    .command('init')
    .description(
      'propose a configuration (sandbox, checks, rules) and an AGENTS.md for this folder, and write them after a yes',
    )
    .option('-y, --yes', 'write without asking')
    .option('--dry-run', 'only show what would be written')
    .option('--hooks', 'install the git hooks as well')
    .option('--json', 'as JSON')
    .action(async (flags: Flags) => {
      if (flags.yes && flags.dryRun) throw usageError('--yes writes and --dry-run does not.', 'Give one of them.');
      const { propose, writeProposed } = await import('../../app/init.ts');
      const proposal = await propose(io.env, io.cwd);
      const { path, exists, text, notes, agents, differs } = proposal;
      const isComplete = exists && agents.exists;
      const mayAsk = io.stdin.isTTY === true && io.stderr.isTTY === true && !flags.json && !flags.dryRun;
      const hooksWanted = flags.hooks === true;
      if (!flags.json) {
        for (const note of notes) tell(note);
        tell(exists ? `${path} is there and stays as it is. It could have:` : `${path} would be:`);
        io.stdout.write(text);
        for (const line of differs) tell(`- ${line}`);
        if (exists && differs.length === 0) tell('It has all of that.');
        if (agents.exists) {
          tell(`${agents.path} is there and stays as it is.`);
          for (const line of agents.differs) tell(`- ${line}`);
        } else tell(`${agents.path} would be:\n${agents.text}`);
      }
      const { installHooks } = hooksWanted ? await import('../../app/hooks/install.ts') : {};
      const showHooks = async (dryRun: boolean): Promise<unknown> => {
        const report = await installHooks?.({ env: io.env, cwd: io.cwd, dryRun });
        if (report && !flags.json) {
          for (const { hook, path: file, way } of report.hooks)
            tell(
              `hook ${hook}: ${way === 'kept' ? 'is there' : dryRun ? 'would be installed' : 'installed'} (${file})`,
            );
          for (const note of report.notes) tell(note);
        }
        return report;
      };
      let hooks = hooksWanted ? await showHooks(true) : undefined;
      const isOpen = !isComplete || hooksWanted;
      const wanted =
        isOpen && !flags.dryRun && (flags.yes === true || (mayAsk && (await confirm(io, 'Write it? [y]es or [n]o: '))));
      const written: string[] = [];
      if (wanted) {
        for (const file of [{ path, exists, text }, agents])
          if (!file.exists) {
            await writeProposed({ ...file, root: proposal.folder });
            written.push(file.path);
            if (!flags.json) tell(`Wrote ${file.path}.`);
          }
        if (hooksWanted) hooks = await showHooks(false);
      }
      const { folder: _, ...rest } = proposal;
      if (flags.json)
        return void io.stdout.write(
          jsonLine({
            ...rest,
            written: written.includes(path),
            wrote: written,
            ...(hooks !== undefined && { hooks }),
          }),
        );
      if (!wanted && isOpen)
        tell(`Nothing was written. To write it: llm-copilot init --yes${hooksWanted ? ' --hooks' : ''}`);
      else if (!isOpen) tell('Nothing is left to write.');
    });
};
