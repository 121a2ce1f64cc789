import type { Redact } from '../../base/redact/redactor.ts';
import type { Config } from '../../core/config.ts';
import { keyNamesOf, type Plugin, type PluginHost } from '../../core/plugin.ts';
import type { ModelProvider } from '../../core/provider.ts';
import type { Purse } from '../../engine/models/purse.ts';
import { withoutSecrets } from '../../engine/placeholders.ts';
import type { Env } from '../../host/paths.ts';
import type { Credentials } from '../credentials.ts';
import { modelTables, offersOf, userTablesFor } from './model-tables.ts';
import { modelNotice, type HasKey } from './models.ts';
import { pluginHosts } from './plugin-hosts.ts';
import { modelsOf, providersIn } from './route-models.ts';
import { openRouting, type Routing } from './routing.ts';

/** The models a configuration names, with their keys at hand. */
export interface WiredModels {
  hostOf: (plugin: string) => PluginHost;
  /** What the user should know of them, one line each. */
  notices: readonly string[];
  /** Puts them behind one provider. @throws CopilotError exit 3 */
  open(purse: Purse): Promise<Routing>;
}

/**
 * Finds out which models a configuration means and gets their keys; with `every` those of every provider, for who names
 * models later.
 * @throws CopilotError exit 3
 */
export const wireModels = async (
  { env, root, plugins, every = false }: { env: Env; root: string; plugins: readonly Plugin[]; every?: boolean },
  settings: Config,
  credentials: Credentials,
): Promise<WiredModels> => {
  const hasKey: HasKey = (provider, plugin) => provider.keyEnv.some((name) => credentials.has(name, plugin));
  const tables = modelTables(
    settings,
    plugins,
    await userTablesFor(env, plugins, every ? undefined : providersIn(settings)),
  );
  const hostOf = pluginHosts({ env, root }, settings, tables, credentials);
  const routed = modelsOf(settings, plugins, hasKey, env);
  const named = [...routed.models, ...(routed.small ? [routed.small] : [])];
  const offers = every ? offersOf(plugins) : named.map(({ choice }) => choice);
  for (const { provider, plugin } of offers) await credentials.resolve(keyNamesOf(provider), plugin.name);
  return {
    hostOf,
    notices: [...routed.notices, ...named.flatMap(({ name }) => modelNotice(name, tables) ?? [])],
    open: (purse) => openRouting({ settings, routed, plugins, hasKey, hostOf, purse }),
  };
};

/** Takes secrets out of requests, unless the configuration says not to. What was looked through once is known. */
export const guarding = (settings: Config, redact: Redact): ((provider: ModelProvider) => ModelProvider) => {
  const guarded = new Map<ModelProvider, ModelProvider>();
  return (provider) => {
    if (settings.redact?.requests === false) return provider;
    const known = guarded.get(provider) ?? withoutSecrets(provider, redact);
    guarded.set(provider, known);
    return known;
  };
};
