import { ProviderError, stallWatch, type PluginHost, type StallWatch } from 'llm-copilot-agent';
import { connect, type Api } from './client.ts';
import { keyNames } from './errors.ts';

/** The API, and how to wait for it. */
export interface Server {
  api: Api;
  /** Begins to wait for an answer. @throws ProviderError `invalid_request` when the address is none. */
  watch(signal: AbortSignal): StallWatch;
}

const keyIn = (host: PluginHost): string | undefined => {
  for (const name of keyNames) {
    const key = host.secret(name)?.trim();
    if (key) return key;
  }
  return undefined;
};

/** The server a host's settings lead to. @throws ProviderError `auth` without a key. */
export const serverOf = (host: PluginHost): Server => {
  const key = keyIn(host);
  if (key === undefined) {
    throw new ProviderError('auth', `No key for Gemini: ${keyNames.join(' or ')} is not set`, {
      hint: `Set ${keyNames[0]} to a key from https://aistudio.google.com/apikey, or choose another provider with --model.`,
    });
  }
  const baseUrl = (host.env('GEMINI_BASE_URL') ?? 'https://generativelanguage.googleapis.com').replace(/\/+$/, '');
  const isHttp = URL.canParse(baseUrl) && /^https?:$/.test(new URL(baseUrl).protocol);
  return {
    api: connect({ baseUrl, key, fetch: host.fetch }),
    watch: (signal) => {
      signal.throwIfAborted();
      if (!isHttp) throw new ProviderError('invalid_request', `Gemini: not an http(s) URL: ${baseUrl}`);
      return stallWatch('Gemini', host.stallTimeoutMs, signal);
    },
  };
};
