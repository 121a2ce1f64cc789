import { Agent as HttpAgent, request as httpRequest, type ClientRequest, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { Env } from '../paths.ts';
import { readAuthorities, usualAuthorities } from './authorities.ts';
import { proxySettings, type Proxy } from './proxy-env.ts';
import { proxyTls, tunnelAgent } from './tunnel.ts';
import type { MinTlsVersion } from './web-tls.ts';

/** How servers are reached. */
export interface ConnectionOptions {
  env: Env;
  /** Where relative paths start. */
  root: string;
  /** The oldest TLS, and the hosts that may speak another one. */
  minTlsVersion: MinTlsVersion;
  minTlsVersions?: Readonly<Record<string, MinTlsVersion>> | undefined;
  /** PEM file of authorities trusted beside the usual ones. */
  caFile?: string | undefined;
  /** Idle connections that are kept to one host, and in all; 10 and 50 when left out. Busy ones are not limited here. */
  maxIdlePerHost?: number | undefined;
  maxIdle?: number | undefined;
}

/** Connections that are kept and used again. */
export interface Connections {
  /** Begins a request; `proxy` is the one it goes through. `stop` ends what is being built for it. */
  request: (
    url: URL,
    options: Pick<RequestOptions, 'method' | 'headers'>,
    stop: AbortSignal,
  ) => Promise<{ asked: ClientRequest; proxy: Proxy | undefined }>;
}

/**
 * How long an idle connection is kept, unless the server says a shorter time. A call of a tool often lies between two
 * requests; most servers keep theirs for a minute.
 */
const idleMs = 30_000;

const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '');

/** Makes them. @throws CopilotError exit 3 when `caFile` cannot be read or a variable names no proxy. */
export const connections = (options: ConnectionOptions): Connections => {
  const { env, root, minTlsVersion, minTlsVersions = {}, caFile, maxIdlePerHost = 10, maxIdle = 50 } = options;
  const own = caFile === undefined ? undefined : readAuthorities(caFile, root, env);
  const { proxyFor } = proxySettings(env);
  // Said at once, not by the first request.
  proxyFor(new URL('https://host.invalid'));
  const settings = { keepAlive: true, maxFreeSockets: maxIdlePerHost, timeout: idleMs };
  const plain = new HttpAgent(settings);
  const secure = new HttpsAgent(settings);
  const tunnels = new Map<string, HttpsAgent>();
  const contexts = new Map<MinTlsVersion, Promise<SecureContext>>();
  const contextFor = (minVersion: MinTlsVersion): Promise<SecureContext> => {
    const known = contexts.get(minVersion);
    if (known) return known;
    const made = (async () => {
      const ca = own && [...(await usualAuthorities(env)), ...own];
      return createSecureContext({ minVersion, ...(ca && { ca }) });
    })();
    contexts.set(minVersion, made);
    return made;
  };
  const tunnelsOf = (proxy: Proxy): HttpsAgent => {
    const agent = tunnels.get(proxy.variable) ?? tunnelAgent(proxy, settings);
    tunnels.set(proxy.variable, agent);
    return agent;
  };
  /** Before another one is opened: when too many are idle, the one that waited longest goes. */
  const makeRoom = (agent: HttpAgent): void => {
    const agents: HttpAgent[] = [plain, secure, ...tunnels.values()];
    const idle: Socket[] = agents.flatMap((one) => Object.values(one.freeSockets).flatMap((list) => list ?? []));
    if (idle.length >= maxIdle) {
      const others = idle.filter((socket) => !Object.values(agent.freeSockets).some((list) => list?.includes(socket)));
      (others[0] ?? idle[0])?.destroy();
    }
  };
  return {
    request: async (url, wanted, stop) => {
      const proxy = proxyFor(url);
      const host = hostOf(url);
      const path = `${url.pathname}${url.search}`;
      if (url.protocol === 'https:') {
        const agent = proxy ? tunnelsOf(proxy) : secure;
        const minVersion = minTlsVersions[host] ?? minTlsVersions[url.host] ?? minTlsVersion;
        const secureContext = await contextFor(minVersion);
        makeRoom(agent);
        // `rejectUnauthorized` is said explicitly, for NODE_TLS_REJECT_UNAUTHORIZED could switch it off.
        const tls = { secureContext, minVersion, rejectUnauthorized: true };
        const all = { ...wanted, ...tls, host, port: url.port || 443, path, agent, stop };
        return { asked: httpsRequest(all), proxy };
      }
      makeRoom(plain);
      if (!proxy) return { asked: httpRequest({ ...wanted, host, port: url.port || 80, path, agent: plain }), proxy };
      const headers = {
        ...(wanted.headers as Record<string, string>),
        host: url.host,
        ...(proxy.authorization && { 'proxy-authorization': proxy.authorization }),
      };
      const overProxy = { ...wanted, headers, path: `http://${url.host}${path}`, host: hostOf(proxy.url) };
      if (proxy.url.protocol === 'http:')
        return { asked: httpRequest({ ...overProxy, port: proxy.url.port || 80, agent: plain }), proxy };
      const tls = proxyTls(proxy, await contextFor(minTlsVersion));
      return { asked: httpsRequest({ ...overProxy, ...tls, port: proxy.url.port || 443, agent: secure }), proxy };
    },
  };
};
