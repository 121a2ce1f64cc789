import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as netServer, type AddressInfo, type Server as NetServer } from 'node:net';
import { brotliCompressSync, createGzip, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isToolError, type WebPage } from '../../../src/core/tool.ts';
import { webGet, type WebOptions } from '../../../src/host/web/web-get.ts';
import { authority, tlsServer, type TlsServer } from '../../support/tls.ts';

let port = 0;
let server: Server;
let answer: RequestListener = (_, reply) => reply.end();
let asked: { url: string; headers: Record<string, unknown> }[] = [];
beforeAll(async () => {
  server = createServer((request, reply) => {
    asked.push({ url: request.url ?? '', headers: request.headers });
    answer(request, reply);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
  asked = [];
  answer = (_, reply) => reply.end();
});

const get = (
  url: string,
  more: Partial<WebOptions> = {},
  { maxBytes = 100_000, timeoutMs = 5000, signal = new AbortController().signal } = {},
): Promise<WebPage> =>
  webGet({ privateHosts: ['127.0.0.1', 'site.test', 'localhost'], minTlsVersion: 'TLSv1.3', ...more })(
    url,
    { maxBytes, timeoutMs },
    signal,
  );
const home = (path = '/'): string => `http://127.0.0.1:${port}${path}`;
const refusal = async (page: Promise<WebPage>): Promise<string> => {
  const error: unknown = await page.then(
    () => new Error('it was fetched'),
    (reason: unknown) => reason,
  );
  expect(isToolError(error), String(error)).toBe(true);
  return (error as Error).message;
};
const textOf = (page: WebPage): string => Buffer.from(page.body).toString();

describe('a page', () => {
  it('comes with its status, type and final address, and nothing of ours is sent along', async () => {
    answer = (_, reply) => reply.writeHead(404, { 'content-type': 'text/plain' }).end('gone');
    const page = await get(home('/a?b=1#part'));
    expect({ ...page, body: textOf(page) }).toEqual({
      url: home('/a?b=1'),
      status: 404,
      contentType: 'text/plain',
      body: 'gone',
      truncated: false,
    });
    expect(asked).toEqual([
      {
        url: '/a?b=1',
        headers: {
          'user-agent': 'llm-copilot',
          accept: expect.any(String) as string,
          'accept-encoding': 'gzip, deflate, br',
          host: `127.0.0.1:${port}`,
          connection: 'close',
        },
      },
    ]);
  });

  it.each([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
    ['br', brotliCompressSync],
    ['identity', (text: string) => Buffer.from(text)],
    ['gzip, br', (text: string) => brotliCompressSync(gzipSync(text))],
  ])('is decompressed when it comes as %s', async (encoding, compress) => {
    answer = (_, reply) => reply.setHeader('content-encoding', encoding).end(compress('words '.repeat(1000)));
    expect(textOf(await get(home()))).toBe('words '.repeat(1000));
  });

  it('may be empty although it is said to be compressed', async () => {
    answer = (_, reply) => reply.writeHead(404, { 'content-encoding': 'gzip' }).end();
    expect(await get(home())).toMatchObject({ status: 404, body: { length: 0 }, truncated: false });
  });

  it('is cut at the limit, not one byte before', async () => {
    answer = (_, reply) => reply.end('x'.repeat(5000));
    expect(await get(home(), {}, { maxBytes: 5000 })).toMatchObject({ truncated: false });
    const page = await get(home(), {}, { maxBytes: 4999 });
    expect(page.truncated).toBe(true);
    expect(page.body).toHaveLength(4999);
  });

  it('that would unpack to a gigabyte is unpacked no further than the limit', async () => {
    let sent = 0;
    answer = (_, reply) => {
      reply.setHeader('content-encoding', 'gzip');
      const gzip = createGzip();
      gzip.on('data', (chunk: Buffer) => (sent += chunk.length));
      gzip.pipe(reply);
      const block = Buffer.alloc(1 << 20);
      const fill = (left: number): void => {
        if (reply.destroyed) return;
        if (left === 0) gzip.end();
        else gzip.write(block, () => fill(left - 1));
      };
      fill(1024);
    };
    const before = process.memoryUsage().arrayBuffers;
    const page = await get(home(), {}, { maxBytes: 100_000 });
    expect(page).toMatchObject({ truncated: true });
    expect(page.body).toHaveLength(100_000);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 << 20);
    // All of it would be a megabyte.
    expect(sent).toBeLessThan(900_000);
  });

  it.each([
    ['gzip', 'no gzip', 'cannot be decompressed'],
    ['br', 'no brotli, but long enough to be looked at', 'cannot be decompressed'],
    ['zstd', 'x', '"zstd"'],
    ['gzip, gzip, gzip', 'x', '3 times'],
  ])('that claims to be %s but says "%s" is refused', async (encoding, body, words) => {
    answer = (_, reply) => reply.setHeader('content-encoding', encoding).end(body);
    expect(await refusal(get(home()))).toContain(words);
  });
});

describe('a redirect', () => {
  it('within the same server is followed', async () => {
    answer = ({ url }, reply) =>
      url === '/end' ? reply.end('here') : reply.writeHead(302, { location: url === '/' ? '/a' : '/end' }).end();
    const page = await get(home());
    expect([page.url, textOf(page), page.redirectedTo]).toEqual([home('/end'), 'here', undefined]);
  });

  it.each(['http://example.org/x', 'http://169.254.169.254/latest/', 'http://127.0.0.1:1025/'])(
    'to %s is told, not followed',
    async (location) => {
      answer = (_, reply) => reply.writeHead(301, { location }).end('moved');
      expect(await get(home())).toMatchObject({ status: 301, redirectedTo: location, url: home() });
      expect(asked).toHaveLength(1);
    },
  );

  it.each([
    ['file:///etc/passwd', 'Only http: and https:'],
    ['http://user:word@example.org/', 'user name or password'],
    ['http://', 'redirects to what is no URL'],
  ])('to %s is refused', async (location, words) => {
    answer = (_, reply) => reply.writeHead(301, { location }).end();
    const message = await refusal(get(home()));
    expect(message).toContain(words);
    // The server's words would stand there as if they were ours.
    expect(message).not.toContain('example.org');
  });

  it('is followed five times, not six', async () => {
    const upTo = (last: number): void => {
      answer = ({ url = '' }, reply) =>
        url === `/${last}`
          ? reply.end('end')
          : reply.writeHead(307, { location: `/${Number(url.slice(1)) + 1}` }).end();
    };
    upTo(5);
    expect(textOf(await get(home('/0')))).toBe('end');
    upTo(6);
    expect(await refusal(get(home('/0')))).toContain('more than 5 times');
  });

  it('without a place to go to is a page', async () => {
    answer = (_, reply) => reply.writeHead(302).end('nowhere');
    expect(textOf(await get(home()))).toBe('nowhere');
  });
});

describe('addresses', () => {
  it('of this machine are refused unless the configuration names them, and say how', async () => {
    const message = await refusal(get(home(), { privateHosts: [] }));
    expect(message).toContain('127.0.0.1 is an address of this machine');
    expect(message).toContain(`web.privateHosts: ["127.0.0.1:${port}"]`);
    expect(asked).toEqual([]);
    expect((await get(home(), { privateHosts: [`127.0.0.1:${port}`] })).status).toBe(200);
    expect(await refusal(get(home(), { privateHosts: [`127.0.0.1:${port + 1}`] }))).toContain('this machine');
  });

  it.each([
    'http://2130706433/',
    'http://0x7f.1/',
    'http://0177.0.0.1/',
    'http://127.1/',
    'http://[::ffff:127.0.0.1]/',
  ])('spelled %s are the same address', async (url) => {
    const written = url.replace(/\/$/, `:${port}/`);
    expect(await refusal(get(written, { privateHosts: [] }))).toContain('this machine');
    expect(asked).toEqual([]);
  });

  it('that a name leads to are checked, each of them', async () => {
    const at = (...addresses: string[]): Promise<string> =>
      refusal(get('http://pages.test/', { lookup: () => Promise.resolve(addresses) }));
    expect(await at('10.0.0.5')).toContain('pages.test leads to 10.0.0.5, an address of this machine or of a private');
    expect(await at('8.8.8.8', 'fd00::1')).toContain('leads to fd00::1,');
    expect(await at()).toBe('There is no host pages.test.');
  });

  it('of a named host may be private, and are connected to without a second look-up', async () => {
    let lookups = 0;
    const lookup = (): Promise<string[]> => Promise.resolve((lookups += 1) === 1 ? ['127.0.0.1'] : ['10.255.255.1']);
    answer = (_, reply) => reply.end('inside');
    expect(textOf(await get(`http://SITE.test:${port}/`, { lookup }))).toBe('inside');
    expect(lookups).toBe(1);
    expect(asked[0]?.headers.host).toBe(`site.test:${port}`);
  });

  it('are looked up again at a redirect: a name that changes is caught', async () => {
    let lookups = 0;
    const lookup = (): Promise<string[]> => Promise.resolve((lookups += 1) === 1 ? ['127.0.0.1'] : ['10.0.0.1']);
    answer = (_, reply) => reply.writeHead(302, { location: '/next' }).end();
    await expect(get(`http://site.test:${port}/`, { lookup }, { timeoutMs: 300 })).rejects.toThrow(/site\.test/);
    expect([lookups, asked.length]).toEqual([2, 1]);
  });
});

describe('a URL', () => {
  it.each([
    ['nonsense', 'Not a URL: nonsense'],
    ['ftp://example.org/', 'Only http: and https:'],
    ['data:text/plain,x', 'Only http: and https:'],
    ['http://me:word@127.0.0.1/', 'user name or password'],
    ['http://127.0.0.1:22/', 'Port 22'],
    ['http://127.0.0.1:6379/', 'Port 6379'],
    ['http://no-such-host.invalid/', 'There is no host no-such-host.invalid.'],
  ])('such as %s is refused', async (url, words) => {
    const message = await refusal(get(url));
    expect(message).toContain(words);
    expect(message).not.toContain('word@');
    expect(message).not.toContain('\n');
  });

  it('of more than eight kilobytes is refused', async () => {
    expect(await refusal(get(home(`/${'x'.repeat(8200)}`)))).toContain('longer than 8192');
    expect(await refusal(get(home(`/${'ä'.repeat(2000)}`)))).toContain('longer than 8192');
  });

  it.each([
    ['as it is', (secret: string) => secret],
    ['with percent signs', (secret: string) => Buffer.from(secret).toString('hex').replace(/../g, '%$&')],
    ['with percent signs twice', (secret: string) => encodeURIComponent(encodeURIComponent(secret))],
    ['behind an escape that is none', (secret: string) => `%zz${encodeURIComponent(secret)}`],
    ['in base64', (secret: string) => Buffer.from(secret).toString('base64url')],
    ['in hexadecimal', (secret: string) => Buffer.from(secret).toString('hex')],
  ])('that carries a secret %s is refused, and the secret is not repeated', async (_, written) => {
    const secret = 'tok/en+with=signs-12345';
    const knownSecrets = (text: string): boolean => text.includes(secret);
    const message = await refusal(get(home(`/?q=${written(secret)}`), { knownSecrets }));
    expect(message).toBe('The URL carries a secret, so nothing was sent.');
    expect(asked).toEqual([]);
  });
});

describe('failures', () => {
  const raw = async (said: string): Promise<string> => {
    const talking: NetServer = netServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(said));
    });
    talking.listen(0, '127.0.0.1');
    await once(talking, 'listening');
    opened.push(talking);
    return `127.0.0.1:${(talking.address() as AddressInfo).port}`;
  };

  it('say that nobody listens', async () => {
    const closed = netServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const host = `127.0.0.1:${(closed.address() as AddressInfo).port}`;
    await new Promise((resolve) => closed.close(resolve));
    expect(await refusal(get(`http://${host}/`))).toBe(`${host} refused the connection.`);
  });

  it.each([
    ['SSH-2.0-OpenSSH_9.2\r\n', 'did not answer in HTTP'],
    ['', 'broke off the connection'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf', 'broke off the connection'],
    ['HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n', 'another protocol'],
  ])('name an answer that is none: %j', async (said, words) => {
    expect(await refusal(get(`http://${await raw(said)}/`))).toContain(words);
  });

  it.each(['silence', 'drops'])('come in time when a server answers with %s', async (how) => {
    answer = (_, reply) => {
      if (how === 'silence') return;
      const timer = setInterval(() => reply.write('x'), 20);
      reply.on('close', () => clearInterval(timer));
    };
    const started = performance.now();
    expect(await refusal(get(home(), {}, { timeoutMs: 150 }))).toBe(`127.0.0.1:${port} took longer than 0.15 s.`);
    expect(performance.now() - started).toBeLessThan(1500);
  });

  it('come in time when a name is looked up for ever, and at once when nobody wants the page any more', async () => {
    const lookup = (): Promise<string[]> => new Promise(() => undefined);
    expect(await refusal(get('http://slow.test/', { lookup }, { timeoutMs: 50 }))).toContain('took longer');
    const reason = new Error('stop');
    const stop = new AbortController();
    const page = get('http://slow.test/', { lookup }, { signal: stop.signal });
    stop.abort(reason);
    await expect(page).rejects.toBe(reason);
  });
});

