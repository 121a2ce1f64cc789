import type { PluginHost } from '../../../src/core/plugin.ts';
import type { Capabilities } from '../../../src/core/provider.ts';

/** A plugin host over plain values: `env` holds keys and settings alike. */
export const testHost = (
  env: Readonly<Record<string, string>>,
  more: { model?: Partial<Capabilities>; stallTimeoutMs?: number } = {},
): PluginHost => ({
  secret: (name) => env[name],
  env: (name) => env[name],
  model: () => more.model,
  stallTimeoutMs: more.stallTimeoutMs ?? 5_000,
});
