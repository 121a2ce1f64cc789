import {
  capabilitiesFrom,
  features as allFeatures,
  priceOf,
  type Capabilities,
  type Feature,
  type ModelPrice,
} from '../../core/capabilities.ts';
import type { Plugin } from '../../core/plugin.ts';
import { compare, type Comparison } from '../../engine/models/compare.ts';
import { exportModels } from '../../engine/models/model-export.ts';
import type { PriceListFormat } from '../../engine/models/model-import.ts';
import { userTablePath } from '../../host/model-tables.ts';
import type { Env } from '../../host/paths.ts';
import { openCredentials } from '../credentials.ts';
import { modelTables, offersOf, tableNameOf, userTablesFor, type ModelTables, type Offer } from './model-tables.ts';
import { chooseModel, factsFrom, modelNotice } from './models.ts';
import { loadSettings } from '../settings.ts';

/** What the commands about models work on. */
export interface ModelCatalog {
  env: Env;
  plugins: readonly Plugin[];
  tables: ModelTables;
  /** Whether a provider's key is there; null when it needs none. */
  keyOf: (offer: Offer) => boolean | null;
}

/** One line of `models list`. */
export interface ModelRow {
  provider: string;
  model: string;
  contextWindow: number;
  maxOutputTokens: number;
  /** Today's; null when it is not known. */
  price: ModelPrice | null;
  images: boolean;
  features: Feature[];
  key: boolean | null;
  deprecationDate: string | null;
}

/** One provider of `models list`. */
export interface ProviderRow {
  provider: string;
  /** Whose models it serves. */
  table: string;
  defaultModel: string;
  key: boolean | null;
  keyEnv: readonly string[];
  /** True when anything may be served there, and no list says what. */
  isOpen: boolean;
}

/** A model in full. */
export interface ShownModel {
  model: string;
  isKnown: boolean;
  capabilities: Capabilities;
  /** Today's; null when it is not known. */
  price: ModelPrice | null;
  /** Where each part comes from, by its path. */
  origins: Record<string, string>;
  /** Where the tables were read. */
  sources: { file: string; source: string; readAt: string }[];
  notice?: string;
}

/** Reads what the commands about models need. @throws CopilotError exit 3 */
export const openCatalog = async (
  env: Env,
  root: string,
  plugins: readonly Plugin[],
  providers?: readonly string[],
): Promise<ModelCatalog> => {
  const settings = (await loadSettings(env, root)).value;
  const tables = modelTables(settings, plugins, await userTablesFor(env, plugins, providers));
  const credentials = openCredentials(env, settings.secrets);
  return {
    env,
    plugins,
    tables,
    keyOf: ({ provider, plugin }) =>
      provider.keyEnv.length === 0 ? null : provider.keyEnv.some((name) => credentials.has(name, plugin.name)),
  };
};

/** The provider of a name. @throws CopilotError exit 3 naming the nearest. */
export const findOffer = (name: string, plugins: readonly Plugin[]): Offer => chooseModel(name, plugins, () => true);

/** Every model somebody told us of, and the providers. One provider's only, when it is named. @throws CopilotError exit 3 */
export const listModels = (catalog: ModelCatalog, only?: string): { models: ModelRow[]; providers: ProviderRow[] } => {
  const { plugins, tables, keyOf } = catalog;
  const offers = only === undefined ? offersOf(plugins) : [findOffer(only, plugins)];
  const facts = factsFrom(tables);
  const rowsOf = (offer: Offer): ModelRow[] =>
    tables.idsOf(offer.provider.name).map((model) => {
      const capabilities = facts(offer.provider.name, model);
      const { features: has, modalities, constraints, deprecation_date: deprecationDate = null } = capabilities;
      return {
        provider: offer.provider.name,
        model,
        contextWindow: constraints.tokens.max_context_window,
        maxOutputTokens: constraints.tokens.max_output_tokens,
        price: priceOf(capabilities),
        images: modalities.input.includes('image'),
        features: allFeatures.filter((feature) => has[feature]),
        key: keyOf(offer),
        deprecationDate,
      };
    });
  return {
    // Providers that serve another's models would only repeat them.
    models: offers
      .filter(({ provider }) => only !== undefined || tableNameOf(provider) === provider.name)
      .flatMap(rowsOf),
    providers: offers.map((offer) => ({
      provider: offer.provider.name,
      table: tableNameOf(offer.provider),
      defaultModel: offer.provider.defaultModel,
      key: keyOf(offer),
      keyEnv: offer.provider.keyEnv,
      isOpen:
        tables.tablesOf(offer.provider.name).shipped !== undefined && tables.idsOf(offer.provider.name).length === 0,
    })),
  };
};

const isTable = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The paths of a manifest's values. */
const leaves = (value: unknown, path: readonly string[] = []): [string, unknown][] =>
  isTable(value)
    ? Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key]))
    : value === undefined
      ? []
      : [[path.join('.'), value]];

/** A manifest as one value by path. */
export const flatManifest = (capabilities: Capabilities): [string, unknown][] => leaves(capabilities);

/** A model in full, with where each part comes from. @throws CopilotError exit 3 for a provider nobody knows */
export const showModel = (catalog: ModelCatalog, name: string): ShownModel => {
  const { plugins, tables } = catalog;
  const { provider, model } = chooseModel(name, plugins, () => true);
  const { layers, isKnown } = tables.look(provider.name, model);
  const capabilities = factsFrom(tables)(provider.name, model);
  const origins: Record<string, string> = Object.fromEntries(
    [...leaves(capabilitiesFrom()), ...leaves(capabilities)].map(([path]) => [path, 'assumed']),
  );
  for (const { from, manifest } of layers) for (const [path] of leaves(manifest)) origins[path] = from;
  const { name: table, shipped, own } = tables.tablesOf(provider.name);
  const full = `${provider.name}/${model}`;
  const notice = modelNotice(full, tables);
  return {
    model: full,
    isKnown,
    capabilities,
    price: priceOf(capabilities),
    origins,
    sources: [
      ...(shipped ? [{ file: `templates/models/${table}.json`, source: shipped.source, readAt: shipped.readAt }] : []),
      ...(own ? [{ file: userTablePath(catalog.env, table), source: own.source, readAt: own.readAt }] : []),
    ],
    ...(notice === undefined ? {} : { notice }),
  };
};

/** What a switch between two models loses. @throws CopilotError exit 3 for a provider nobody knows */
export const compareModels = (
  catalog: ModelCatalog,
  source: string,
  target: string,
): { source: string; target: string; notices: string[] } & Comparison => {
  const [a, b] = [showModel(catalog, source), showModel(catalog, target)];
  return {
    source: a.model,
    target: b.model,
    notices: [a, b].flatMap(({ notice }) => notice ?? []),
    ...compare(a.capabilities, b.capabilities),
  };
};

/** Everything known as a list others keep. @throws CopilotError exit 3 for a provider nobody knows */
export const exportCatalog = (catalog: ModelCatalog, format: PriceListFormat, only?: string): object => {
  const facts = factsFrom(catalog.tables);
  return exportModels(
    listModels(catalog, only).models.map(({ provider, model: id }) => ({
      table: catalog.tables.tablesOf(provider).name,
      id,
      capabilities: facts(provider, id),
    })),
    format,
  );
};
