import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RequestListener } from 'node:http';
import type { ServerOptions } from 'node:https';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connectionProblem } from '../../../src/base/network-errors.ts';
import { tlsProblem } from '../../../src/base/tls-errors.ts';
import { httpFetch, type HttpOptions } from '../../../src/host/web/http-fetch.ts';
import { proxySettings } from '../../../src/host/web/proxy-env.ts';
import { authority, tlsServer, type Identity, type TlsServer } from '../../support/tls.ts';
import { testProxy, type ProxyBehaviour, type TestProxy } from '../../support/proxy.ts';

const folder = mkdtempSync(join(tmpdir(), 'http-network-'));
const trusted = authority();
const caFile = join(folder, 'ca.pem');
beforeAll(() => writeFileSync(caFile, `some words before\n${trusted.cert}`));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

const kept = <T extends { close(): Promise<void> }>(one: T): T => {
  opened.push(one);
  return one;
};
const hello: RequestListener = (_, reply) => reply.end('hello');
const secure = async (
  identity: Identity = trusted.identity('localhost'),
  answer: RequestListener = hello,
  options: ServerOptions = {},
): Promise<TlsServer> => kept(await tlsServer(identity, answer, options));
const proxyOf = async (behaviour: ProxyBehaviour = {}): Promise<TestProxy> => kept(await testProxy(behaviour));
const fetcher = (more: Partial<HttpOptions> = {}): typeof fetch =>
  httpFetch({ env: {}, root: folder, minTlsVersion: 'TLSv1.3', caFile: 'ca.pem', ...more });
type Failure = Error & { cause?: Error & { code?: string } };
const failure = async (promise: Promise<unknown>): Promise<Failure> => {
  const error: unknown = await promise.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  );
  return error as Failure;
};
const text = async (response: Promise<Response>): Promise<string> => (await response).text();
/** The same server under a name only a proxy finds. */
const named = ({ url }: { url: string }, name = 'api.test'): string =>
  url.replace('localhost', name).replace('127.0.0.1', name);
const eventually = async (holds: () => boolean): Promise<void> => {
  for (let tries = 0; tries < 400 && !holds(); tries += 1) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(holds()).toBe(true);
};

describe('TLS', () => {
  it('trusts the authorities of the file, beside the usual ones', async () => {
    const { url } = await secure();
    expect(await text(fetcher()(url))).toBe('hello');
    expect(tlsProblem(await failure(fetcher({ caFile: undefined })(url)))).toContain(
      'comes from an issuer unknown here',
    );
  });

  it('keeps one connection, and a session for the next', async () => {
    const sockets = new Set<unknown>();
    const { url } = await secure(undefined, (request, reply) => {
      sockets.add(request.socket);
      reply.end('x');
    });
    const ask = fetcher();
    for (let round = 0; round < 3; round += 1) await text(ask(url));
    expect(sockets.size).toBe(1);
  });

  it('of before 1.3 is refused, but for the hosts that are excepted', async () => {
    const { url } = await secure(undefined, hello, { maxVersion: 'TLSv1.2' });
    expect(tlsProblem(await failure(fetcher()(url)))).toContain('it speaks no TLS version');
    expect(tlsProblem(await failure(fetcher({ minTlsVersions: { 'other.test': 'TLSv1.2' } })(url)))).toContain(
      'no TLS',
    );
    expect(await text(fetcher({ minTlsVersions: { localhost: 'TLSv1.2' } })(url))).toBe('hello');
    expect(await text(fetcher({ minTlsVersions: { [new URL(url).host]: 'TLSv1.2' } })(url))).toBe('hello');
    expect(await text(fetcher({ minTlsVersion: 'TLSv1.2' })(url))).toBe('hello');
  });

  it('may be held to 1.3 for one host where 1.2 is enough for others', async () => {
    const { url } = await secure(undefined, hello, { maxVersion: 'TLSv1.2' });
    const strict = fetcher({ minTlsVersion: 'TLSv1.2', minTlsVersions: { localhost: 'TLSv1.3' } });
    expect(tlsProblem(await failure(strict(url)))).toContain('it speaks no TLS version');
  });

  it('is checked even where the environment switches that off', async () => {
    const { url } = await secure(authority().identity('localhost'));
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    try {
      expect(tlsProblem(await failure(fetcher()(url)))).toContain('comes from an issuer unknown here');
    } finally {
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    }
  });

  it('trusts the file of NODE_EXTRA_CA_CERTS beside one of the configuration', async () => {
    const other = authority();
    writeFileSync(join(folder, 'extra.pem'), other.cert);
    const { url } = await secure(other.identity('localhost'));
    expect(await text(fetcher({ env: { NODE_EXTRA_CA_CERTS: join(folder, 'extra.pem') } })(url))).toBe('hello');
    expect(tlsProblem(await failure(fetcher({ env: { NODE_EXTRA_CA_CERTS: '/nowhere' } })(url)))).toContain('unknown');
  });

  it.each([
    ['is not there', 'missing.pem', undefined, /network\.caFile: .*missing\.pem cannot be read: ENOENT/],
    ['holds no certificate', 'key.pem', 'secret words', /network\.caFile: .*key\.pem holds no certificate/],
    [
      'holds a broken one',
      'broken.pem',
      '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
      /network\.caFile: certificate 1 in .*broken\.pem cannot be read/,
    ],
  ])('says at once that a file of authorities %s', (_, name, content, words) => {
    if (content !== undefined) writeFileSync(join(folder, name), content);
    expect(() => fetcher({ caFile: name })).toThrow(
      expect.objectContaining({ exitCode: 3, message: expect.stringMatching(words) as string }) as Error,
    );
  });

  it('finds a file below the home folder', async () => {
    const { url } = await secure();
    expect(await text(fetcher({ root: '/', caFile: '~/ca.pem', env: { HOME: folder } })(url))).toBe('hello');
  });
});

