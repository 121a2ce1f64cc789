import type { Command } from 'commander';
import type { Cli } from '../io.ts';

/** `llm-copilot completion bash|zsh|fish`. */
export const completionCommand = (program: Command, cli: Cli): void => {
  program
    .command('completion <shell>')
    .description('print a completion script for bash, zsh or fish')
    .action(async (shell: string) => {
      const { completionScript } = await import('../completion.ts');
      cli.io.stdout.write(completionScript(shell, program));
    });
};
