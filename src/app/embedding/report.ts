import { existsSync } from 'node:fs';
import { messageOf } from '../../base/errors.ts';
import type { Config } from '../../core/config.ts';
import type { Plugin } from '../../core/plugin.ts';
import { localEmbedder } from '../../engine/embedding/local-embedder.ts';
import { embeddingCache } from '../../host/embedding-cache.ts';
import type { Env } from '../../host/paths.ts';
import { chooseEmbedder, destinationOf, isLocal } from './choose-embedder.ts';
import { embeddingCachePath, openEmbedder } from './open-embedder.ts';
import type { RemoteParts } from './remote-parts.ts';

/** What somebody should know of the embedder in use. */
export interface EmbeddingReport {
  name: string;
  /** True: no text leaves this machine. */
  stays: boolean;
  /** One line each. */
  lines: string[];
  /** Only when it was asked: undefined when it answered, else why not. */
  problem?: string | undefined;
}

const localAbilities = 'finds shared words, forms and parts of words, and identifiers; not synonyms';
const modelAbilities = 'finds texts of like meaning, as far as the model understands them';

const inMegabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

const cacheLine = (env: Env): string[] => {
  const path = embeddingCachePath(env);
  if (!existsSync(path)) return [];
  const cache = embeddingCache(path);
  const { vectors, bytes } = cache.size();
  cache.close();
  return [`cache: ${vectors} vectors, ${inMegabytes(bytes)}`];
};

/**
 * Says which embedder a configuration means, where texts go, and what it can and cannot do.
 * @param options.ask whether a provider's model is asked for one vector, which may cost a few tokens.
 * @throws CopilotError exit 3 for a configuration that names none
 */
export const embeddingReport = async (
  options: {
    settings: Config;
    plugins: readonly Plugin[];
    env: Env;
    remote: () => Promise<RemoteParts>;
    ask?: boolean;
  },
  signal: AbortSignal,
): Promise<EmbeddingReport> => {
  const { settings, plugins, env, remote, ask = false } = options;
  const wanted = settings.embedding?.model;
  if (wanted === undefined || isLocal(wanted)) {
    return {
      name: localEmbedder().name,
      stays: true,
      lines: ['texts stay on this machine', localAbilities, ...cacheLine(env)],
    };
  }
  const choice = chooseEmbedder(wanted, plugins);
  const { host, stays } = destinationOf(choice, env);
  const lines = [
    stays ? `texts go to ${host} on this machine` : `texts are sent to ${host}`,
    ...(settings.redact?.requests === false ? ['secrets in them are not taken out (redact.requests)'] : []),
    modelAbilities,
    ...cacheLine(env),
  ];
  const name = `${choice.provider}/${choice.model}`;
  if (!ask) return { name, stays, lines };
  try {
    const opened = await openEmbedder({ settings, plugins, env, remote });
    try {
      // Never the same words twice: the cache would answer.
      const words = `Is anybody there? ${Date.now().toString(36)}`;
      const { vectors } = await opened.embedder().embed([words], signal);
      return { name, stays, lines: [...lines, `it answers, with ${vectors[0]?.length ?? 0} numbers a text`] };
    } finally {
      opened.close();
    }
  } catch (error) {
    signal.throwIfAborted();
    return { name, stays, lines, problem: messageOf(error) };
  }
};
