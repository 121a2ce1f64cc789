import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as httpServer, request, type IncomingHttpHeaders, type Server } from 'node:http';
import { connect, createServer, type AddressInfo, type Server as NetServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openEgressProxy, type EgressOptions, type EgressProxy } from '../../../src/host/sandbox/egress-proxy.ts';
import { destinationOf, egressRules, isInnerAddress } from '../../../src/host/sandbox/egress-rules.ts';

const folder = mkdtempSync(join(tmpdir(), 'egress-'));
let web: Server;
let port = 0;
let seen: { url: string | undefined; headers: IncomingHttpHeaders }[] = [];
beforeAll(async () => {
  web = httpServer((asked, reply) => {
    seen.push({ url: asked.url, headers: asked.headers });
    asked.pipe(reply);
  });
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  port = (web.address() as AddressInfo).port;
});
afterAll(async () => {
  web.closeAllConnections();
  await new Promise((resolve) => web.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});
const opened: EgressProxy[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
  seen = [];
});
let made = 0;
const open = async (allowed: string[], more: Partial<EgressOptions> = {}): Promise<EgressProxy> => {
  const proxy = await openEgressProxy({
    folder: join(folder, `${(made += 1)}`),
    allowed,
    lookup: (host) => Promise.resolve(host.endsWith('.test') ? ['127.0.0.1'] : []),
    ...more,
  });
  opened.push(proxy);
  return proxy;
};

/** Says something to the proxy and gives all it answers until it hangs up, or until the text came. */
const say = (proxy: EgressProxy, text: string, until?: string): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect(proxy.socketPath);
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk.toString();
      if (until !== undefined && answer.includes(until)) socket.destroy();
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', () => undefined);
    socket.write(text);
  });
const tunnel = (proxy: EgressProxy, to: string, then = ''): Promise<string> =>
  say(proxy, `CONNECT ${to} HTTP/1.1\r\nHost: ${to}\r\n\r\n${then}`, then === '' ? '\r\n\r\n' : undefined);

