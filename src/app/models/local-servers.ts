import { isModelId } from '../../core/capabilities.ts';
import type { Plugin, ProviderManifest } from '../../core/plugin.ts';
import type { Env } from '../../host/paths.ts';

/** A server of models that runs on this machine. */
export interface LocalServer {
  /** Of the provider. */
  name: string;
  /** Where it answers, without a path. */
  url: string;
  /** Names of its models, in its order. */
  models: string[];
}

/** Longer lists are not read to the end: they are no lists of models. */
const maxBytes = 1 << 20;
const maxModels = 1000;

/** Where to ask, when a variable says the server is elsewhere: `host`, `host:port` or a URL, as Ollama takes them. */
const placeOf = ({ url, urlEnv }: NonNullable<ProviderManifest['local']>, env: Env): URL | undefined => {
  const usual = new URL(url);
  const said = urlEnv === undefined ? '' : (env[urlEnv] ?? '').trim();
  if (said === '') return usual;
  const hasScheme = /^https?:\/\//i.test(said);
  if (!hasScheme && said.includes('://')) return undefined;
  const text = hasScheme ? said : `http://${said.startsWith(':') ? '127.0.0.1' : ''}${said}`;
  if (!URL.canParse(text)) return undefined;
  const given = new URL(text);
  const place = new URL(usual.pathname, given);
  if (!hasScheme && given.port === '') place.port = usual.port;
  // The address servers listen on for everybody is none to ask.
  if (place.hostname === '0.0.0.0') place.hostname = '127.0.0.1';
  if (place.hostname === '[::]') place.hostname = '[::1]';
  place.username = '';
  place.password = '';
  return place;
};

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** Names in a list as Ollama (`models[].name`) or OpenAI (`data[].id`) writes it; undefined when it is neither. */
const modelsIn = (answer: unknown): string[] | undefined => {
  if (!isRecord(answer)) return undefined;
  const list = answer.models ?? answer.data;
  if (!Array.isArray(list)) return undefined;
  return list.slice(0, maxModels).flatMap((one: unknown) => {
    const name = isRecord(one) ? (one.name ?? one.id) : undefined;
    return typeof name === 'string' && isModelId(name) ? [name] : [];
  });
};

const readJson = async (response: Response): Promise<unknown> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString()) as unknown;
};

const ask = async (
  name: string,
  place: URL,
  get: typeof fetch,
  timeoutMs: number,
): Promise<LocalServer | undefined> => {
  try {
    const response = await get(place.href, { signal: AbortSignal.timeout(timeoutMs) });
    const models = response.ok ? modelsIn(await readJson(response)) : undefined;
    if (!response.ok) await response.body?.cancel();
    return models && { name, url: place.origin, models };
  } catch {
    // Nobody there, or somebody else: both mean that there is no such server.
    return undefined;
  }
};

/** Looks for the servers of models that providers say may run on this machine, all at once. Never throws. */
export const localServers = async (
  plugins: readonly Plugin[],
  env: Env,
  get: typeof fetch,
  timeoutMs = 300,
): Promise<{ found: LocalServer[]; asked: string[] }> => {
  const places = plugins
    .flatMap((plugin) => plugin.providers ?? [])
    .flatMap(({ name, local }) => {
      return local ? [{ name, place: placeOf(local, env), urlEnv: local.urlEnv }] : [];
    });
  const answers = await Promise.all(places.map(async ({ name, place }) => place && ask(name, place, get, timeoutMs)));
  return {
    found: answers.filter((one) => one !== undefined),
    asked: places.map(({ name, place, urlEnv }) =>
      place ? `${name} at ${place.origin}` : `${name} not: ${urlEnv ?? 'its address'} is no address`,
    ),
  };
};