describe('a proxy', () => {
  it('carries a request to an HTTPS server, and both ends are used again', async () => {
    const proxy = await proxyOf();
    const server = await secure(trusted.identity('api.test'));
    const ask = fetcher({ env: { HTTPS_PROXY: proxy.url } });
    expect(await text(ask(`${named(server)}/path?key=1`))).toBe('hello');
    expect(await text(ask(named(server)))).toBe('hello');
    expect(proxy.passed).toEqual([
      { method: 'CONNECT', target: new URL(named(server)).host, authorization: undefined },
    ]);
    expect(proxy.open.size).toBe(1);
  });

  it('does not see what is sent, and a wrong certificate behind it is refused', async () => {
    const proxy = await proxyOf();
    const server = await secure(trusted.identity('other.test'));
    const error = await failure(fetcher({ env: { https_proxy: proxy.url } })(named(server)));
    expect(tlsProblem(error)).toContain('for another host (DNS:other.test)');
  });

  it('carries a request to an HTTP server', async () => {
    const proxy = await proxyOf({ credentials: 'me:pass word' });
    const { createServer } = await import('node:http');
    const seen: unknown[] = [];
    const plain = createServer((request, reply) => {
      seen.push([request.url, request.headers.host, request.headers['proxy-authorization'], request.headers.via]);
      reply.end('plain');
    });
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    kept({ close: () => new Promise((resolve) => plain.close(() => resolve()).closeAllConnections()) });
    const { port } = plain.address() as { port: number };
    const url = `http://api.test:${port}/path?q=1`;
    expect(await text(fetcher({ env: { http_proxy: `http://me:pass%20word@${proxy.host}` } })(url))).toBe('plain');
    expect(seen).toEqual([['/path?q=1', `api.test:${port}`, undefined, '1.1 test']]);
    expect(proxy.passed.map(({ method, target }) => [method, target])).toEqual([['GET', url]]);
    const refused = await failure(fetcher({ env: { http_proxy: `http://me:hunter2@${proxy.host}` } })(url));
    expect(refused.cause?.message).toBe(`the proxy ${proxy.host} (http_proxy) refused the user name or password (407)`);
  });

  it('that speaks TLS itself carries a request, and an idle connection to it keeps no process alive', async () => {
    const proxy = await proxyOf({ identity: trusted.identity('localhost') });
    const server = await secure(trusted.identity('api.test'), hello, { keepAliveTimeout: 60_000 });
    const outfile = join(folder, 'client.mjs');
    await build({
      stdin: {
        contents: `import { httpFetch } from './src/host/web/http-fetch.ts';
          const ask = httpFetch({ env: process.env, root: '/', minTlsVersion: 'TLSv1.3' });
          console.log(await (await ask(process.argv[2])).text());`,
        resolveDir: process.cwd(),
      },
      outfile,
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'esm',
      logLevel: 'error',
    });
    const before = Date.now();
    const { stdout } = await promisify(execFile)(process.execPath, [outfile, named(server)], {
      env: { PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: caFile, HTTPS_PROXY: proxy.url },
    });
    expect(stdout).toBe('hello\n');
    expect(await text(fetcher({ env: { ALL_PROXY: proxy.url } })(named(server)))).toBe('hello');
    // An idle connection is kept for thirty seconds.
    expect(Date.now() - before).toBeLessThan(20_000);
    expect(proxy.passed).toHaveLength(2);
  });

  it('is told its user name and password, and nobody else is', async () => {
    const proxy = await proxyOf({ credentials: 'me:hunter2' });
    let headers: object = {};
    const server = await secure(trusted.identity('api.test'), (request, reply) => {
      ({ headers } = request);
      reply.end('hello');
    });
    expect(await text(fetcher({ env: { ALL_PROXY: `me:hunter2@${proxy.host}` } })(named(server)))).toBe('hello');
    expect(Object.keys(headers)).not.toContain('proxy-authorization');
  });

  it.each([
    ['me:hunter2@', 'refused the user name or password'],
    ['', 'wants a user name and password'],
  ])('that wants other credentials than "%s" is named, they are not', async (given, words) => {
    const proxy = await proxyOf({ credentials: 'me:other' });
    const ask = fetcher({ env: { HTTPS_PROXY: `http://${given}${proxy.host}` } });
    const error = await failure(ask('https://api.test/?key=hunter2', { headers: { authorization: 'hunter2' } }));
    expect(error.message).toBe('fetch failed');
    expect(error.cause?.code).toBe('ERR_PROXY_AUTH');
    expect(connectionProblem(error)).toEqual({
      says: `the proxy ${proxy.host} (HTTPS_PROXY) ${words} (407)`,
      lasting: true,
    });
    const { inspect } = await import('node:util');
    const basic = Buffer.from('me:hunter2').toString('base64');
    expect(inspect(error, { depth: 10 })).not.toMatch(new RegExp(`hunter2|${basic}`));
    await eventually(() => proxy.open.size === 0);
  });

  it('that is down is named, with the code of the connection', async () => {
    const proxy = await testProxy();
    await proxy.close();
    const env = { HTTPS_PROXY: `http://me:hunter2@${proxy.host}`, HTTP_PROXY: `http://me:hunter2@${proxy.host}` };
    const ask = fetcher({ env });
    for (const url of ['https://api.test/', 'http://api.test/']) {
      const error = await failure(ask(url));
      const variable = url.startsWith('https') ? 'HTTPS_PROXY' : 'HTTP_PROXY';
      expect(error.cause?.code).toBe('ECONNREFUSED');
      expect(connectionProblem(error)).toEqual({
        says: `the proxy ${proxy.host} (${variable}) cannot be used: ECONNREFUSED`,
        lasting: false,
      });
    }
  });

  it('that does not let us through is named', async () => {
    const proxy = await proxyOf({ refuse: 403 });
    const error = await failure(fetcher({ env: { HTTPS_PROXY: proxy.url } })('https://api.test/'));
    expect(connectionProblem(error)?.says).toBe(
      `the proxy ${proxy.host} (HTTPS_PROXY) answered 403 to the wish for api.test:443`,
    );
  });

  it('that says nothing is given up after the time for connecting', async () => {
    const proxy = await proxyOf({ silent: true });
    const ask = fetcher({ env: { HTTPS_PROXY: proxy.url }, connectTimeoutMs: 150 });
    expect(connectionProblem(await failure(ask('https://api.test/')))?.says).toBe(
      `no connection to api.test:443 through the proxy ${proxy.host} within 0.15 s (timeouts.connectSeconds)`,
    );
    await eventually(() => proxy.open.size === 0);
  });

  it('is left when the request is given up while the tunnel is built', async () => {
    const proxy = await proxyOf({ silent: true });
    const controller = new AbortController();
    const reason = new Error('stop');
    const asked = failure(
      fetcher({ env: { HTTPS_PROXY: proxy.url } })('https://api.test/', { signal: controller.signal }),
    );
    await eventually(() => proxy.passed.length === 1);
    controller.abort(reason);
    expect(await asked).toBe(reason);
    await eventually(() => proxy.open.size === 0);
  });

  it('carries a tunnel for each request under way, and keeps as many as connections are kept', async () => {
    const proxy = await proxyOf();
    const waiting: (() => void)[] = [];
    const server = await secure(trusted.identity('api.test'), (_, reply) => void waiting.push(() => reply.end('x')));
    const ask = fetcher({ env: { HTTPS_PROXY: proxy.url }, maxIdlePerHost: 3 });
    const answers = Array.from({ length: 5 }, () => text(ask(named(server))));
    await eventually(() => waiting.length === 5);
    waiting.forEach((answer) => answer());
    expect(await Promise.all(answers)).toHaveLength(5);
    await eventually(() => proxy.open.size === 3);
    expect(proxy.passed).toHaveLength(5);
  });

  it.each(['localhost', '127.0.0.1', 'LOCALHOST.'])('is not asked for %s', async (host) => {
    const proxy = await proxyOf();
    const server = await secure();
    await failure(fetcher({ env: { HTTPS_PROXY: proxy.url } })(named(server, host)));
    expect(proxy.passed).toEqual([]);
  });
});

