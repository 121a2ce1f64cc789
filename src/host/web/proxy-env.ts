import { BlockList, isIP } from 'node:net';
import { configError, type CopilotError } from '../../base/errors.ts';
import type { Env } from '../paths.ts';

/** A proxy requests go through. */
export interface Proxy {
  /** Without user name and password. */
  url: URL;
  /** For `Proxy-Authorization`. */
  authorization: string | undefined;
  /** Where it was set. */
  variable: string;
}

/** What the environment says of proxies. */
export interface ProxySettings {
  /** The proxy for a URL; undefined when it is asked directly. @throws CopilotError exit 3 for a value that is none. */
  proxyFor: (url: URL) => Proxy | undefined;
  /** What is not asked through a proxy, as it is written. */
  except: string;
}

/** The first variable that is set, in the order curl has: lower case wins. */
const firstSet = (env: Env, names: readonly string[]): { variable: string; value: string } | undefined => {
  for (const name of names)
    for (const variable of [name.toLowerCase(), name]) {
      const value = env[variable]?.trim();
      if (value) return { variable, value };
    }
  return undefined;
};

/** Not one word of the value is repeated: it may hold a password. */
const wrong = (variable: string, why: string): CopilotError =>
  configError(
    `${variable}: ${why}`,
    `Set it to http://host:port or https://host:port, or take it out of the environment.`,
  );

const decoded = (text: string, variable: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong(variable, 'user name or password has a % that must be written %25.');
  }
};

const readProxy = (variable: string, value: string): Proxy => {
  const text = /^[a-z][\w+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  if (!URL.canParse(text)) throw wrong(variable, 'this is no URL of a proxy.');
  const { protocol, hostname, host, username, password } = new URL(text);
  if (protocol !== 'http:' && protocol !== 'https:')
    throw wrong(variable, `a proxy that speaks ${protocol.slice(0, -1)} cannot be used.`);
  if (hostname === '') throw wrong(variable, 'this is no URL of a proxy.');
  const credentials = `${decoded(username, variable)}:${decoded(password, variable)}`;
  return {
    url: new URL(`${protocol}//${host}`),
    authorization: username === '' ? undefined : `Basic ${Buffer.from(credentials).toString('base64')}`,
    variable,
  };
};

const portOf = ({ port, protocol }: URL): string => port || (protocol === 'https:' ? '443' : '80');

const plain = (host: string): string =>
  host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

/** True for this machine's own names: no proxy can know what they mean here. */
export const isLoopback = (hostname: string): boolean => {
  const host = plain(hostname);
  return host === '::1' || /^(?:.+\.)?localhost$/.test(host) || (isIP(host) === 4 && host.startsWith('127.'));
};

const inNetwork = (host: string, entry: string): boolean => {
  const [, address = '', bits = ''] = /^(.+)\/(\d+)$/.exec(entry) ?? [];
  const family = familyOf(address);
  if (isIP(address) === 0 || isIP(host) === 0 || familyOf(host) !== family) return false;
  if (Number(bits) > (family === 'ipv6' ? 128 : 32)) return false;
  const network = new BlockList();
  network.addSubnet(address, Number(bits), family);
  return network.check(host, family);
};

/** One entry of NO_PROXY: `host`, `.suffix`, `*.suffix`, each with `:port`, a network such as `10.0.0.0/8`, or `*`. */
const covers = (entry: string, url: URL): boolean => {
  const host = plain(url.hostname);
  if (entry === '*') return true;
  if (entry.includes('/')) return inNetwork(host, entry);
  const [, named = entry, port] = isIP(entry) === 6 ? [] : (/^(.*?)(?::(\d+))?$/.exec(entry) ?? []);
  if (port !== undefined && port !== portOf(url)) return false;
  const name = plain(named.replace(/^\*?\./, ''));
  // As curl, Go and Python have it, a name stands for what is below it too.
  return name !== '' && (host === name || (isIP(host) === 0 && host.endsWith(`.${name}`)));
};

/** Reads HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, in either case. Values are looked at when they are used. */
export const proxySettings = (env: Env): ProxySettings => {
  const set = {
    'https:': firstSet(env, ['HTTPS_PROXY', 'ALL_PROXY']),
    'http:': firstSet(env, ['HTTP_PROXY', 'ALL_PROXY']),
  };
  const except = firstSet(env, ['NO_PROXY'])?.value ?? '';
  const entries = except.split(/[\s,]+/).filter((entry) => entry !== '');
  const known = new Map<string, Proxy>();
  return {
    proxyFor: (url) => {
      const found = url.protocol === 'https:' ? set['https:'] : set['http:'];
      if (!found || isLoopback(url.hostname) || entries.some((entry) => covers(entry, url))) return undefined;
      const proxy = known.get(found.variable) ?? readProxy(found.variable, found.value);
      known.set(found.variable, proxy);
      return proxy;
    },
    except,
  };
};
