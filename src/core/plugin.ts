import type { Capabilities, Manifest } from './capabilities.ts';
import type { Embedder } from './embedder.ts';
import type { ModelProvider } from './provider.ts';
import type { Strategy, Transform } from './route.ts';
import type { Tool } from './tool.ts';

/** A provider as the manifest names it. */
export interface ProviderManifest {
  name: string;
  /** Environment variables that may hold its key, first one preferred; empty when it needs none. */
  keyEnv: readonly string[];
  /** Variables of keys it uses where they are set, and does without. */
  optionalKeyEnv?: readonly string[];
  /** Used when the user names only the provider, or nothing. */
  defaultModel: string;
  /** Whose table of models (`templates/models/<table>.json`) tells of its models; its own name when left out. */
  table?: string;
  /** Variables that say where it is, and other settings it reads; shown by `models list` and `doctor`. */
  settingsEnv?: readonly string[];
  /** It runs on this machine: where one asks whether it is there (JSON with a list of models). */
  local?: { url: string; urlEnv?: string };
}

/** Every variable that may hold a key of a provider. */
export const keyNamesOf = ({ keyEnv, optionalKeyEnv = [] }: ProviderManifest): string[] => [
  ...keyEnv,
  ...optionalKeyEnv,
];

/** What a plugin is given. */
export interface PluginHost {
  /** Value of an environment variable that holds a credential; undefined when unset or empty. */
  secret(name: string): string | undefined;
  /** Value of any other environment variable. */
  env(name: string): string | undefined;
  /**
   * The manifest of a model: the configuration over imported and shipped tables, over `defaults` of the provider, over
   * conservative ones.
   */
  model(provider: string, id: string, defaults?: Manifest): Capabilities;
  /** Longest silence on a stream before the attempt counts as failed. */
  stallTimeoutMs: number;
  /** HTTP with the user's proxy, certificates, TLS floor and connection limits. It follows no redirects. */
  fetch: typeof globalThis.fetch;
}

/** What a plugin brings. */
export interface Contribution {
  /** Makes the provider for one model. @throws ProviderError kind `auth` when its key is missing. */
  providers?: Readonly<Record<string, (model: string) => ModelProvider>>;
  tools?: readonly Tool[];
  embedders?: Readonly<Record<string, (model: string) => Embedder>>;
  transforms?: Readonly<Record<string, Transform>>;
  strategies?: Readonly<Record<string, Strategy>>;
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
  /** Providers of its that embed texts, with the model used when none is named. */
  readonly embedders?: readonly { name: string; keyEnv: readonly string[]; defaultModel: string }[];
  /** Names of its steps on requests (all are applied) and of its strategies of routing. */
  readonly transforms?: readonly string[];
  readonly strategies?: readonly string[];
  load(): Promise<{ setup(host: PluginHost): Contribution }>;
}
