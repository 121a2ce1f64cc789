import { realpathSync } from 'node:fs';
import type { Command } from 'commander';
import { nearest } from '../../base/nearest.ts';
import { usageError } from '../../base/errors.ts';
import type { Cli } from '../io.ts';

const shown = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** `llm-copilot config show|get|set|path`. */
export const configCommand = (program: Command, cli: Cli): void => {
  const { io } = cli;
  const config = program.command('config').description('show and change settings');
  const print = (text: string): unknown => io.stdout.write(`${text}\n`);
  const root = (): string => realpathSync(io.cwd);

  config
    .command('show')
    .description('every setting in force')
    .option('--origin', 'say where each value comes from')
    .option('--json', 'as JSON')
    .action(async (flags: { origin?: boolean; json?: boolean }) => {
      const { loadSettings } = await import('../../app/settings.ts');
      const { settings, rules, notices } = await loadSettings(io.env, root());
      for (const notice of notices) io.stderr.write(`llm-copilot: ${notice}\n`);
      if (flags.json) return void print(JSON.stringify({ settings, rules }));
      for (const { key, value, layer, source } of settings)
        print(
          `${key}: ${shown(value)}${flags.origin ? `  # ${layer === 'default' ? layer : `${layer}: ${source}`}` : ''}`,
        );
      for (const rule of rules)
        print(`permissions.rules: ${rule.line}${flags.origin ? `  # ${rule.layer}: ${rule.source}` : ''}`);
    });

  config
    .command('get <key>')
    .description('one setting')
    .option('--origin', 'say where it comes from')
    .action(async (key: string, flags: { origin?: boolean }) => {
      const { configKeys } = await import('../../core/config.ts');
      const { loadSettings } = await import('../../app/settings.ts');
      const { settings } = await loadSettings(io.env, root());
      if (!configKeys.includes(key)) {
        const guess = nearest(key, configKeys);
        throw usageError(`There is no setting "${key}"${guess === undefined ? '' : ` – did you mean "${guess}"?`}`);
      }
      const setting = settings.find((one) => one.key === key);
      if (setting) print(`${shown(setting.value)}${flags.origin ? `  # ${setting.layer}: ${setting.source}` : ''}`);
      else cli.exit(1);
    });

  config
    .command('set <key> <value>')
    .description('change a setting in your own file')
    .option('--project', 'in this project’s .llm-copilot/config.yaml instead')
    .action(async (key: string, value: string, flags: { project?: boolean }) => {
      const { setSetting } = await import('../../app/settings.ts');
      io.stderr.write(`Set ${key} in ${await setSetting(io.env, root(), key, value, flags.project === true)}\n`);
    });

  config
    .command('path')
    .description('where the files are')
    .action(async () => {
      const { settingsPaths } = await import('../../app/settings.ts');
      const { user, project } = settingsPaths(io.env, root());
      print(`user: ${user}\nproject: ${project}`);
    });
};
