import { join } from 'node:path';
import { configError } from '../../base/errors.ts';
import { nearest } from '../../base/nearest.ts';
import type { BudgetWarning } from '../../core/budget.ts';
import { priceOf, type Manifest } from '../../core/capabilities.ts';
import type { Config } from '../../core/config.ts';
import type { Embedder } from '../../core/embedder.ts';
import { keyNamesOf, type Plugin } from '../../core/plugin.ts';
import { isProviderError } from '../../core/provider.ts';
import { batched } from '../../engine/embedding/batched.ts';
import { checked } from '../../engine/embedding/checked.ts';
import { cached } from '../../engine/embedding/cached.ts';
import type { Idf } from '../../engine/embedding/idf.ts';
import { embedderFacts, knownModels } from '../../engine/embedding/known-embedders.ts';
import { localEmbedder } from '../../engine/embedding/local-embedder.ts';
import { metered } from '../../engine/embedding/metered.ts';
import { patient } from '../../engine/embedding/patient.ts';
import { redacting } from '../../engine/embedding/redacting.ts';
import { embeddingCache } from '../../host/embedding-cache.ts';
import { dataDir, type Env } from '../../host/paths.ts';
import { chooseEmbedder, destinationOf, isLocal, type EmbedderChoice } from './choose-embedder.ts';
import type { RemoteParts } from './remote-parts.ts';

/** The embedder of a configuration. */
export interface OpenEmbedder {
  /** Of its vectors: they are never mixed with those of another name. */
  readonly name: string;
  /** It needs no model and no network. */
  readonly local: boolean;
  /** With what was learnt of a corpus, for the local one; others know better than that. */
  embedder(idf?: Idf): Embedder;
  /** Calls that may be under way at a time while much is embedded. */
  readonly parallel: number;
  close(): void;
}

/** What it is opened from. */
export interface EmbedderOptions {
  settings: Config;
  plugins: readonly Plugin[];
  env: Env;
  /** Asked for only when the embedder is not the local one. */
  remote: () => Promise<RemoteParts>;
  onWarning?: (warning: BudgetWarning) => void;
}

/** Where vectors that were paid for are kept. */
export const embeddingCachePath = (env: Env): string => join(dataDir(env), 'embeddings.db');

const remoteParallel = 4;

/** Beneath what tables and configuration say; a server on one's own machines costs nothing per token. */
const knownManifest = (choice: EmbedderChoice): Manifest | undefined => {
  const input = choice.manifest?.local ? 0 : embedderFacts(`${choice.provider}/${choice.model}`).inputPerMTok;
  return input === undefined ? undefined : { prices: [{ input, output: 0 }] };
};

/** A model that is not there is a mistake in the configuration. */
const explaining = (embedder: Embedder, { provider, model }: EmbedderChoice): Embedder => ({
  ...embedder,
  embed: async (texts, signal) => {
    try {
      return await embedder.embed(texts, signal);
    } catch (error) {
      if (!isProviderError(error) || error.kind !== 'not_found') throw error;
      const guess = nearest(
        model,
        knownModels(provider).filter((one) => one !== model),
      );
      throw configError(
        `embedding.model "${provider}/${model}": ${error.message}${guess === undefined ? '' : ` – did you mean "${provider}/${guess}"?`}`,
        error.hint ?? 'Name a model that embeds texts, or use "local".',
        error,
      );
    }
  },
});

/**
 * Opens the embedder a configuration names. The local one costs nothing; that of a provider stands behind redaction,
 * batches, a cache, retries and the budget, outermost first. Nothing is sent yet.
 * @throws CopilotError exit 3 for an unknown provider, ProviderError `auth` for a missing key
 */
export const openEmbedder = async (options: EmbedderOptions): Promise<OpenEmbedder> => {
  const { settings, plugins, env, remote, onWarning } = options;
  const wanted = settings.embedding?.model;
  if (wanted === undefined || isLocal(wanted)) {
    const made = localEmbedder();
    return {
      name: made.name,
      local: true,
      embedder: (idf) => (idf ? localEmbedder(idf) : made),
      parallel: 1,
      close: () => undefined,
    };
  }
  const choice = chooseEmbedder(wanted, plugins);
  const { plugin, provider, model, manifest, keyEnv } = choice;
  const parts = await remote();
  await parts.credentials.resolve(manifest ? keyNamesOf(manifest) : keyEnv, plugin.name);
  const host = parts.hostOf(plugin.name);
  const make = (await plugin.load()).setup(host).embedders?.[provider];
  if (!make) throw new Error(`plugin ${plugin.name} brings no embedder ${provider}`);
  const made = make(model);
  const { host: place, isElsewhere } = destinationOf(choice, env);
  // What answers there under the same name may be anything.
  const named: Embedder = {
    name: isElsewhere ? `${made.name}@${place}` : made.name,
    maxBatch: made.maxBatch,
    embed: (texts, signal) => made.embed(texts, signal),
  };
  const facts = embedderFacts(`${provider}/${model}`);
  const price = priceOf(host.model(provider, model, knownManifest(choice)));
  const paid = metered(checked(named), { purse: parts.purse, price, ...(onWarning && { onWarning }) });
  const cache = embeddingCache(embeddingCachePath(env));
  const whole = batched(cached(patient(paid), cache), facts);
  const safe = settings.redact?.requests === false ? whole : redacting(whole, parts.redact);
  const embedder = explaining(safe, choice);
  return {
    name: embedder.name,
    local: false,
    embedder: () => embedder,
    parallel: remoteParallel,
    close: () => {
      cache.close();
      parts.close?.();
    },
  };
};
