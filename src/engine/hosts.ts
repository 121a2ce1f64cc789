import { matchesText } from '../base/glob.ts';

const loopback = ['localhost', '127.0.0.1', '::1', '0.0.0.0', '::'];

/** A host as the network sees it: `0x7f.1`, `2130706433` and `[::ffff:127.0.0.1]` are all 127.0.0.1. */
const canonical = (host: string): string => {
  const bare = host
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
  const written = bare.includes(':') ? `[${bare.replace(/%.*$/, '')}]` : bare;
  const parsed = URL.canParse(`http://${written}`) ? new URL(`http://${written}`).hostname : bare;
  const [, high, low] = /^\[::ffff:([0-9a-f]+):([0-9a-f]+)\]$/.exec(parsed) ?? [];
  if (high === undefined || low === undefined) return parsed.replace(/^\[|\]$/g, '');
  const parts = [high, low].flatMap((part) => {
    const value = Number.parseInt(part, 16);
    return [value >> 8, value & 255];
  });
  return parts.join('.');
};

/** A pattern's host as the network sees it: without a port, names in the form URLs have them in. */
const wantedHost = (pattern: string): string => {
  const lower = pattern.toLowerCase();
  const [, bracketed] = /^\[([0-9a-f:.]*:[0-9a-f:.]*)\](?::\d+)?$/.exec(lower) ?? [];
  // The colons of an address of version 6 are no port.
  if (bracketed !== undefined || lower.split(':').length > 2) return canonical(bracketed ?? lower);
  return lower
    .replace(/\.?(?::\d+)?$/, '')
    .split('.')
    .map((label) => (/[^ -~]/.test(label) && !/[*?[\]{}]/.test(label) ? canonical(label) : label))
    .join('.');
};

const isLoopback = (host: string): boolean =>
  loopback.includes(host) || host.startsWith('127.') || host.endsWith('.localhost');

/**
 * True when a rule's pattern names the host. What is denied or asked about is so under every name: numeric forms, all
 * addresses of this machine for one of them, and everything below a domain. What is allowed is allowed by its own name
 * only. `*` as the host means that nobody could tell which.
 */
export const matchesHost = (pattern: string, host: string, allows: boolean): boolean => {
  if (pattern === '*') return true;
  if (host === '*') return !allows;
  const wanted = wantedHost(pattern);
  const name = canonical(host);
  if (matchesText(wanted, name)) return true;
  if (allows) return false;
  if (isLoopback(name) && isLoopback(canonical(wanted))) return true;
  return matchesText(`*.${wanted}`, name) || matchesText(wanted, host.toLowerCase());
};
