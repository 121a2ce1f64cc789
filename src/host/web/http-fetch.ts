import { connectionCodes, ConnectionError } from '../../base/network-errors.ts';
import { connections, type ConnectionOptions } from './connections.ts';
import { openResponse } from './http-response.ts';
import { PlainHeaders } from './plain-headers.ts';
import type { Proxy } from './proxy-env.ts';
import { proxyError, proxyRefusal } from './tunnel.ts';
import { acceptedEncodings } from './web-body.ts';

/** How requests are made. */
export interface HttpOptions extends ConnectionOptions {
  /** For looking the name up, TCP, a proxy's tunnel and TLS together; 10 s when left out. */
  connectTimeoutMs?: number | undefined;
}

interface Asked {
  url: URL;
  method: string;
  headers: PlainHeaders;
  body: string | Uint8Array | undefined;
  signal: AbortSignal | undefined;
}

const bytesOf = (body: unknown): { body: string | Uint8Array | undefined; type?: string } => {
  if (body === undefined || body === null) return { body: undefined };
  if (typeof body === 'string') return { body, type: 'text/plain;charset=UTF-8' };
  if (body instanceof URLSearchParams)
    return { body: body.toString(), type: 'application/x-www-form-urlencoded;charset=UTF-8' };
  if (ArrayBuffer.isView(body)) return { body: new Uint8Array(body.buffer, body.byteOffset, body.byteLength) };
  if (body instanceof ArrayBuffer) return { body: new Uint8Array(body) };
  throw new TypeError(`fetch: a body of this kind (${body.constructor.name}) cannot be sent: give text or bytes.`);
};

/** @throws TypeError that repeats no URL: it may hold a secret. */
const urlOf = (text: string): URL => {
  if (!URL.canParse(text)) throw new TypeError('fetch: this is no URL.');
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new TypeError(`fetch: only http: and https: can be asked, not ${url.protocol.slice(0, 20)}`);
  if (url.username !== '' || url.password !== '')
    throw new TypeError(`fetch: the URL for ${url.host} carries a user name or password; send them in a header.`);
  url.hash = '';
  return url;
};

const read = async (input: string | URL | Request, init: RequestInit): Promise<Asked> => {
  const given = typeof input === 'object' && 'url' in input ? input : undefined;
  const url = urlOf(typeof input === 'string' ? input : 'href' in input ? input.href : input.url);
  const signal = init.signal ?? given?.signal ?? undefined;
  const headers = new PlainHeaders((init.headers ?? given?.headers) as ConstructorParameters<typeof PlainHeaders>[0]);
  const { body, type } = bytesOf(init.body ?? (given?.body ? await given.arrayBuffer() : undefined));
  if (type !== undefined && !headers.has('content-type')) headers.set('content-type', type);
  return { url, method: (init.method ?? given?.method ?? 'GET').toUpperCase(), headers, body, signal };
};

const headersFor = ({ headers, body, method }: Asked): Record<string, string | number> => {
  const length = body === undefined ? (method === 'GET' || method === 'HEAD' ? undefined : 0) : Buffer.byteLength(body);
  return {
    accept: '*/*',
    'user-agent': 'llm-copilot',
    ...Object.fromEntries(headers),
    'accept-encoding': acceptedEncodings,
    ...(length !== undefined && { 'content-length': length }),
  };
};

/** The shape of Node's own: the reason is the cause. */
const failed = (cause: unknown): TypeError => new TypeError('fetch failed', { cause });

const late = ({ hostname, port, protocol }: URL, proxy: Proxy | undefined, timeoutMs: number): ConnectionError =>
  new ConnectionError(
    `no connection to ${hostname}:${port || (protocol === 'https:' ? 443 : 80)}` +
      `${proxy ? ` through the proxy ${proxy.url.host}` : ''} within ${timeoutMs / 1000} s (timeouts.connectSeconds)`,
    connectionCodes.timeout,
  );

/**
 * A `fetch` that goes through the user's proxy, trusts the user's authorities, keeps to the TLS floor, and keeps a number
 * of connections for later requests. It follows no redirects. Bodies are text or bytes. Nothing is sent twice: a server that
 * closed a kept connection may have begun to work on the request, so that is for whoever asked to decide.
 * @throws CopilotError exit 3 when `caFile` cannot be read or a variable names no proxy.
 */
export const httpFetch = (options: HttpOptions): typeof fetch => {
  const { connectTimeoutMs = 10_000 } = options;
  const open = connections(options);

  const send = async (request: Asked): Promise<Response> => {
    const { url, method, body, signal } = request;
    const stop = new AbortController();
    const { asked, proxy } = await open.request(url, { method, headers: headersFor(request) }, stop.signal);
    return new Promise((resolve, reject) => {
      let fail = reject as (error: unknown) => void;
      let wrap = failed;
      let isConnected = false;
      let isAnswered = false;
      /** The first thing that went wrong; what follows from it says less. */
      let first: unknown;
      const end = (error: unknown): void => {
        fail(error);
        stop.abort();
        asked.destroy();
      };
      const abort = (): void => end(signal?.reason);
      const over = (): void => signal?.removeEventListener('abort', abort);
      const timer = setTimeout(() => {
        first ??= late(url, proxy, connectTimeoutMs);
        end(wrap(first));
      }, connectTimeoutMs);
      const connected = (): void => {
        isConnected = true;
        clearTimeout(timer);
      };
      signal?.addEventListener('abort', abort, { once: true });
      asked.once('socket', (socket) => {
        if (asked.reusedSocket) connected();
        else socket.once('encrypted' in socket ? 'secureConnect' : 'connect', connected);
      });
      asked.on('error', (error) => {
        first ??= proxy && url.protocol === 'http:' && !isConnected ? proxyError(proxy, error) : error;
        end(wrap(first));
      });
      asked.once('response', (incoming) => {
        if (proxy && url.protocol === 'http:' && incoming.statusCode === 407) {
          end(failed(proxyRefusal(proxy, 407, url.host)));
          return;
        }
        try {
          isAnswered = true;
          wrap = (cause) => new TypeError('terminated', { cause });
          const answer = openResponse(incoming, url, method, { toError: (error) => wrap(first ?? error), over });
          fail = answer.fail;
          resolve(answer.response);
        } catch (error) {
          end(failed(error));
        }
      });
      asked.once('close', () => {
        clearTimeout(timer);
        // An answer knows its own end: some of it may not have been read yet.
        if (isAnswered) return;
        over();
        fail(failed(first ?? Object.assign(new Error('closed without an answer'), { code: 'ECONNRESET' })));
      });
      asked.end(body);
      if (signal?.aborted) abort();
    });
  };

  return async (input, init = {}) => {
    const request = await read(input, init);
    request.signal?.throwIfAborted();
    return send(request);
  };
};
