import { configError, CopilotError, exitCodes } from '../../base/errors.ts';
import { nearest } from '../../base/nearest.ts';
import { capabilitiesFrom, priceOf } from '../../core/capabilities.ts';
import type { Plugin, PluginHost, ProviderManifest } from '../../core/plugin.ts';
import type { ModelProvider } from '../../core/provider.ts';
import { offersOf, type ModelTables } from './model-tables.ts';

/** A model somebody asked for, and the plugin that serves it. */
export interface ModelChoice {
  plugin: Plugin;
  provider: ProviderManifest;
  model: string;
}

/** True when there is a key for a provider, in a variable or in the vault. */
export type HasKey = (provider: ProviderManifest, plugin: string) => boolean;

/**
 * Finds the provider for `provider/model`, `provider`, or nothing (the first one whose key is set).
 * @throws CopilotError exit 3 (`E_NO_MODEL` when nothing is named and no key set) naming the variable to set, or the nearest provider.
 */
export const chooseModel = (name: string | undefined, plugins: readonly Plugin[], hasKey: HasKey): ModelChoice => {
  const offers = offersOf(plugins);
  if (name === undefined) {
    const offer = offers.find(({ plugin, provider }) => provider.keyEnv.length > 0 && hasKey(provider, plugin.name));
    if (offer) return { ...offer, model: offer.provider.defaultModel };
    const all = [...new Set(offers.flatMap(({ provider }) => provider.keyEnv))];
    const variables = `${all.slice(0, 3).join(' or ')}${all.length > 3 ? ', …' : ''}`;
    throw new CopilotError(`No model can be used: none of the keys is set (${variables}).`, {
      code: 'E_NO_MODEL',
      exitCode: exitCodes.config,
      hint: `Set one (llm-copilot models list names them; llm-copilot secrets set keeps it in the vault), or try "llm-copilot demo", which needs no key.`,
    });
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

/** How providers are told of their models: the configuration over the user's own tables over the shipped ones. */
export const factsFrom =
  (tables: ModelTables): PluginHost['model'] =>
  (provider, id, fromPlugin) =>
    capabilitiesFrom(fromPlugin, ...tables.look(provider, id).layers.map(({ manifest }) => manifest));

const noticeDays = 60;

/**
 * What somebody should know who uses `provider/model`: that no table knows it (and the nearest name), or that its days are
 * numbered. Undefined when all is well, and where nobody keeps a list of that provider's models.
 */
export const modelNotice = (name: string, tables: ModelTables, nowMs: number = Date.now()): string | undefined => {
  const at = name.indexOf('/');
  const [provider, id] = [name.slice(0, at), name.slice(at + 1)];
  const { isKnown } = tables.look(provider, id);
  const capabilities = factsFrom(tables)(provider, id);
  if (!isKnown) {
    const ids = tables.idsOf(provider);
    if (ids.length === 0) return undefined;
    const guess = nearest(id, ids);
    const meant = guess === undefined ? '' : ` Did you mean ${provider}/${guess}?`;
    const { max_context_window: window } = capabilities.constraints.tokens;
    const price = priceOf(capabilities) ? '' : ', and its price is not known';
    return `Nothing is known of the model ${name}: its window is taken to hold ${window} tokens${price}.${meant} Say more under models: in the configuration, or import a list (llm-copilot models import).`;
  }
  const { deprecation_date: end } = capabilities;
  if (end === undefined || Date.parse(end) - nowMs > noticeDays * 24 * 3600 * 1000) return undefined;
  return `${name} ${Date.parse(end) > nowMs ? 'is served until' : 'is no longer served since'} ${end}: choose another model (llm-copilot models list).`;
};

/** Loads a choice's plugin and makes the provider. @throws ProviderError kind `auth` when its key is missing. */
export const makeProvider = async (choice: ModelChoice, host: PluginHost): Promise<ModelProvider> => {
  const { providers } = (await choice.plugin.load()).setup(host);
  const make = providers?.[choice.provider.name];
  if (!make) throw new Error(`plugin ${choice.plugin.name} brings no provider ${choice.provider.name}`);
  return make(choice.model);
};
