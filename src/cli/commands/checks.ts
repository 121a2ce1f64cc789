import { realpathSync } from 'node:fs';
import type { Command } from 'commander';
import type { Cli } from '../io.ts';

/** `llm-copilot checks`: the commands that decide whether work holds, and how they were found. */
export const checksCommand = (program: Command, cli: Cli): void => {
  const { io } = cli;
  program
    .command('checks')
    .description('the checks that were found, and why')
    .option('--json', 'as JSON')
    .action(async (flags: { json?: boolean }) => {
      const [{ findChecks }, { loadSettings }] = await Promise.all([
        import('../../app/checks.ts'),
        import('../../app/settings.ts'),
      ]);
      const root = realpathSync(io.cwd);
      const found = await findChecks(root, (await loadSettings(io.env, root)).value);
      if (flags.json) return void io.stdout.write(`${JSON.stringify(found)}\n`);
      for (const check of found.checks)
        io.stdout.write(`${check.name}: ${check.command}  # ${check.source}, at most ${check.timeoutMs / 1000} s\n`);
      for (const note of found.notes) io.stderr.write(`${note}\n`);
      if (found.checks.length === 0)
        io.stderr.write(
          'No checks: nothing can be verified. Set them: llm-copilot config set --project checks.test "<command>"\n',
        );
    });
};
