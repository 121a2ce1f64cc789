import type { PluginHost } from '../../../src/core/plugin.ts';
import { httpFetch } from '../../../src/host/web/http-fetch.ts';
import { capabilitiesFrom, type Manifest } from '../../../src/core/capabilities.ts';

const http = httpFetch({ env: {}, root: '/', connectTimeoutMs: 10_000, minTlsVersion: 'TLSv1.3' });

/** A plugin host over plain values: `env` holds keys and settings alike. */
export const testHost = (
  env: Readonly<Record<string, string>>,
  more: { model?: Manifest; stallTimeoutMs?: number } = {},
): PluginHost => ({
  secret: (name) => env[name],
  env: (name) => env[name],
  model: (_provider, _id, defaults) => capabilitiesFrom(defaults, more.model),
  stallTimeoutMs: more.stallTimeoutMs ?? 5_000,
  fetch: http,
});
