import type { IncomingMessage } from 'node:http';
import type { LookupFunction } from 'node:net';
import { messageOf } from '../../base/errors.ts';
import { tlsProblem } from '../../base/tls-errors.ts';
import { unlessAborted } from '../../base/unless-aborted.ts';
import { isToolError, ToolError, type WebGet, type WebPage } from '../../core/tool.ts';
import { isNamed, isPublicAddress } from './web-addresses.ts';
import { acceptedEncodings, readBody } from './web-body.ts';
import type { MinTlsVersion } from './web-tls.ts';
import { webUrl } from './web-url.ts';

/** How pages are asked for. */
export interface WebOptions {
  /** `host` or `host:port` of servers that may have private addresses. */
  privateHosts: readonly string[];
  minTlsVersion: MinTlsVersion;
  /** True for text that holds a secret: no such URL is asked for. */
  knownSecrets?: (text: string) => boolean;
  /** The only issuers of certificates that count, in PEM; Node's when left out. */
  ca?: string;
  /** Addresses of a name; the system's resolver when left out. */
  lookup?: (host: string) => Promise<readonly string[]>;
}

const maxRedirects = 5;
const redirects = new Set([301, 302, 303, 307, 308]);

const systemLookup = async (host: string): Promise<string[]> => {
  const { lookup } = await import('node:dns/promises');
  return (await lookup(host, { all: true })).map(({ address }) => address);
};

/** The addresses to connect to. @throws ToolError when one of them is private and the host is not named. */
const checkedAddresses = async (url: URL, { privateHosts, lookup }: WebOptions): Promise<readonly string[]> => {
  const { isIP } = await import('node:net');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const addresses = isIP(host) === 0 ? await (lookup ?? systemLookup)(host) : [host];
  if (addresses.length === 0) throw new ToolError(`There is no host ${host}.`);
  const inner = addresses.find((address) => !isPublicAddress(address));
  // One private address among public ones is refused too: it is how a name lures us in.
  if (inner === undefined || isNamed(url, privateHosts)) return addresses;
  throw new ToolError(
    `${host}${inner === host ? ' is' : ` leads to ${inner},`} an address of this machine or of a private network. ` +
      `Only the user can allow it: web.privateHosts: ["${url.host}"]`,
  );
};

/** Answers with the addresses that were checked, so that a second look-up cannot give others. */
const fixedLookup =
  (addresses: readonly string[]): LookupFunction =>
  (_host, options, callback) => {
    const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    const [first] = found;
    if (options.all) callback(null, found);
    else callback(null, first?.address ?? '', first?.family ?? 0);
  };

/** Sends the request and gives the answer once its headers are there. */
const ask = async (url: URL, addresses: readonly string[], options: WebOptions, signal: AbortSignal) => {
  const { request } = url.protocol === 'https:' ? await import('node:https') : await import('node:http');
  return new Promise<IncomingMessage>((resolve, reject) => {
    const asked = request(url, {
      method: 'GET',
      // No connection is kept or taken over: another request might have been checked by other rules.
      agent: false,
      lookup: fixedLookup(addresses),
      headers: {
        'user-agent': 'llm-copilot',
        accept: 'text/html, text/markdown, text/plain, application/json;q=0.9, */*;q=0.5',
        'accept-encoding': acceptedEncodings,
      },
      signal,
      minVersion: options.minTlsVersion,
      // Said explicitly, for NODE_TLS_REJECT_UNAUTHORIZED could switch it off.
      rejectUnauthorized: true,
      ...(options.ca === undefined ? {} : { ca: options.ca }),
    });
    asked.once('response', resolve);
    asked.once('error', reject);
    asked.once('upgrade', (_, socket) => {
      socket.destroy();
      reject(new ToolError(`${url.host} wants to speak another protocol.`));
    });
    asked.end();
  });
};

/** Where an answer sends us; undefined when it does not. */
const locationOf = ({ headers, statusCode }: IncomingMessage): string | undefined =>
  // Headers come as Latin-1, whatever the server meant.
  headers.location !== undefined && redirects.has(statusCode ?? 0)
    ? Buffer.from(headers.location, 'latin1').toString()
    : undefined;

const isSameServer = (one: URL, other: URL): boolean =>
  one.hostname === other.hostname && (one.port === other.port || (one.port === '' && other.port === ''));

const sentenceOf = (error: unknown, { host, hostname }: URL): string => {
  const problem = tlsProblem(error);
  if (problem !== undefined) return `${host} is not safe to talk to: ${problem}.`;
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code === 'ENOTFOUND' || code === 'EAI_NONAME') return `There is no host ${hostname}.`;
  if (code.startsWith('EAI_')) return `The name ${hostname} cannot be looked up (${code}).`;
  if (code === 'ECONNREFUSED') return `${host} refused the connection.`;
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH' || code === 'ETIMEDOUT') return `${host} cannot be reached.`;
  if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'ERR_STREAM_PREMATURE_CLOSE') {
    return `${host} broke off the connection.`;
  }
  if (code === 'EPROTO') {
    return `No TLS connection to ${host}: ${/:SSL routines:[^:]*:([^:\n]+)/.exec(messageOf(error))?.[1] ?? code}.`;
  }
  if (code.startsWith('HPE_')) return `${host} did not answer in HTTP that can be read (${code}).`;
  if (code.startsWith('Z_') || code.startsWith('ERR_BROTLI') || code.startsWith('ERR__ERROR_')) {
    return `What ${host} sent cannot be decompressed.`;
  }
  return `${host} cannot be fetched: ${code === '' ? messageOf(error) : code}`;
};

/** The only way to the network for tools: see {@link WebGet}. */
export const webGet = (options: WebOptions): WebGet => {
  const follow = async (start: URL, maxBytes: number, signal: AbortSignal): Promise<WebPage> => {
    let url = start;
    for (let hop = 0; hop <= maxRedirects; hop += 1) {
      const at = url;
      const fail = (error: unknown): never => {
        throw signal.aborted || isToolError(error) ? error : new ToolError(sentenceOf(error, at), { cause: error });
      };
      const addresses = await checkedAddresses(url, options).catch(fail);
      signal.throwIfAborted();
      const response = await ask(url, addresses, options, signal).catch(fail);
      const page = {
        url: url.href,
        status: response.statusCode ?? 0,
        contentType: response.headers['content-type'] ?? '',
      };
      const location = locationOf(response);
      if (location === undefined) return { ...page, ...(await readBody(response, maxBytes).catch(fail)) };
      response.destroy();
      const next = webUrl(location, url, options.knownSecrets);
      if (!isSameServer(url, next)) {
        return { ...page, body: new Uint8Array(), truncated: false, redirectedTo: next.href };
      }
      if (url.protocol === 'https:' && next.protocol === 'http:') {
        throw new ToolError(`${url.host} redirects to unencrypted HTTP, which is not followed.`);
      }
      url = next;
    }
    throw new ToolError(`${start.host} redirects more than ${maxRedirects} times.`);
  };
  return async (text, { maxBytes, timeoutMs }, signal) => {
    signal.throwIfAborted();
    const url = webUrl(text, undefined, options.knownSecrets);
    const late = AbortSignal.timeout(timeoutMs);
    const either = AbortSignal.any([signal, late]);
    try {
      return await unlessAborted(follow(url, maxBytes, either), either);
    } catch (error) {
      signal.throwIfAborted();
      if (!late.aborted) throw error;
      throw new ToolError(`${url.host} took longer than ${timeoutMs / 1000} s.`, { cause: error });
    }
  };
};
