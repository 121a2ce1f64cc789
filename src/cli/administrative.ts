import type { Command } from 'commander';

/** Commands that change what others, or later runs, may do and see. */
const administrative: ReadonlySet<string> = new Set([
  'secrets set',
  'secrets get',
  'secrets rm',
  'secrets rotate',
  'secrets import',
  'mfa enroll',
  'mfa remove',
  'trust add',
  'trust revoke',
  'config set',
  'models import',
  'audit prune',
  'audit export',
  'privacy export',
  'privacy erase',
  'sessions delete',
  'sandbox image build',
]);

/** `secrets set`, without the program's own name. */
const pathOf = (command: Command): string =>
  command.parent?.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();

/** The name of a command that only an administrator may give; undefined for others. */
export const administrativeName = (command: Command): string | undefined => {
  const path = pathOf(command);
  return administrative.has(path) ? path : undefined;
};
