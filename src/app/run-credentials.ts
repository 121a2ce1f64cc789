import { existsSync } from 'node:fs';
import type { Config } from '../core/config.ts';
import type { AskSecret } from '../core/secret.ts';
import { vaultPath, type Env } from '../host/paths.ts';
import type { Credentials } from './credentials.ts';

/** The credentials of a run. The code of the vault loads only where there is one, or where a variable refers to it. */
export const runCredentials = async (
  env: Env,
  settings: Config['secrets'],
  ask: AskSecret | undefined,
): Promise<Credentials> => {
  if (existsSync(vaultPath(env)) || Object.values(env).some((value) => value?.startsWith('secret:') === true))
    return (await import('./credentials.ts')).openCredentials(env, settings, ask);
  const secret = (name: string): string | undefined => (env[name] === '' ? undefined : env[name]);
  const nothing = async (): Promise<void> => undefined;
  return {
    has: (name) => secret(name) !== undefined,
    secret,
    resolve: nothing,
    reveal: nothing,
    values: () => [],
    uses: () => [],
    notices: [],
  };
};
