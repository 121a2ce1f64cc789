import type { Config } from '../../core/config.ts';
import { keyNamesOf, type Plugin } from '../../core/plugin.ts';
import type { ModelProvider } from '../../core/provider.ts';
import { withoutSecrets } from '../../engine/placeholders.ts';
import { purse } from '../../engine/models/purse.ts';
import { openDatabase, type Database } from '../../host/log/database.ts';
import { ledger } from '../../host/log/ledger.ts';
import type { Env } from '../../host/paths.ts';
import { upToRepository } from '../../host/surroundings.ts';
import { limitsFrom } from '../budgets.ts';
import { modelTables, userTablesFor } from './model-tables.ts';
import type { HasKey } from './models.ts';
import { pluginHosts } from './plugin-hosts.ts';
import { openRedaction } from '../redaction.ts';
import { modelsOf } from './route-models.ts';
import { openRouting } from './routing.ts';
import { runCredentials } from '../run-credentials.ts';
import { sessionsPath } from '../sessions.ts';
import { loadSettings } from '../settings.ts';

/** The models of a configuration, for programs that need no agent. */
export interface OpenModels {
  /** The router over all that is configured. */
  provider: ModelProvider;
  /** One model alone. @throws CopilotError exit 3, ProviderError kind `auth` */
  only(name: string): Promise<ModelProvider>;
  close(): void;
}

/**
 * Opens the models of a folder's configuration with its budgets, limits and redaction.
 * @throws CopilotError exit 3
 */
export const openModels = async (options: {
  plugins: readonly Plugin[];
  env: Env;
  cwd: string;
  config: Config;
}): Promise<OpenModels> => {
  const { plugins, env, cwd } = options;
  const { value: settings } = await loadSettings(env, cwd, { flags: options.config });
  const tables = modelTables(settings, plugins, await userTablesFor(env, plugins));
  const credentials = await runCredentials(env, settings.secrets, undefined);
  const hasKey: HasKey = (provider, plugin) => provider.keyEnv.some((name) => credentials.has(name, plugin));
  for (const plugin of plugins)
    for (const provider of plugin.providers ?? []) await credentials.resolve(keyNamesOf(provider), plugin.name);
  await credentials.reveal();
  let database: Database | undefined;
  const book = ledger(() => (database ??= openDatabase(sessionsPath(env))), upToRepository(cwd).at(-1) ?? cwd);
  const routing = await openRouting({
    settings,
    routed: modelsOf(settings, plugins, hasKey, env),
    plugins,
    hasKey,
    hostOf: pluginHosts({ env, root: cwd }, settings, tables, credentials),
    purse: purse(limitsFrom(settings), book),
  });
  const { redact } = openRedaction(env, credentials.values());
  const guarded = (provider: ModelProvider): ModelProvider =>
    settings.redact?.requests === false ? provider : withoutSecrets(provider, redact);
  return {
    provider: guarded(routing.model([], 'work')),
    only: async (name) => guarded(await routing.only(name)),
    close: () => database?.close(),
  };
};
