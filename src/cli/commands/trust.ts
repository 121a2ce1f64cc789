import { realpathSync } from 'node:fs';
import type { Command } from 'commander';
import { exitCodes } from '../../base/errors.ts';
import type { Cli } from '../io.ts';

/** `llm-copilot trust add|list|revoke`: folders whose own configuration may widen permissions. */
export const trustCommand = (program: Command, cli: Cli): void => {
  const { io } = cli;
  const print = (text: string): unknown => io.stdout.write(`${text}\n`);
  const trust = program.command('trust').description('folders whose own configuration may widen permissions');
  const load = () => import('../../app/trust.ts');
  const folderOf = (path: string | undefined): string => path ?? io.cwd;

  trust
    .command('add [folder]')
    .description('trust a folder’s configuration and instructions as they are now')
    .action(async (path?: string) => {
      const { trustFolder } = await load();
      const { folder, covers } = trustFolder(io.env, folderOf(path));
      io.stderr.write(`Trusted ${folder}: ${covers}. When that changes, it must be trusted anew.\n`);
    });
  trust
    .command('list')
    .description('folders you trust')
    .option('--json', 'as JSON')
    .action(async (flags: { json?: boolean }) => {
      const entries = (await load()).listTrust(io.env);
      if (flags.json) return void print(JSON.stringify(entries));
      for (const { folder, state } of entries) print(`${folder}${state === 'trusted' ? '' : `  # ${state} since`}`);
    });
  trust
    .command('revoke [folder]')
    .description('trust a folder no longer')
    .action(async (path?: string) => {
      const revoked = (await load()).revokeFolder(io.env, folderOf(path));
      io.stderr.write(revoked ? 'Revoked.\n' : `${realpathSync(folderOf(path))} was not trusted.\n`);
      if (!revoked) cli.exit(exitCodes.notAchieved);
    });
};
