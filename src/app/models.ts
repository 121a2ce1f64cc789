import { configError } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import { capabilitiesFrom, manifestOf, type Manifest } from '../core/capabilities.ts';
import type { Config } from '../core/config.ts';
import type { Plugin, PluginHost, ProviderManifest } from '../core/plugin.ts';
import type { ModelProvider } from '../core/provider.ts';
import { shippedTable, type ModelTable } from '../host/model-tables.ts';

/** A model somebody asked for, and the plugin that serves it. */
export interface ModelChoice {
  plugin: Plugin;
  provider: ProviderManifest;
  model: string;
}

interface Offer {
  plugin: Plugin;
  provider: ProviderManifest;
}

const offersOf = (plugins: readonly Plugin[]): Offer[] =>
  plugins.flatMap((plugin) => (plugin.providers ?? []).map((provider) => ({ plugin, provider })));

/** True when there is a key for a provider, in a variable or in the vault. */
export type HasKey = (provider: ProviderManifest, plugin: string) => boolean;

/**
 * Finds the provider for `provider/model`, `provider`, or nothing (the first one whose key is set).
 * @throws CopilotError exit 3 naming the variable to set, or the nearest provider.
 */
export const chooseModel = (name: string | undefined, plugins: readonly Plugin[], hasKey: HasKey): ModelChoice => {
  const offers = offersOf(plugins);
  if (name === undefined) {
    const offer = offers.find(({ plugin, provider }) => provider.keyEnv.length > 0 && hasKey(provider, plugin.name));
    if (offer) return { ...offer, model: offer.provider.defaultModel };
    const variables = [...new Set(offers.flatMap(({ provider }) => provider.keyEnv))].join(' or ');
    throw configError(
      `No model can be used: none of the keys is set (${variables}).`,
      `Set ${variables} (or keep it in the vault: llm-copilot secrets set), or try "llm-copilot demo", which needs no key.`,
    );
  }
  const [providerName = '', ...rest] = name.split('/');
  const offer = offers.find(({ provider }) => provider.name === providerName);
  if (!offer) {
    const names = offers.map(({ provider }) => provider.name);
    const guess = nearest(providerName, names);
    throw configError(
      `Model "${name}": there is no provider "${providerName}"${guess === undefined ? '' : ` – did you mean "${guess}"?`}`,
      `Models are named provider/model; providers: ${names.join(', ')}.`,
    );
  }
  return { ...offer, model: rest.join('/') || offer.provider.defaultModel };
};

/** The entry of the id itself, else of the longest id it begins with (dated ids of a known model). */
const lookUp = (models: Readonly<Record<string, Manifest>>, id: string): Manifest | undefined => {
  const best = Object.keys(models)
    .filter((known) => id === known || id.startsWith(`${known}-`))
    .sort((a, b) => b.length - a.length)[0];
  return best === undefined ? undefined : models[best];
};

/** What is known of models: the config's table over the shipped one. */
export const modelFacts = (config: Config, plugins: readonly Plugin[]): PluginHost['model'] => {
  const tables = new Map<string, ModelTable | undefined>();
  const tableOf = (name: string): ModelTable | undefined => {
    if (!tables.has(name)) tables.set(name, shippedTable(name));
    return tables.get(name);
  };
  const tableNames = new Map(offersOf(plugins).map(({ provider }) => [provider.name, provider.table]));
  return (provider, id, fromPlugin) => {
    const table = tableOf(tableNames.get(provider) ?? provider);
    const known = table && lookUp(table.models, id);
    const own = config.models?.[`${provider}/${id}`];
    const { contextWindow, maxOutputTokens, images, thinking, price, ...sections } = own ?? {};
    return capabilitiesFrom(
      fromPlugin,
      ...(known ? [table?.defaults, known] : [table?.unknown]),
      manifestOf({ contextWindow, maxOutputTokens, images, thinking, price }),
      sections,
    );
  };
};

/** Loads a choice's plugin and makes the provider. @throws ProviderError kind `auth` when its key is missing. */
export const makeProvider = async (choice: ModelChoice, host: PluginHost): Promise<ModelProvider> => {
  const { providers } = (await choice.plugin.load()).setup(host);
  const make = providers?.[choice.provider.name];
  if (!make) throw new Error(`plugin ${choice.plugin.name} brings no provider ${choice.provider.name}`);
  return make(choice.model);
};
