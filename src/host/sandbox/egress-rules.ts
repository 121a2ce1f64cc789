import { BlockList, isIP } from 'node:net';

/** Where a command wants to connect to. */
export interface Destination {
  /** Lower case, without brackets or a final dot. */
  host: string;
  port: number;
}

/** Networks that lead to this machine or its neighbours (IANA's special-purpose registries, read 2026-11-21). */
const inner: readonly [address: string, prefix: number, family: 'ipv4' | 'ipv6'][] = [
  ['0.0.0.0', 8, 'ipv4'],
  ['10.0.0.0', 8, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.0.0.0', 24, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['198.18.0.0', 15, 'ipv4'],
  ['224.0.0.0', 3, 'ipv4'],
  ['::', 96, 'ipv6'],
  ['::ffff:0:0', 96, 'ipv6'],
  ['64:ff9b::', 96, 'ipv6'],
  ['64:ff9b:1::', 48, 'ipv6'],
  ['2002::', 16, 'ipv6'],
  ['fc00::', 7, 'ipv6'],
  ['fe80::', 9, 'ipv6'],
  ['ff00::', 8, 'ipv6'],
];

// Two lists: in one, an address of version 4 would also be looked for in `::ffff:0:0`.
const innerNetworks = { ipv4: new BlockList(), ipv6: new BlockList() };
for (const [address, prefix, family] of inner) innerNetworks[family].addSubnet(address, prefix, family);

/** True for addresses of this machine, of private networks, and for forms of IPv6 that could hide one. */
export const isInnerAddress = (address: string): boolean => {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  return innerNetworks[family].check(address, family);
};

const cleaned = (host: string): string =>
  host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');

/** Reads `host:port`; undefined when it is neither a name nor an address. */
export const destinationOf = (text: string, defaultPort?: number): Destination | undefined => {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?$/i.exec(text);
  const host = cleaned(match?.[1] ?? '');
  const port = match?.[2] === undefined ? (defaultPort ?? 0) : Number(match[2]);
  return host !== '' && port > 0 && port < 65_536 ? { host, port } : undefined;
};

interface Entry {
  host: string;
  wildcard: boolean;
  port: number | undefined;
}

/** A bare IPv6 address has colons too, so it is told apart first. */
const entryOf = (text: string): Entry => {
  const wildcard = text.startsWith('*.');
  const rest = wildcard ? text.slice(2) : text;
  const port = isIP(rest) === 6 ? undefined : /:(\d+)$/.exec(rest)?.[1];
  const host = cleaned(port === undefined ? rest : rest.slice(0, -port.length - 1));
  return { host, wildcard, port: port === undefined ? undefined : Number(port) };
};

/** Which destinations a list such as `['example.org', '*.example.org:443', '10.0.0.5']` allows; it may grow. */
export interface EgressRules {
  add(allowed: readonly string[]): void;
  /** Forgets all of it. */
  clear(): void;
  allows(to: Destination): boolean;
  /** For an address a name was found to have: inner ones must stand in the list themselves (`localhost` for loopback). */
  allowsAddress(address: string, port: number): boolean;
}

/** `*` alone allows every name, though still no inner address. `*.example.org` does not stand for `example.org`. */
export const egressRules = (allowed: readonly string[]): EgressRules => {
  const entries: Entry[] = [];
  const has = (host: string, port: number, wildcards: boolean): boolean =>
    entries.some((entry) => {
      if (entry.port !== undefined && entry.port !== port) return false;
      if (!entry.wildcard) return entry.host === host || (wildcards && entry.host === '*');
      return wildcards && host.endsWith(`.${entry.host}`) && isIP(host) === 0;
    });
  const rules: EgressRules = {
    add: (more) => {
      for (const text of more) {
        const entry = entryOf(text);
        if (entry.host !== '') entries.push(entry);
      }
    },
    clear: () => void entries.splice(0),
    allows: ({ host, port }) => has(host, port, true),
    allowsAddress: (address, port) => {
      if (!isInnerAddress(address)) return true;
      const isLoopback = /^127\.|^::1$/.test(address);
      return has(address, port, false) || (isLoopback && has('localhost', port, false));
    },
  };
  rules.add(allowed);
  return rules;
};
