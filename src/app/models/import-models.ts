import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { configError, isCopilotError, messageOf } from '../../base/errors.ts';
import { capabilitiesFrom, type Capabilities, type Manifest } from '../../core/capabilities.ts';
import { importModels, type PriceListFormat } from '../../engine/models/model-import.ts';
import { changeUserTable, parseJsonFile, userTablePath, type ModelTable } from '../../host/model-tables.ts';
import { dataDir, type Env } from '../../host/paths.ts';
import { findOffer, type ModelCatalog } from './model-catalog.ts';
import { configurationLayer, offersOf, tableNameOf } from './model-tables.ts';

/** What an import did to one table. */
export interface TableImport {
  table: string;
  file: string;
  added: string[];
  changed: string[];
  unchanged: number;
}

/** What an import did, or would do. */
export interface ModelImport {
  format: PriceListFormat;
  tables: TableImport[];
  /** Entries with a part that is not what it should be, left out whole. */
  broken: string[];
  /** Entries of other providers, or not of chat models. */
  ignored: number;
}

const maxFileBytes = 50 * 1024 * 1024;

const readList = (path: string): unknown => {
  let text: string;
  try {
    if (!statSync(path).isFile()) throw configError(`${path} is not a regular file.`);
    if (statSync(path).size > maxFileBytes)
      throw configError(`${path} is larger than 50 MB.`, 'Lists of models are far smaller: is it the right file?');
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (isCopilotError(error)) throw error;
    throw configError(`${path} cannot be read: ${messageOf(error)}`, undefined, error);
  }
  try {
    return parseJsonFile(text);
  } catch (error) {
    throw configError(`${path} is no JSON: ${messageOf(error)}`, 'Download it again.', error);
  }
};

const isSame = (a: Capabilities, b: Capabilities): boolean => JSON.stringify(a) === JSON.stringify(b);

/** What is new in a table. */
type News = Pick<ModelTable, 'source' | 'readAt' | 'models'>;

/** Writes what is new into the tables as they are by now; what cannot be recorded first is not written. */
const save = async (env: Env, tables: ReadonlyMap<string, News>): Promise<void> => {
  // The database is loaded only by who writes to it.
  const { journal } = await import('../journal.ts');
  const takeBack = journal(
    env,
    dataDir(env),
    'models import',
    [...tables.keys()].map((table) => ({
      type: 'config.changed',
      key: `models of ${table}`,
      file: userTablePath(env, table),
    })),
  );
  try {
    for (const [name, { source, readAt, models }] of tables)
      // Another import may have written since ours began.
      await changeUserTable(env, name, (own) => {
        const all = Object.fromEntries([...Object.entries(own?.models ?? {}), ...Object.entries(models)]);
        return { ...own, source, readAt, models: all };
      });
  } catch (error) {
    takeBack();
    throw error;
  }
};

/**
 * Takes models over from models.dev's `api.json` or LiteLLM's `model_prices_and_context_window.json` into the user's own
 * tables: what is new, and what differs from what is known.
 * @throws CopilotError exit 3 when the file is neither, or holds nothing for these providers
 */
export const importCatalog = async (
  catalog: ModelCatalog,
  path: string,
  options: { only?: string | undefined; isDryRun?: boolean | undefined; nowMs?: number } = {},
): Promise<ModelImport> => {
  const { env, plugins, tables } = catalog;
  const { only, isDryRun = false, nowMs = Date.now() } = options;
  const offers = only === undefined ? offersOf(plugins) : [findOffer(only, plugins)];
  const wanted = new Map(offers.map(({ provider }) => [tableNameOf(provider), provider.name]));
  const list = importModels(readList(path));
  if (!list)
    throw configError(
      `${path} is neither models.dev's api.json nor LiteLLM's model_prices_and_context_window.json.`,
      'They are at https://models.dev/api.json and in https://github.com/BerriAI/litellm.',
    );
  const source = `${list.format}: ${basename(path)}`;
  const readAt = new Date(nowMs).toISOString().slice(0, 10);
  const made = new Map<string, News>();
  const importTable = (table: string, provider: string, entries: ReadonlyMap<string, Manifest>): TableImport => {
    const models = new Map<string, Manifest>();
    const ids = new Set(tables.idsOf(provider));
    const result: TableImport = { table, file: userTablePath(env, table), added: [], changed: [], unchanged: 0 };
    for (const [id, manifest] of entries) {
      const before = tables
        .look(provider, id)
        .layers.filter(({ from }) => from !== configurationLayer)
        .map((layer) => layer.manifest);
      if (ids.has(id) && isSame(capabilitiesFrom(...before), capabilitiesFrom(...before, manifest))) {
        result.unchanged++;
        continue;
      }
      (ids.has(id) ? result.changed : result.added).push(id);
      models.set(id, manifest);
    }
    if (result.added.length + result.changed.length > 0)
      made.set(table, { source, readAt, models: Object.fromEntries(models) });
    return result;
  };
  let ignored = list.ignored;
  const done: TableImport[] = [];
  for (const [table, entries] of list.tables) {
    const provider = wanted.get(table);
    if (provider === undefined) ignored += entries.size;
    else done.push(importTable(table, provider, entries));
  }
  if (done.length === 0)
    throw configError(
      `${path} holds nothing for ${only ?? 'any provider here'}.`,
      `It speaks of: ${[...list.tables.keys()].slice(0, 10).join(', ') || 'nothing that could be read'}.`,
    );
  if (!isDryRun && made.size > 0) await save(env, made);
  return { format: list.format, tables: done, broken: [...list.broken], ignored };
};
