import { keyNamesOf, ProviderError, type PluginHost } from 'llm-copilot-agent';
import type { Service } from './errors.ts';
import type { Preset } from './presets.ts';

/** Where to ask, and how to be let in. */
export interface Connection {
  service: Service;
  /** Without a slash at its end. Not checked: {@link isHttp} tells. */
  baseUrl: string;
  /** The bearer token; null when the headers have what is needed. */
  key: string | null;
  headers: Readonly<Record<string, string>>;
  query: Readonly<Record<string, string>>;
  organization: string | null;
  project: string | null;
  stallTimeoutMs: number;
  fetch: typeof globalThis.fetch;
}

/**
 * The newest dated version that is generally available; what came after it is in preview or has none at all.
 * https://learn.microsoft.com/azure/ai-services/openai/reference, read 2026-11-27.
 */
const azureVersion = '2024-10-21';

/** True when it is an address one can ask. */
export const isHttp = (url: string): boolean => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);

const trimmed = (url: string): string => url.trim().replace(/\/+$/, '');

/** True for OpenAI's own servers. */
export const isOpenAI = (baseUrl: string): boolean =>
  URL.canParse(baseUrl) && /(^|\.)api\.openai\.com$/.test(new URL(baseUrl).hostname);

/**
 * `OLLAMA_HOST` is written for the server: it may have no scheme, no host or no port, and name every address of the machine
 * (https://github.com/ollama/ollama/blob/main/envconfig/config.go, read 2026-11-27).
 */
const ollamaUrl = (value: string): string => {
  const [, scheme = 'http', rest = ''] = /^(?:(https?):\/\/)?(.*)$/s.exec(trimmed(value)) ?? [];
  const given = rest.startsWith(':') || rest === '' ? `127.0.0.1${rest}` : rest;
  if (!URL.canParse(`${scheme}://${given}`)) return value;
  const url = new URL(`${scheme}://${given}`);
  if (url.hostname === '0.0.0.0' || url.hostname === '[::]') url.hostname = '127.0.0.1';
  const hasScheme = value.trim().startsWith('http');
  if (url.port === '' && !hasScheme && !/:\d+/.test(given)) url.port = '11434';
  return url.href;
};

/** The address the user gave, else the preset's. Local servers are also found by their root. */
const baseUrlOf = (host: PluginHost, preset: Preset): string => {
  const given = host.env(preset.urlEnv);
  if (given === undefined) return preset.baseUrl;
  const url = trimmed(preset.name === 'ollama' ? ollamaUrl(given) : given);
  const atRoot = preset.keyEnv.length === 0 && isHttp(url) && new URL(url).pathname === '/';
  return atRoot ? `${url}/v1` : url;
};

const passwordIn = (url: string): string[] => {
  const password = URL.canParse(url) ? new URL(url).password : '';
  return password === '' ? [] : [password, decodeURIComponent(password)];
};

const serviceOf = (preset: Preset, name: string, model: string, secrets: readonly (string | undefined)[]): Service => ({
  name,
  keyNames: keyNamesOf(preset),
  urlName: preset.urlEnv,
  secrets: secrets.filter((secret) => secret !== undefined),
  missingModel:
    preset.missingModel?.replaceAll('{model}', model) ??
    `Check the name of the model, "${model}", and whether the key may use it; ${preset.urlEnv} may lead elsewhere.`,
});

const keyMissing = (preset: Preset, title: string, more = ''): ProviderError => {
  const names = preset.keyEnv.join(' or ');
  return new ProviderError('auth', `No key for ${title}: ${names} is not set`, {
    hint: `Set ${names} to a key from ${preset.keyPage ?? title}${more}.`,
  });
};

/** @throws ProviderError `auth` without a key or an endpoint. */
const azureConnection = (host: PluginHost, preset: Preset, deployment: string): Connection => {
  const title = preset.title ?? preset.name;
  const [keyName = '', tokenName = ''] = preset.keyEnv;
  const key = host.secret(keyName);
  const token = host.secret(tokenName);
  if (key === undefined && token === undefined) throw keyMissing(preset, title);
  const endpoint = trimmed(host.env(preset.urlEnv) ?? '');
  if (endpoint === '') {
    throw new ProviderError('auth', `No endpoint for ${title}: ${preset.urlEnv} is not set`, {
      hint: `Set ${preset.urlEnv} to the endpoint of your resource, https://<resource>.openai.azure.com.`,
    });
  }
  // The undated API names the deployment in the body only.
  const undated = endpoint.endsWith('/openai/v1');
  const version = host.env('OPENAI_API_VERSION') ?? host.env('AZURE_OPENAI_API_VERSION') ?? azureVersion;
  const { stallTimeoutMs } = host;
  return {
    service: serviceOf(preset, title, deployment, [key, token, ...passwordIn(endpoint)]),
    baseUrl: undated ? endpoint : `${endpoint}/openai/deployments/${encodeURIComponent(deployment)}`,
    key: key === undefined ? (token ?? null) : null,
    headers: key === undefined ? {} : { 'api-key': key },
    query: undated ? {} : { 'api-version': version },
    organization: null,
    project: null,
    stallTimeoutMs,
    fetch: host.fetch,
  };
};

/** How a preset's server is reached for a model. @throws ProviderError `auth` when a key is missing that is needed. */
export const connectionOf = (host: PluginHost, preset: Preset, model: string): Connection => {
  if (preset.name === 'azure-openai') return azureConnection(host, preset, model);
  const baseUrl = baseUrlOf(host, preset);
  const own = preset.title === undefined;
  const official = own && isOpenAI(baseUrl);
  const hostname = URL.canParse(baseUrl) ? new URL(baseUrl).hostname : '';
  const title = preset.title ?? (official ? 'OpenAI' : hostname || baseUrl);
  const key = keyNamesOf(preset)
    .map((name) => host.secret(name))
    .find((found) => found !== undefined);
  const optional = preset.keyEnv.length === 0 || (own && !official);
  if (key === undefined && !optional) {
    throw keyMissing(preset, title, own ? `, or ${preset.urlEnv} to a server that needs none` : '');
  }
  const { stallTimeoutMs } = host;
  return {
    service: serviceOf(preset, title, model, [key, ...passwordIn(baseUrl)]),
    baseUrl,
    // Servers without keys ignore it; some want the header to be there.
    key: key ?? 'none',
    headers: {},
    query: {},
    // Only OpenAI, and what stands in for it, knows these.
    organization: (own ? host.env('OPENAI_ORG_ID') : undefined) ?? null,
    project: (own ? host.env('OPENAI_PROJECT_ID') : undefined) ?? null,
    stallTimeoutMs,
    fetch: host.fetch,
  };
};
