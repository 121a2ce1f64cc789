import { manifestOf, type Manifest } from '../../core/capabilities.ts';
import type { Config } from '../../core/config.ts';
import type { Plugin, ProviderManifest } from '../../core/plugin.ts';
import { shippedTable, userTables, type ModelTable } from '../../host/model-tables.ts';
import type { Env } from '../../host/paths.ts';

/** A provider, and the plugin that brings it. */
export interface Offer {
  plugin: Plugin;
  provider: ProviderManifest;
}

/** Every provider of some plugins. */
export const offersOf = (plugins: readonly Plugin[]): Offer[] =>
  plugins.flatMap((plugin) => (plugin.providers ?? []).map((provider) => ({ plugin, provider })));

/** What ends a dated id of a known model: `-20251001`, `-2026-03-05`, `-0613`, `-001`, `-latest`. */
const dated = /^-(?:\d{8}|\d{4}-\d\d-\d\d|\d{3,4}|latest)$/;

/** The entry of the id itself, else of the longest id it begins with (dated ids of a known model). */
const lookUp = ({ models }: ModelTable, id: string): Manifest | undefined => {
  if (Object.hasOwn(models, id)) return models[id];
  const best = Object.keys(models)
    .filter((known) => id.startsWith(known) && dated.test(id.slice(known.length)))
    .sort((a, b) => b.length - a.length)[0];
  return best === undefined ? undefined : models[best];
};

/** Tables by name, as {@link userTablesFor} reads them. */
export type UserTables = ReadonlyMap<string, ModelTable>;

/** Where the configuration's own part comes from. */
export const configurationLayer = 'configuration';

/** Part of what is known of a model, and where from. */
export interface ManifestLayer {
  from: string;
  manifest: Manifest | undefined;
}

/** What is known of one model, the lowest layer first. */
export interface ModelKnowledge {
  layers: readonly ManifestLayer[];
  /** False where it is in no table and the configuration does not speak of it. */
  isKnown: boolean;
}

/** Everything tables and configuration say. */
export interface ModelTables {
  look: (provider: string, id: string) => ModelKnowledge;
  /** The ids that tables and configuration name. */
  idsOf: (provider: string) => string[];
  /** The shipped and the user's own table of a provider. */
  tablesOf: (provider: string) => { name: string; shipped: ModelTable | undefined; own: ModelTable | undefined };
}

/** The name of the table of a provider's models. */
export const tableNameOf = ({ name, table = name }: ProviderManifest): string => table;

/**
 * Reads the user's own tables for some providers (all when left out).
 * @throws CopilotError exit 3 with the file and the place inside.
 */
export const userTablesFor = (
  env: Env,
  plugins: readonly Plugin[],
  providers?: readonly string[],
): Promise<UserTables> =>
  userTables(
    env,
    offersOf(plugins)
      .filter(({ provider }) => providers?.includes(provider.name) ?? true)
      .map(({ provider }) => tableNameOf(provider)),
  );

/** Puts shipped tables, the user's own and the configuration's together. Each file is read when it is first asked for. */
export const modelTables = (config: Config, plugins: readonly Plugin[], own: UserTables = new Map()): ModelTables => {
  const shipped = new Map<string, ModelTable | undefined>();
  const tableNames = new Map(offersOf(plugins).map(({ provider }) => [provider.name, tableNameOf(provider)]));
  const tablesOf: ModelTables['tablesOf'] = (provider) => {
    const name = tableNames.get(provider) ?? provider;
    if (!shipped.has(name)) shipped.set(name, shippedTable(name));
    return { name, shipped: shipped.get(name), own: own.get(name) };
  };
  return {
    tablesOf,
    look: (provider, id) => {
      const { name, shipped: table, own: mine } = tablesOf(provider);
      const entry = table && lookUp(table, id);
      const mineToo = mine && lookUp(mine, id);
      const configured = config.models?.[`${provider}/${id}`];
      const { contextWindow, maxOutputTokens, images, thinking, price, ...sections } = configured ?? {};
      const shippedFile = `${name}.json`;
      const ownFile = `your ${name}.json`;
      return {
        isKnown: entry !== undefined || mineToo !== undefined || configured !== undefined,
        layers: [
          ...(entry
            ? [
                { from: `${shippedFile}, defaults`, manifest: table.defaults },
                { from: shippedFile, manifest: entry },
              ]
            : [{ from: `${shippedFile}, unknown`, manifest: table?.unknown }]),
          ...(mineToo
            ? [
                { from: `${ownFile}, defaults`, manifest: mine.defaults },
                { from: ownFile, manifest: mineToo },
              ]
            : [{ from: `${ownFile}, unknown`, manifest: entry ? undefined : mine?.unknown }]),
          {
            from: configurationLayer,
            manifest: manifestOf({ contextWindow, maxOutputTokens, images, thinking, price }),
          },
          { from: configurationLayer, manifest: sections },
        ],
      };
    },
    idsOf: (provider) => {
      const { shipped: table, own: mine } = tablesOf(provider);
      const named = Object.keys(config.models ?? {})
        .filter((name) => name.startsWith(`${provider}/`))
        .map((name) => name.slice(provider.length + 1));
      return [...new Set([...Object.keys(table?.models ?? {}), ...Object.keys(mine?.models ?? {}), ...named])];
    },
  };
};