describe('TLS', () => {
  const trusted = authority();
  const stranger = authority();
  const good = trusted.identity('localhost');
  const start = async (...args: Parameters<typeof tlsServer>): Promise<TlsServer> => {
    const one = await tlsServer(...args);
    opened.push(one);
    return one;
  };
  const hello: RequestListener = (_, reply) => reply.end('safe');

  it('of a good server is fine, older TLS only where the configuration says so', async () => {
    const { url } = await start(good, hello);
    expect(textOf(await get(url, { ca: trusted.cert }))).toBe('safe');
    const old = await start(good, hello, { maxVersion: 'TLSv1.2' });
    expect(textOf(await get(old.url, { ca: trusted.cert, minTlsVersion: 'TLSv1.2' }))).toBe('safe');
    expect(await refusal(get(old.url, { ca: trusted.cert }))).toBe(
      `${new URL(old.url).host} is not safe to talk to: ` +
        'it speaks no TLS version that web.minTlsVersion allows (TLSv1.3 unless set; network.minTlsVersions excepts a host).',
    );
  });

  it.each([
    ['has expired', trusted.identity('localhost', { fromDays: -3, toDays: -1 }), 'its certificate has expired'],
    ['is of tomorrow', trusted.identity('localhost', { fromDays: 1, toDays: 2 }), 'its certificate is not valid yet'],
    ['is for another host', trusted.identity('other.test'), 'for another host (DNS:other.test)'],
    ['is from somebody else', stranger.identity('localhost'), 'comes from an issuer unknown here'],
    ['nobody signed', stranger, 'its certificate is self-signed'],
  ])('with a certificate that %s is refused', async (_, identity, words) => {
    const { url } = await start(identity, hello);
    expect(await refusal(get(url, { ca: trusted.cert }))).toContain(words);
  });

  it('is checked even where the environment switches that off', async () => {
    const { url } = await start(good, hello);
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    try {
      expect(await refusal(get(url))).toContain('comes from an issuer unknown here');
    } finally {
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    }
  });

  it('is not left again for a redirect to plain HTTP on the same server', async () => {
    const { url } = await start(good, (_, reply) =>
      reply.writeHead(302, { location: url.replace('https', 'http') }).end(),
    );
    expect(await refusal(get(url, { ca: trusted.cert }))).toContain('redirects to unencrypted HTTP');
  });

  it('that a server does not speak is told', async () => {
    expect(await refusal(get(home().replace('http', 'https')))).toContain('it does not speak TLS at that port');
  });
});
