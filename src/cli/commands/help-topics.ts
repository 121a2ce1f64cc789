import type { Command } from 'commander';
import { exitCodes } from '../../base/errors.ts';
import type { Cli } from '../io.ts';
import { withLateOptions } from '../late-options.ts';

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

const permissionsText = `Modes, from strict to free: plan, ask (default), accept-edits, auto, bypass.

Rules go under permissions.rules in the configuration, one line each:
  - allow: exec(npm test *)        - deny: read(**/.env*)
  - ask: net(*)                    - limit: memory(2GB)
Kinds: read, write (paths: ~/…, $TMPDIR/…, relative to the folder), exec, net, env, secret, tool.
Limits: memory(2GB), cpu(10m), pids(200), connections(20).
A rule may carry reason, match and noMatch. Deny beats ask beats allow beats the mode.

Once text from outside (web, GitHub, other folders, somebody's package) is in a run, network, pushes, secrets, the
environment, writes outside the workspace and programs no sandbox keeps need a fresh yes: no rule gives it.
A profile with "production: true" wants a one-time code for commands, pushes and secrets.

Always denied but in mode bypass:
  deleting, or changing mode or owner of, whole folders outside the workspace, home and / among them
  writing .git/hooks, .git/config, shell start-up files, ~/.ssh, and this agent's own configuration, data and rules
  force-push to a default branch, --no-verify, fork bombs, piping the network into a shell

"llm-copilot policy explain '<command>'" says what would happen and why.`;

/** `llm-copilot help [command|exit-codes|permissions]`. */
export const helpCommand = (program: Command, cli: Cli): void => {
  program
    .command('help [topic...]')
    .description('help for a command, "exit-codes" or "permissions"')
    .action((topics: string[]) => {
      if (topics[0] === 'exit-codes') return void cli.io.stdout.write(`${exitCodeTable()}\n`);
      if (topics[0] === 'permissions') return void cli.io.stdout.write(`${permissionsText}\n`);
      let command = program;
      for (const topic of topics) command = command.commands.find((one) => one.name() === topic) ?? command;
      withLateOptions(command).outputHelp();
    });
};
