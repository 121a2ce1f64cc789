import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { printable } from '../../base/printable.ts';
import type { Cli, Io } from '../io.ts';

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

/** `llm-copilot init`: proposes a configuration for this folder and writes it after a yes. */
export const initCommand = (program: Command, cli: Cli): void => {
  const { io } = cli;
  program
    .command('init')
    .description('propose a sandbox and checks for this folder, and write them after a yes')
    .option('-y, --yes', 'write without asking')
    .option('--json', 'as JSON')
    .action(async (flags: { yes?: boolean; json?: boolean }) => {
      const { propose, writeProposal } = await import('../../app/init.ts');
      const proposal = await propose(io.env, io.cwd);
      const { path, exists, text, notes } = proposal;
      const mayAsk = io.stdin.isTTY === true && io.stderr.isTTY === true && !flags.json;
      if (!flags.json) {
        for (const note of notes) io.stderr.write(`${printable(note)}\n`);
        io.stderr.write(exists ? `${path} is there and stays as it is. It could have:\n` : `${path} would be:\n`);
        io.stdout.write(text);
      }
      const wanted = !exists && (flags.yes === true || (mayAsk && (await confirm(io, 'Write it? [y]es or [n]o: '))));
      if (wanted) await writeProposal(proposal);
      if (flags.json) return void io.stdout.write(`${JSON.stringify({ ...proposal, written: wanted })}\n`);
      if (wanted) io.stderr.write(`Wrote ${path}.\n`);
      else if (!exists) io.stderr.write('Nothing was written. To write it: llm-copilot init --yes\n');
    });
};