describe('the egress proxy', () => {
  it('connects to an allowed host and carries bytes both ways', async () => {
    const proxy = await open([`service.test:${port}`, '127.0.0.1']);
    const answer = await tunnel(
      proxy,
      `service.test:${port}`,
      'POST /deep HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 [^]*hello\r\n0\r\n\r\n$/);
    expect(seen.map(({ url }) => url)).toEqual(['/deep']);
    expect(proxy.refused()).toEqual([]);
  });

  it('refuses other hosts, other ports and names that are only similar, and remembers them', async () => {
    const proxy = await open([`service.test:${port}`, '*.wild.test', '127.0.0.1']);
    for (const to of [
      `evil.test:${port}`,
      'service.test:1',
      'wild.test:80',
      'notwild.test:80',
      `service.test.evil:1`,
    ]) {
      expect(await tunnel(proxy, to), to).toMatch(/^HTTP\/1\.1 403 [^]*not among the allowed hosts/);
    }
    expect(proxy.refused()).toHaveLength(5);
    expect(proxy.refused()[0]).toBe(`evil.test:${port}`);
    expect(await tunnel(proxy, `a.wild.test:${port}`)).toMatch(/ 200 /);
  });

  it('refuses an allowed name that leads to a private address, unless that address is allowed itself', async () => {
    const proxy = await open(['service.test', '*']);
    expect(await tunnel(proxy, `service.test:${port}`)).toMatch(/ 403 [^]*private address/);
    expect(await tunnel(proxy, `127.0.0.1:${port}`)).toMatch(/ 403 /);
    expect(await tunnel(proxy, `[::1]:${port}`)).toMatch(/ 403 /);
    proxy.allow(['localhost']);
    expect(await tunnel(proxy, `service.test:${port}`)).toMatch(/ 200 /);
  });

  it('passes plain HTTP on to the host of the URL, whatever the header says', async () => {
    const proxy = await open(['service.test', '127.0.0.1']);
    const body = await new Promise<string>((resolve, reject) => {
      const asked = request(
        {
          socketPath: proxy.socketPath,
          method: 'PUT',
          path: `http://service.test:${port}/a?b=c`,
          headers: { host: 'evil.test', 'proxy-authorization': 'x', 'x-mine': 'y' },
        },
        (reply) => {
          let text = '';
          reply.on('data', (chunk: Buffer) => (text += chunk.toString()));
          reply.on('end', () => resolve(text));
        },
      );
      asked.on('error', reject);
      asked.end('echo');
    });
    expect(body).toBe('echo');
    expect(seen[0]?.url).toBe('/a?b=c');
    expect(seen[0]?.headers).toMatchObject({ host: `service.test:${port}`, 'x-mine': 'y' });
    expect(seen[0]?.headers).not.toHaveProperty('proxy-authorization');
    expect(await say(proxy, `GET http://evil.test/ HTTP/1.1\r\nHost: service.test\r\n\r\n`)).toMatch(/ 403 /);
    expect(await say(proxy, `GET /etc HTTP/1.1\r\nHost: service.test\r\nConnection: close\r\n\r\n`)).toMatch(/ 400 /);
  });

  it('limits connections at the same time, and frees them when they end', async () => {
    const silent: NetServer = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const to = `service.test:${(silent.address() as AddressInfo).port}`;
    const proxy = await open(['service.test', '127.0.0.1'], { maxConnections: 1 });
    const first = connect(proxy.socketPath);
    first.write(`CONNECT ${to} HTTP/1.1\r\n\r\n`);
    await new Promise((resolve) => first.once('data', resolve));
    expect(await tunnel(proxy, to)).toMatch(/ 503 /);
    first.destroy();
    await expect.poll(() => tunnel(proxy, to)).toMatch(/ 200 /);
    silent.close();
  });

  it('answers what cannot be found or reached', async () => {
    const proxy = await open(['service.test', 'nowhere', '127.0.0.1', '*.bad'], {
      lookup: (host) => (host === 'nowhere' ? Promise.reject(new Error('ENOTFOUND')) : Promise.resolve(['127.0.0.1'])),
    });
    expect(await tunnel(proxy, 'nowhere:80')).toMatch(/ 502 [^]*ENOTFOUND/);
    expect(await tunnel(proxy, 'service.test:1')).toMatch(/ 502 [^]*ECONNREFUSED/);
    expect(await tunnel(proxy, 'no-port')).toMatch(/ 400 /);
  });

  it('survives clients that hang up at any moment, and close ends all connections', async () => {
    const proxy = await open(['service.test', '127.0.0.1']);
    for (let tries = 0; tries < 20; tries += 1) {
      const socket = connect(proxy.socketPath);
      socket.on('error', () => undefined);
      socket.write(`CONNECT service.test:${port} HTTP/1.1\r\n\r\n`);
      setTimeout(() => socket.destroy(), tries % 4);
    }
    await new Promise((resolve) => setTimeout(resolve, 30));
    const open2 = connect(proxy.socketPath);
    open2.on('error', () => undefined);
    open2.write(`CONNECT service.test:${port} HTTP/1.1\r\n\r\n`);
    await new Promise((resolve) => open2.once('data', resolve));
    const closed = new Promise((resolve) => open2.once('close', resolve));
    await proxy.close();
    await closed;
  });

  it('takes another folder where the socket path would be too long', async () => {
    const proxy = await open(['127.0.0.1'], { folder: join(folder, 'x'.repeat(120)) });
    expect(proxy.socketPath.length).toBeLessThan(100);
    expect(await tunnel(proxy, `127.0.0.1:${port}`)).toMatch(/ 200 /);
  });
});

describe('egress rules', () => {
  it.each([
    'localhost',
    '127.8.8.8',
    '10.1.1.1',
    '172.31.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '::1',
    '::',
    'fe80::1',
    'fd00::1',
    '::ffff:8.8.8.8',
    '::ffff:a00:1',
    '64:ff9b::a00:1',
    '255.255.255.255',
  ])('take %s for private', (address) => {
    expect(isInnerAddress(address === 'localhost' ? '127.0.0.1' : address)).toBe(true);
  });

  it.each(['8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '11.0.0.1', '223.1.1.1'])(
    'take %s for public',
    (address) => {
      expect(isInnerAddress(address)).toBe(false);
    },
  );

  it('read destinations strictly', () => {
    expect(destinationOf('Example.ORG.:443')).toEqual({ host: 'example.org', port: 443 });
    expect(destinationOf('[::1]:80')).toEqual({ host: '::1', port: 80 });
    expect(destinationOf('a', 80)).toEqual({ host: 'a', port: 80 });
    for (const bad of ['', 'a', 'a:0', 'a:70000', 'a b:1', 'a@b:1', 'a/b:1', ':1', '::1:80']) {
      expect(destinationOf(bad), bad).toBeUndefined();
    }
  });

  it('keep numbers written another way apart from addresses', () => {
    const rules = egressRules(['127.0.0.1']);
    expect(rules.allows({ host: '2130706433', port: 80 })).toBe(false);
    expect(rules.allows({ host: '0x7f.1', port: 80 })).toBe(false);
    expect(rules.allows({ host: '127.0.0.1', port: 80 })).toBe(true);
  });

  it('understand addresses of version 6 with and without a port', () => {
    const rules = egressRules(['fd00::5', '[fd00::6]:443']);
    expect(rules.allows({ host: 'fd00::5', port: 1 })).toBe(true);
    expect(rules.allowsAddress('fd00::5', 1)).toBe(true);
    expect(rules.allowsAddress('fd00::6', 443)).toBe(true);
    expect(rules.allowsAddress('fd00::6', 80)).toBe(false);
  });
});
