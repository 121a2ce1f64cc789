import type { Command } from 'commander';
import { exitCodes } from '../../base/errors.ts';
import type { Cli } from '../io.ts';

const meanings: Record<keyof typeof exitCodes, string> = {
  done: 'done',
  notAchieved: 'task not achieved (checks fail, findings over the gate)',
  usage: 'the command line is wrong',
  config: 'configuration or credentials',
  permission: 'permission denied',
  limit: 'a budget or limit was reached',
  provider: 'the model provider failed',
  sandbox: 'the sandbox cannot be started',
  peer: 'a service we call failed',
  bug: 'a bug in llm-copilot',
  interrupted: 'interrupted',
};

/** The exit codes as a table. */
export const exitCodeTable = (): string =>
  Object.entries(exitCodes)
    .map(([name, code]) => `${String(code).padStart(3)}  ${meanings[name as keyof typeof exitCodes]}`)
    .join('\n');

/** `llm-copilot help [command|exit-codes]`. */
export const helpCommand = (program: Command, cli: Cli): void => {
  program
    .command('help [topic...]')
    .description('help for a command, or "exit-codes"')
    .action((topics: string[]) => {
      if (topics[0] === 'exit-codes') return void cli.io.stdout.write(`${exitCodeTable()}\n`);
      let command = program;
      for (const topic of topics) command = command.commands.find((one) => one.name() === topic) ?? command;
      command.outputHelp();
    });
};
