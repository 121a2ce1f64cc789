import { configError } from '../../base/errors.ts';
import { nearest } from '../../base/nearest.ts';
import type { Plugin, ProviderManifest } from '../../core/plugin.ts';
import type { Env } from '../../host/paths.ts';

/** An embedder somebody asked for, and the plugin that brings it. */
export interface EmbedderChoice {
  plugin: Plugin;
  provider: string;
  model: string;
  /** Of the provider, where it answers questions as well. */
  manifest: ProviderManifest | undefined;
  keyEnv: readonly string[];
}

/** True where the configuration means the embedder that needs nobody. */
export const isLocal = (model: string | undefined): boolean => model === undefined || model === 'local';

/**
 * Finds the embedder for `provider/model` or `provider`.
 * @throws CopilotError exit 3 naming the nearest.
 */
export const chooseEmbedder = (name: string, plugins: readonly Plugin[]): EmbedderChoice => {
  const offers = plugins.flatMap((plugin) => (plugin.embedders ?? []).map((embedder) => ({ plugin, embedder })));
  const [provider = '', ...rest] = name.split('/');
  const offer = offers.find(({ embedder }) => embedder.name === provider);
  if (!offer) {
    const names = ['local', ...offers.map(({ embedder }) => embedder.name)];
    const guess = nearest(provider, names);
    const answers = plugins.some((plugin) => plugin.providers?.some((one) => one.name === provider));
    throw configError(
      `embedding.model "${name}": ${answers ? `${provider} embeds no texts` : `there is no provider "${provider}"`}${guess === undefined ? '' : ` – did you mean "${guess}"?`}`,
      `It is local, or provider/model; providers that embed texts: ${names.slice(1).join(', ')}.`,
    );
  }
  const { plugin, embedder } = offer;
  return {
    plugin,
    provider,
    model: rest.join('/') || embedder.defaultModel,
    manifest: plugin.providers?.find((one) => one.name === provider),
    keyEnv: embedder.keyEnv,
  };
};

/** `host:port` a variable says a provider is at; undefined where none does. */
const saidHost = ({ manifest }: EmbedderChoice, env: Env): string | undefined => {
  const [variable] = manifest?.settingsEnv ?? [];
  const said = variable === undefined ? '' : (env[variable] ?? '').trim();
  if (said === '') return undefined;
  const url = /^https?:\/\//i.test(said) ? said : `http://${said.startsWith(':') ? `127.0.0.1${said}` : said}`;
  return URL.canParse(url) ? new URL(url).host : undefined;
};

const isLoopback = (host: string): boolean => /^(?:localhost|127\.[\d.]+|0\.0\.0\.0|\[::1?\])(?::\d+)?$/.test(host);

/** Where a provider's texts go. */
export interface Destination {
  /** The host, or the provider's name where that is not known. */
  host: string;
  /** They stay on this machine. */
  stays: boolean;
  /** The provider's own address was changed: another server answers under its name. */
  isElsewhere: boolean;
}

/** Where an embedder's texts go, as far as manifest and variables tell. */
export const destinationOf = (choice: EmbedderChoice, env: Env): Destination => {
  const { local } = choice.manifest ?? {};
  const said = saidHost(choice, env);
  const host = said ?? (local ? new URL(local.url).host : undefined);
  return {
    host: host ?? choice.provider,
    stays: host !== undefined && isLoopback(host),
    isElsewhere: said !== undefined && local === undefined,
  };
};
