import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { isInnerAddress } from '../sandbox/egress-rules.ts';

/**
 * Networks no web page lives in, beside the inner ones: for documentation, relays, tunnels and protocols, as IANA's
 * registries of special-purpose addresses list them (RFC 6890 made them).
 */
const special: readonly [address: string, prefix: number, family: 'ipv4' | 'ipv6'][] = [
  ['192.0.2.0', 24, 'ipv4'],
  ['192.88.99.0', 24, 'ipv4'],
  ['198.51.100.0', 24, 'ipv4'],
  ['203.0.113.0', 24, 'ipv4'],
  // Where a machine in Azure reaches the platform's own services.
  ['168.63.129.16', 32, 'ipv4'],
  ['::ffff:0:0:0', 96, 'ipv6'],
  ['100::', 64, 'ipv6'],
  ['2001::', 23, 'ipv6'],
  ['2001:db8::', 32, 'ipv6'],
  ['3fff::', 20, 'ipv6'],
  ['5f00::', 16, 'ipv6'],
];
const specialNetworks = { ipv4: new BlockList(), ipv6: new BlockList() };
for (const [address, prefix, family] of special) specialNetworks[family].addSubnet(address, prefix, family);

/** The eight groups of an address of version 6. */
const groupsOf = (address: string): number[] => {
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const read = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const before = read(head);
  const after = read(tail ?? '');
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after];
};

/** The address of version 4 that a mapped, NAT64 or 6to4 address leads to. */
const withinIpv6 = (address: string): string | undefined => {
  const groups = groupsOf(address);
  const [first, second] = groups;
  const start = groups.slice(0, 6).join(':');
  const at =
    first === 0x2002 ? 1 : start === '0:0:0:0:0:65535' || (first === 0x64 && second === 0xff9b) ? 6 : undefined;
  // Only the well-known NAT64 prefix has zeros in between; the local one is inner.
  if (at === undefined || (first === 0x64 && start !== '100:65435:0:0:0:0')) return undefined;
  return groups
    .slice(at, at + 2)
    .flatMap((group) => [group >> 8, group & 255])
    .join('.');
};

/** False for this machine, private and special networks, and every form of version 6 that leads to one of them. */
export const isPublicAddress = (address: string): boolean => {
  const bare = address.replace(/%.*$/, '');
  const version = isIP(bare);
  if (version === 0) return false;
  const own = Object.values(networkInterfaces()).some((found) => found?.some((one) => one.address === bare));
  if (own) return false;
  const within = version === 6 ? withinIpv6(bare) : undefined;
  if (within !== undefined) return isPublicAddress(within);
  const family = version === 6 ? 'ipv6' : 'ipv4';
  return !isInnerAddress(bare) && !specialNetworks[family].check(bare, family);
};

/** A host as one writes it in a list: lower case, without brackets or a final dot. */
const plainHost = (host: string): string =>
  host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');

/** True when `web.privateHosts` names the host of a URL, as `host` or as `host:port`. */
export const isNamed = (url: URL, privateHosts: readonly string[]): boolean => {
  const host = plainHost(url.hostname);
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  return privateHosts.some((entry) => {
    const [, named = entry, namedPort] = isIP(entry) === 6 ? [] : (/^(.*?)(?::(\d+))?$/.exec(entry) ?? []);
    return plainHost(named) === host && (namedPort === undefined || namedPort === port);
  });
};
