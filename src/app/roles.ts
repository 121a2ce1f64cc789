import { realpathSync } from 'node:fs';
import { permissionError } from '../base/errors.ts';
import type { LoadedConfig } from '../host/config/config.ts';
import type { Env } from '../host/paths.ts';
import { loadSettings, type SettingsOptions } from './settings.ts';

/** The role the machine's administrator gave this user; undefined where he gave none. */
export const managedRole = ({ settings, value }: LoadedConfig): string | undefined =>
  settings.some((one) => one.key === 'permissions.role' && one.layer === 'managed')
    ? value.permissions?.role
    : undefined;

/** Whether somebody in that role may change secrets, trust, settings and records. Without a role, everybody may his own. */
export const mayAdminister = (role: string | undefined): boolean => role === undefined || role === 'admin';

/** @throws CopilotError exit 4 where the machine's administrator gave this user a role that may not. */
export const requireAdministrator = async (
  env: Env,
  cwd: string,
  command: string,
  options: SettingsOptions = {},
): Promise<void> => {
  const role = managedRole(await loadSettings(env, realpathSync(cwd), options));
  if (!mayAdminister(role))
    throw permissionError(
      `Your role on this machine is ${role ?? ''}: it may not use "llm-copilot ${command}".`,
      'Ask the administrator of the machine.',
    );
};
