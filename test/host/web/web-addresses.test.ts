import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { isNamed, isPublicAddress } from '../../../src/host/web/web-addresses.ts';

describe('an address is', () => {
  it.each([
    ...['0.0.0.0', '0.1.2.3', '10.1.2.3', '100.64.0.1', '100.127.255.254', '127.0.0.1', '127.255.0.9'],
    ...['169.254.169.254', '172.16.0.1', '172.31.255.255', '192.0.0.192', '192.0.2.7', '192.168.0.1', '192.88.99.1'],
    ...['198.18.0.1', '198.19.255.255', '198.51.100.3', '203.0.113.9', '224.0.0.1', '240.0.0.1', '255.255.255.255'],
    ...['168.63.129.16', '::', '::1', '::7f00:1', 'fc00::1', 'fd00:ec2::254', 'fe80::1', 'fe80::1%eth0', 'fec0::1'],
    ...['ff02::1', '2001:db8::1', '3fff::1', '100::1', '2001::1', '5f00::1', '64:ff9b:1::808:808'],
    ...['::ffff:127.0.0.1', '::ffff:a00:1', '::ffff:0:8.8.8.8', '64:ff9b::7f00:1', '64:ff9b::169.254.169.254'],
    ...['2002:7f00:1::', '2002:c0a8:101::1', '2002:a9fe:a9fe::1'],
    ...['', 'localhost', '1.2.3', '::zz'],
  ])('not public when it is %j', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it.each([
    ...['8.8.8.8', '1.1.1.1', '100.63.255.255', '100.128.0.1', '172.15.0.1', '172.32.0.1', '192.167.0.1', '223.1.1.1'],
    ...['2606:4700::1111', '2a00:1450:4001::1', '::ffff:8.8.8.8', '64:ff9b::808:808', '2002:808:808::1'],
  ])('public when it is %s', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it('not public when this machine has it, whatever it looks like', () => {
    const own = Object.values(networkInterfaces()).flatMap((found) => (found ?? []).map((one) => one.address));
    expect(own.length).toBeGreaterThan(0);
    expect(own.filter(isPublicAddress)).toEqual([]);
  });
});

describe('a host is named', () => {
  it.each([
    ['http://intra/', 'intra', true],
    ['http://INTRA./', 'Intra', true],
    ['http://intra:8080/', 'intra', true],
    ['http://intra:8080/', 'intra:8080', true],
    ['http://intra:8081/', 'intra:8080', false],
    ['https://intra/', 'intra:443', true],
    ['http://intra/', 'intra:443', false],
    ['http://sub.intra/', 'intra', false],
    ['http://intra.evil.test/', 'intra', false],
    ['http://[::1]:8080/', '::1', true],
    ['http://[::1]:8080/', '[::1]', true],
    ['http://[::1]:8080/', '[::1]:8080', true],
    ['http://[::1]:8081/', '[::1]:8080', false],
    ['http://127.0.0.1/', '127.0.0.2', false],
    ['http://intra/', '*', false],
  ])('%s by %s: %s', (url, entry, expected) => {
    expect(isNamed(new URL(url), [entry])).toBe(expected);
  });
});
