import { request as httpRequest } from 'node:http';
import { Agent, request as httpsRequest, type AgentOptions, type RequestOptions } from 'node:https';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import type { SecureContext } from 'node:tls';
import { connectionCodes, ConnectionError } from '../../base/network-errors.ts';
import type { Proxy } from './proxy-env.ts';

/** A request through a tunnel: `stop` ends the building of it, for nothing else knows when the request is given up. */
export type TunnelledOptions = RequestOptions & { stop: AbortSignal; secureContext: SecureContext };

/** A proxy that could not be reached, or broke off. */
export const proxyError = (proxy: Proxy, error: NodeJS.ErrnoException): ConnectionError => {
  const code = error.code ?? 'ECONNRESET';
  return new ConnectionError(`the proxy ${proxy.url.host} (${proxy.variable}) cannot be used: ${code}`, code, error);
};

/** What a proxy's own answer means. */
export const proxyRefusal = (proxy: Proxy, status: number, target: string): ConnectionError => {
  const name = `the proxy ${proxy.url.host} (${proxy.variable})`;
  if (status !== 407)
    return new ConnectionError(`${name} answered ${status} to the wish for ${target}`, connectionCodes.proxyRefused);
  const how =
    proxy.authorization === undefined ? 'wants a user name and password' : 'refused the user name or password';
  return new ConnectionError(`${name} ${how} (407)`, connectionCodes.proxyAuth);
};

/** How to speak TLS with a proxy: Node would take the name of the server behind it from the `host` header. */
export const proxyTls = ({ url }: Proxy, secureContext: SecureContext): RequestOptions => ({
  servername: isIP(url.hostname) === 0 ? url.hostname : '',
  rejectUnauthorized: true,
  ...{ secureContext },
});

/** Asks a proxy for a connection to `host:port`. */
const openTunnel = (proxy: Proxy, target: string, { stop, secureContext }: TunnelledOptions): Promise<Duplex> =>
  new Promise((resolve, reject) => {
    const request = proxy.url.protocol === 'https:' ? httpsRequest : httpRequest;
    const headers = { host: target, ...(proxy.authorization && { 'proxy-authorization': proxy.authorization }) };
    const asked = request(proxy.url, {
      method: 'CONNECT',
      path: target,
      headers,
      agent: false,
      signal: stop,
      ...proxyTls(proxy, secureContext),
    });
    asked.once('connect', ({ statusCode = 0 }, socket) => {
      if (statusCode >= 200 && statusCode < 300) {
        resolve(socket);
        return;
      }
      socket.destroy();
      reject(proxyRefusal(proxy, statusCode, target));
    });
    asked.once('response', (response) => {
      response.destroy();
      reject(proxyRefusal(proxy, response.statusCode ?? 0, target));
    });
    asked.once('error', (error) => reject(stop.aborted ? error : proxyError(proxy, error)));
    asked.end();
  });

/** An agent whose connections go through tunnels of a proxy. */
export const tunnelAgent = (proxy: Proxy, options: AgentOptions): Agent => {
  const agent = new Agent(options);
  const encrypt = agent.createConnection.bind(agent);
  const connect = async (wanted: TunnelledOptions): Promise<Duplex> => {
    const host = String(wanted.host);
    const target = `${host.includes(':') ? `[${host}]` : host}:${wanted.port ?? 443}`;
    const socket = await openTunnel(proxy, target, wanted);
    return encrypt({ ...wanted, socket } as RequestOptions) ?? socket;
  };
  const createConnection: Agent['createConnection'] = (wanted, done) => {
    connect(wanted as TunnelledOptions).then(
      (socket) => done?.(null, socket),
      (error: unknown) => done?.(error as Error, undefined as unknown as Duplex),
    );
    return undefined;
  };
  return Object.assign(agent, { createConnection });
};