describe('the variables of proxies', () => {
  const through = (env: Record<string, string>, url: string): string | undefined =>
    proxySettings(env).proxyFor(new URL(url))?.url.href;
  const all = { HTTPS_PROXY: 'http://s.test:1', HTTP_PROXY: 'http://p.test:2', ALL_PROXY: 'http://a.test:3' };

  it.each([
    [all, 'https://x.test', 'http://s.test:1/'],
    [all, 'http://x.test', 'http://p.test:2/'],
    [{ ...all, https_proxy: 'http://lower.test:4' }, 'https://x.test', 'http://lower.test:4/'],
    [{ all_proxy: 'https://a.test' }, 'https://x.test', 'https://a.test/'],
    [{ all_proxy: 'a.test:3128' }, 'http://x.test', 'http://a.test:3128/'],
    [{ HTTPS_PROXY: '', https_proxy: ' ' }, 'https://x.test', undefined],
    [{ HTTP_PROXY: 'p.test:2' }, 'https://x.test', undefined],
    [all, 'https://localhost', undefined],
    [all, 'https://sub.localhost:8080', undefined],
    [all, 'http://127.8.9.1', undefined],
    [all, 'http://[::1]:11434', undefined],
    [all, 'https://127.0.0.1.evil.test', 'http://s.test:1/'],
  ])('%j sends %s through %s', (env, url, proxy) => {
    expect(through(env as Record<string, string>, url)).toBe(proxy);
  });

  it.each([
    ['x.test', 'https://x.test', true],
    ['x.test', 'https://sub.x.test', true],
    ['x.test', 'https://xx.test', false],
    ['.x.test', 'https://sub.x.test', true],
    ['*.x.test', 'https://sub.x.test', true],
    ['X.Test.', 'https://x.test', true],
    ['other, x.test', 'https://x.test', true],
    ['other x.test', 'https://x.test', true],
    ['x.test:443', 'https://x.test', true],
    ['x.test:8443', 'https://x.test', false],
    ['x.test:8443', 'https://x.test:8443', true],
    ['*', 'https://anything', true],
    ['10.1.2.3', 'http://10.1.2.3:8000', true],
    ['2.3', 'http://10.1.2.3:8000', false],
    ['10.0.0.0/8', 'http://10.1.2.3', true],
    ['10.0.0.0/8', 'http://11.1.2.3', false],
    ['10.0.0.0/99', 'http://10.1.2.3', false],
    ['fd00::/8', 'http://[fd00::5]', true],
    ['fd00::5', 'http://[fd00::5]', true],
    [',', 'https://x.test', false],
  ])('NO_PROXY=%s for %s: %s', (except, url, isExcepted) => {
    expect(through({ ...all, NO_PROXY: except }, url) === undefined).toBe(isExcepted);
    expect(through({ ...all, no_proxy: except, NO_PROXY: 'nothing.test' }, url) === undefined).toBe(isExcepted);
  });

  it.each([
    ['HTTPS_PROXY', 'http://me:hunter2@', /HTTPS_PROXY: this is no URL/],
    ['https_proxy', 'socks5://me:hunter2@p.test:1080', /https_proxy: a proxy that speaks socks5 cannot be used/],
    ['ALL_PROXY', 'http://me:hunter2%@p.test', /ALL_PROXY: user name or password has a %/],
  ])('%s that is no proxy is said at once, without its value', (name, value, words) => {
    let said = '';
    try {
      fetcher({ env: { [name]: value } });
    } catch (error) {
      expect(error).toMatchObject({ exitCode: 3 });
      said = String(error);
    }
    expect(said).toMatch(words);
    expect(said).not.toContain('hunter2');
  });
});
