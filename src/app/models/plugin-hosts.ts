import { defaults, type Config } from '../../core/config.ts';
import type { PluginHost } from '../../core/plugin.ts';
import type { Env } from '../../host/paths.ts';
import { httpFetch } from '../../host/web/http-fetch.ts';
import type { Credentials } from '../credentials.ts';
import type { ModelTables } from './model-tables.ts';
import { factsFrom } from './models.ts';

/** What every plugin of a process is given: its own credentials, and the same of everything else. */
export const pluginHosts = (
  { env, root }: { env: Env; root: string },
  settings: Config,
  tables: ModelTables,
  credentials: Pick<Credentials, 'secret'>,
): ((plugin: string) => PluginHost) => {
  const { timeouts, network, web } = settings;
  const shared = {
    env: (name: string) => (env[name] === '' ? undefined : env[name]),
    model: factsFrom(tables),
    stallTimeoutMs: (settings.stallTimeoutSeconds ?? defaults.stallTimeoutSeconds) * 1000,
    fetch: httpFetch({
      env,
      root,
      connectTimeoutMs: (timeouts?.connectSeconds ?? defaults.timeouts.connectSeconds) * 1000,
      minTlsVersion: web?.minTlsVersion ?? defaults.web.minTlsVersion,
      ...(network?.minTlsVersions === undefined ? {} : { minTlsVersions: network.minTlsVersions }),
      ...(network?.caFile === undefined ? {} : { caFile: network.caFile }),
    }),
  };
  return (plugin) => ({ ...shared, secret: (name) => credentials.secret(name, plugin) });
};
