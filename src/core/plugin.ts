import type { Capabilities, ModelProvider } from './provider.ts';
import type { Tool } from './tool.ts';

/** A provider as the manifest names it. */
export interface ProviderManifest {
  name: string;
  /** Environment variables that may hold its key, first one preferred; empty when it needs none. */
  keyEnv: readonly string[];
  /** Used when the user names only the provider, or nothing. */
  defaultModel: string;
}

/** What a plugin is given. */
export interface PluginHost {
  /** Value of an environment variable that holds a credential; undefined when unset or empty. */
  secret(name: string): string | undefined;
  /** Value of any other environment variable. */
  env(name: string): string | undefined;
  /** What is known of a model, config over the shipped table; undefined when it is in neither. */
  model(provider: string, id: string): Partial<Capabilities> | undefined;
  /** Longest silence on a stream before the attempt counts as failed. */
  stallTimeoutMs: number;
}

/** What a plugin brings. */
export interface Contribution {
  /** Makes the provider for one model. @throws ProviderError kind `auth` when its key is missing. */
  providers?: Readonly<Record<string, (model: string) => ModelProvider>>;
  tools?: readonly Tool[];
}

/**
 * A light manifest: everything here is known without loading the plugin.
 * `load` runs when one of its tools or providers is first used.
 */
export interface Plugin {
  readonly name: string;
  readonly providers?: readonly ProviderManifest[];
  /** Names of the tools it brings, in the order models see them. */
  readonly tools?: readonly string[];
  load(): Promise<{ setup(host: PluginHost): Contribution }>;
}
