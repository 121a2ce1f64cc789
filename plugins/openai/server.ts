import { ProviderError, stallWatch, type PluginHost, type StallWatch } from 'llm-copilot-agent';
import type { Api } from './client.ts';
import { connectionOf, isHttp } from './connection.ts';
import { serviceError, type Service } from './errors.ts';
import type { Preset } from './presets.ts';

/** A server that can be asked. */
export interface Server {
  service: Service;
  baseUrl: string;
  /** Begins to wait for an answer. @throws ProviderError `invalid_request` when the address is none. */
  watch(signal: AbortSignal): StallWatch;
  api: Promise<Api>;
}

/** The server of a preset. @throws ProviderError `auth` when a key is missing that is needed. */
export const serverOf = (host: PluginHost, preset: Preset, model: string): Server => {
  const connection = connectionOf(host, preset, model);
  const { service, baseUrl, stallTimeoutMs } = connection;
  // The SDK loads while the start-up goes on; should it fail to, the first request says so.
  const api = import('./client.ts').then(({ connect }) => connect(connection));
  api.catch(() => undefined);
  const watch = (signal: AbortSignal): StallWatch => {
    signal.throwIfAborted();
    const hint = `Check ${service.urlName}.`;
    if (!isHttp(baseUrl)) {
      throw serviceError(service, 'invalid_request', `${service.name}: not an http(s) URL: ${baseUrl}`, { hint });
    }
    // No request can be made to such an address, and it would be shown in errors.
    if (new URL(baseUrl).username !== '') {
      throw new ProviderError('invalid_request', `${service.name}: the address holds a user name or password`, {
        hint,
      });
    }
    return stallWatch(service.name, stallTimeoutMs, signal);
  };
  return { service, baseUrl, watch, api };
};
