import { getEventListeners, once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as netServer, type AddressInfo, type Server as NetServer, type Socket } from 'node:net';
import { brotliCompressSync, createGzip, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { httpFetch, type HttpOptions } from '../../../src/host/web/http-fetch.ts';

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

interface Server {
  url: string;
  /** Connections that were made, and those open now. */
  made: () => number;
  open: Set<Socket>;
}

const listen = async (server: NetServer): Promise<Server> => {
  const open = new Set<Socket>();
  let made = 0;
  server.on('connection', (socket: Socket) => {
    made += 1;
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  opened.push({
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, made: () => made, open };
};
/** A server that speaks no HTTP by itself. */
const raw = (talk: (socket: Socket) => void = () => undefined): Promise<Server> =>
  listen(
    netServer((socket) => {
      socket.resume();
      talk(socket);
    }),
  );
/** It keeps connections longer than we do. */
const serve = (answer: RequestListener): Promise<Server> => listen(createServer({ keepAliveTimeout: 60_000 }, answer));

const fetcher = (more: Partial<HttpOptions> = {}): typeof fetch =>
  httpFetch({ env: {}, root: '/', minTlsVersion: 'TLSv1.3', ...more });
const bodyOf = async (request: IncomingMessage): Promise<string> => {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
};
const eventually = async (holds: () => boolean): Promise<void> => {
  for (let tries = 0; tries < 400 && !holds(); tries += 1) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(holds()).toBe(true);
};
type Failure = Error & { cause?: Error & { code?: string } };
const failure = async (promise: Promise<unknown>): Promise<Failure> => {
  const error: unknown = await promise.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Error);
  return error as Failure;
};
const text = async (response: Promise<Response>): Promise<string> => (await response).text();

describe('a request', () => {
  it('arrives with method, headers and body, and gives a response', async () => {
    const seen: unknown[] = [];
    const { url } = await serve((request, reply) => {
      void bodyOf(request).then((body) => {
        seen.push([request.method, request.url, request.headers, body]);
        reply
          .writeHead(
            201,
            'Made',
            [
              ['x-one', '1'],
              ['set-cookie', 'a=1'],
              ['set-cookie', 'b=2'],
            ].flat(),
          )
          .end('ünïcode');
      });
    });
    const response = await fetcher()(`${url}/a/b?c=d#part`, {
      method: 'post',
      headers: { 'X-Key': 'k', accept: 'text/event-stream' },
      body: '{"ä":1}',
    });
    expect([response.status, response.statusText, response.ok, response.url, response.headers.get('x-one')]).toEqual([
      201,
      'Made',
      true,
      `${url}/a/b?c=d`,
      '1',
    ]);
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(await response.text()).toBe('ünïcode');
    expect(seen).toEqual([
      [
        'POST',
        '/a/b?c=d',
        {
          host: url.slice(7),
          'x-key': 'k',
          accept: 'text/event-stream',
          'content-type': 'text/plain;charset=UTF-8',
          'content-length': '8',
          'user-agent': 'llm-copilot',
          'accept-encoding': 'gzip, deflate, br',
          connection: 'keep-alive',
        },
        '{"ä":1}',
      ],
    ]);
  });

  it.each([
    ['bytes', new TextEncoder().encode('xbytesx').subarray(1, 6), 'bytes', undefined],
    ['a buffer', new TextEncoder().encode('buffer').buffer, 'buffer', undefined],
    ['parameters', new URLSearchParams({ a: 'b c' }), 'a=b+c', 'application/x-www-form-urlencoded;charset=UTF-8'],
  ])('takes %s as its body', async (_, body, sent, type) => {
    const { url } = await serve((request, reply) => {
      void bodyOf(request).then((got) => reply.end(`${got} ${String(request.headers['content-type'])}`));
    });
    expect(await text(fetcher()(url, { method: 'POST', body }))).toBe(`${sent} ${String(type)}`);
  });

  it('may be a Request', async () => {
    const { url } = await serve((request, reply) => {
      void bodyOf(request).then((got) =>
        reply.end(`${String(request.method)} ${String(request.headers['x-a'])} ${got}`),
      );
    });
    const request = new Request(url, { method: 'PUT', headers: { 'x-a': 'b' }, body: 'whole' });
    expect(await text(fetcher()(request))).toBe('PUT b whole');
  });

  it.each([
    ['a form', new FormData(), 'FormData'],
    ['a stream', new ReadableStream(), 'ReadableStream'],
  ])('refuses %s, and says what it takes', async (_, body, name) => {
    const error = await failure(fetcher()('http://127.0.0.1:9/', { method: 'POST', body }));
    expect(error.message).toBe(`fetch: a body of this kind (${name}) cannot be sent: give text or bytes.`);
  });

  it('is not sent on by a redirect', async () => {
    let asked = 0;
    const { url } = await serve((_, reply) => {
      asked += 1;
      reply.writeHead(307, { location: '/elsewhere' }).end('there');
    });
    const response = await fetcher()(url, { method: 'POST', body: 'x' });
    expect([response.status, response.headers.get('location'), await response.text(), asked]).toEqual([
      307,
      '/elsewhere',
      'there',
      1,
    ]);
  });

  it('may be answered by nothing', async () => {
    const { url, made } = await serve((request, reply) => reply.writeHead(request.method === 'HEAD' ? 200 : 204).end());
    const ask = fetcher();
    const response = await ask(url, { method: 'DELETE' });
    expect([response.status, response.body, await response.text()]).toEqual([204, null, '']);
    expect((await ask(url, { method: 'HEAD' })).body).toBeNull();
    expect(made()).toBe(1);
  });
});

describe('an answer', () => {
  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
    ['br', brotliCompressSync],
    ['identity', (words: string) => Buffer.from(words)],
  ])('is decoded when it comes as %s', async (encoding, compress) => {
    const { url } = await serve((_, reply) =>
      reply.setHeader('content-encoding', encoding).end(compress('wörds '.repeat(20_000))),
    );
    expect(await text(fetcher()(url))).toBe('wörds '.repeat(20_000));
  });

  it.each([
    ['gzip', 'no gzip at all'],
    ['zstd', 'x'],
  ])('that is no %s although it says so breaks off', async (encoding, body) => {
    const { url, open } = await serve((_, reply) => void reply.setHeader('content-encoding', encoding).write(body));
    const error = await failure(text(fetcher()(url)));
    expect([error.name, error.message, error.cause instanceof Error]).toEqual(['TypeError', 'terminated', true]);
    await eventually(() => open.size === 0);
  });

  it('is handed on event by event, also when it is compressed', async () => {
    const { url } = await serve((_, reply) => {
      reply.setHeader('content-encoding', 'gzip');
      const gzip = createGzip();
      gzip.pipe(reply);
      gzip.write('data: first\n\n');
      gzip.flush();
    });
    const reader = (await fetcher()(url)).body?.getReader();
    const { value } = ((await reader?.read()) ?? {}) as { value?: Uint8Array };
    expect(new TextDecoder().decode(value)).toBe('data: first\n\n');
    await reader?.cancel();
  });

  it('of 5 MB in small chunks, split inside letters, arrives whole', async () => {
    const sent = Buffer.from('añ€😀\n'.repeat(460_000));
    const { url } = await serve((_, reply) => {
      const send = (from: number): void => {
        if (from >= sent.length) return void reply.end();
        const more = reply.write(sent.subarray(from, from + 97));
        if (more) send(from + 97);
        else reply.once('drain', () => send(from + 97));
      };
      setImmediate(send, 0);
    });
    const received = Buffer.from(await (await fetcher()(url)).arrayBuffer());
    expect([received.length, received.equals(sent)]).toEqual([sent.length, true]);
    expect(sent.length).toBeGreaterThan(5_000_000);
  });

  it('comes no faster than it is read', async () => {
    let sent = 0;
    const most = 1 << 28;
    const { url } = await serve((_, reply) => {
      const block = Buffer.alloc(1 << 16);
      const send = (): void => {
        do sent += block.length;
        while (reply.write(block) && sent < most);
        if (sent < most) reply.once('drain', send);
      };
      send();
    });
    const response = await fetcher()(url);
    const reader = response.body?.getReader();
    await reader?.read();
    for (let before = -1; before !== sent && sent < most;) {
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    // What the kernel's buffers hold, and a little of ours.
    expect(sent).toBeLessThan(24 << 20);
    await reader?.cancel();
  });

  it('that nobody reads holds no connection, if it is small', async () => {
    const { url, made } = await serve((_, reply) => reply.writeHead(429).end('slow down'));
    const ask = fetcher();
    expect((await ask(url)).status).toBe(429);
    expect((await ask(url)).status).toBe(429);
    expect(made()).toBe(1);
  });

  it('that says what is wrong ends after a megabyte', async () => {
    const { url, open } = await serve((_request, reply) => {
      reply.writeHead(500);
      const send = (): void => {
        while (!reply.destroyed) if (!reply.write(Buffer.alloc(65_536, 'x'))) return void reply.once('drain', send);
      };
      send();
    });
    expect(await text(fetcher()(url))).toHaveLength(1_048_576);
    await eventually(() => open.size === 0);
  });

  it('that breaks off fails its reader with the code of the connection', async () => {
    const { url } = await serve((_, reply) => {
      reply.write('half');
      setTimeout(() => reply.destroy(), 20);
    });
    const response = await fetcher()(url);
    const error = await failure(response.text());
    expect([error.name, error.message, error.cause?.code]).toEqual(['TypeError', 'terminated', 'ECONNRESET']);
  });

  it('that turns into nonsense fails its reader too', async () => {
    const { url } = await raw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n');
      setTimeout(() => socket.write('nonsense\r\n'), 20);
    });
    const response = await fetcher()(url);
    const error = await failure(response.text());
    expect([error.message, error.cause?.code]).toEqual(['terminated', 'HPE_INVALID_CHUNK_SIZE']);
  });
});

describe('connections', () => {
  it('are used again, one after the other', async () => {
    const { url, made } = await serve((_, reply) => reply.end('x'.repeat(200_000)));
    const ask = fetcher();
    for (let round = 0; round < 5; round += 1) expect(await text(ask(url))).toHaveLength(200_000);
    expect(made()).toBe(1);
  });

  it('are as many as requests are under way; ten to a host are kept', async () => {
    const waiting: ServerResponse[] = [];
    const { url, made, open } = await serve((_, reply) => void waiting.push(reply));
    const ask = fetcher();
    const answers = Array.from({ length: 25 }, () => text(ask(url)));
    await eventually(() => waiting.length === 25);
    for (const reply of waiting) reply.end('done');
    expect(await Promise.all(answers)).toEqual(Array.from({ length: 25 }, () => 'done'));
    await eventually(() => open.size === 10);
    const next = text(ask(url));
    await eventually(() => waiting.length === 26);
    waiting[25]?.end('again');
    expect([await next, made()]).toEqual(['again', 25]);
  });

  it('that are idle make room for other hosts', async () => {
    const servers = await Promise.all(Array.from({ length: 4 }, () => serve((_, reply) => reply.end('x'))));
    const ask = fetcher({ maxIdle: 2 });
    for (const { url } of servers) expect(await text(ask(url))).toBe('x');
    await eventually(() => servers.reduce((sum, { open }) => sum + open.size, 0) <= 2);
  });

  it('that turn out to be closed fail the request, which may have been paid for, and are not used again', async () => {
    let requests = 0;
    const { url, made } = await serve((request, reply) => {
      requests += 1;
      // As a server that closed the connection a moment before the second request came.
      if (requests === 2) request.socket.resetAndDestroy();
      else reply.end('ok');
    });
    const ask = fetcher();
    expect(await text(ask(url, { method: 'POST', body: 'one' }))).toBe('ok');
    expect((await failure(ask(url, { method: 'POST', body: 'two' }))).cause?.code).toBe('ECONNRESET');
    expect(await text(ask(url, { method: 'POST', body: 'three' }))).toBe('ok');
    expect([requests, made()]).toEqual([3, 2]);
  });

  it('that are new and fail at once send nothing again', async () => {
    let requests = 0;
    const { url } = await serve((request) => {
      requests += 1;
      request.socket.resetAndDestroy();
    });
    expect((await failure(fetcher()(url))).cause?.code).toBe('ECONNRESET');
    expect(requests).toBe(1);
  });

  it('are dropped where the server ends them, without failing the next request', async () => {
    const { url, made } = await serve((_, reply) => reply.setHeader('connection', 'close').end('x'));
    const ask = fetcher();
    expect([await text(ask(url)), await text(ask(url)), made()]).toEqual(['x', 'x', 2]);
  });
});

describe('an abort', () => {
  const reason = new Error('stopped by the user');

  it('before the request sends nothing', async () => {
    const { url, made } = await serve((_, reply) => reply.end());
    expect(await failure(fetcher()(url, { signal: AbortSignal.abort(reason) }))).toBe(reason);
    expect(made()).toBe(0);
  });

  it.each([0, 1, 5])('some %i turns after the request leaves no connection', async (turns) => {
    const { url, open } = await serve(() => undefined);
    const controller = new AbortController();
    const answer = failure(fetcher()(url, { signal: controller.signal }));
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
    controller.abort(reason);
    expect(await answer).toBe(reason);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await eventually(() => open.size === 0);
  });

  it('during the TLS handshake closes the connection', async () => {
    const { url, open } = await raw();
    const controller = new AbortController();
    const answer = failure(fetcher()(url.replace('http', 'https'), { signal: controller.signal }));
    await eventually(() => open.size === 1);
    controller.abort(reason);
    expect(await answer).toBe(reason);
    await eventually(() => open.size === 0);
  });

  it('while it waits for an answer closes the connection', async () => {
    let asked = 0;
    const { url, open } = await serve((_, reply) => {
      asked += 1;
      if (asked > 1) reply.end('x');
    });
    const ask = fetcher();
    const controller = new AbortController();
    const answer = failure(ask(url, { signal: controller.signal }));
    await eventually(() => asked === 1);
    controller.abort(reason);
    expect(await answer).toBe(reason);
    await eventually(() => open.size === 0);
    expect(await text(ask(url))).toBe('x');
  });

  it.each(['identity', 'gzip'])('while an answer streams (%s) fails its reader with the reason', async (encoding) => {
    const { url, open } = await serve((_, reply) => {
      const gzip = createGzip();
      if (encoding === 'gzip') gzip.pipe(reply.setHeader('content-encoding', 'gzip'));
      const out = encoding === 'gzip' ? gzip : reply;
      out.write('one');
      gzip.flush();
    });
    const controller = new AbortController();
    const response = await fetcher()(url, { signal: controller.signal });
    const reader = response.body?.getReader();
    await reader?.read();
    const next = failure(reader?.read() ?? Promise.resolve());
    controller.abort(reason);
    expect(await next).toBe(reason);
    await eventually(() => open.size === 0);
  });

  it('after the answer was read changes nothing, and the connection is kept', async () => {
    const { url, made } = await serve((_, reply) => reply.end('x'));
    const ask = fetcher();
    const controller = new AbortController();
    expect(await text(ask(url, { signal: controller.signal }))).toBe('x');
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    controller.abort(reason);
    expect([await text(ask(url)), made()]).toEqual(['x', 1]);
  });

  it('by a reader who wants no more closes the connection', async () => {
    const { url, open } = await serve((_, reply) => void reply.write('x'));
    const response = await fetcher()(url);
    await response.body?.cancel();
    await eventually(() => open.size === 0);
  });
});

describe('a failure', () => {
  it('of the connection has the shape of Node’s own', async () => {
    const { url } = await serve((_, reply) => reply.end());
    await opened.pop()?.close();
    const error = await failure(fetcher()(url));
    expect([error.name, error.message, error.cause?.code]).toEqual(['TypeError', 'fetch failed', 'ECONNREFUSED']);
  });

  it('of a name too', async () => {
    const error = await failure(fetcher()('http://does-not-exist.invalid/'));
    expect(error.cause?.code).toMatch(/^(?:ENOTFOUND|EAI_AGAIN)$/);
  });

  it.each([
    ['breaks off', (socket: Socket) => void socket.once('data', () => socket.destroy()), 'ECONNRESET'],
    ['answers in another protocol', (socket: Socket) => void socket.end('SSH-2.0-OpenSSH_9\r\n\r\n'), /^HPE_/],
    [
      'gives headers of no HTTP',
      (socket: Socket) => void socket.end('HTTP/1.1 999 X\r\ncontent-length: 0\r\n\r\n'),
      undefined,
    ],
  ])('of a server that %s comes before any answer', async (_, talk, code) => {
    const { url, open } = await raw(talk);
    const error = await failure(fetcher()(url));
    expect(error.message).toBe('fetch failed');
    if (code === undefined) expect(error.cause).toBeInstanceOf(RangeError);
    else expect(error.cause?.code).toMatch(code);
    await eventually(() => open.size === 0);
  });

  it('to connect in time says where and how long', async () => {
    const { url, open } = await raw();
    const secure = url.replace('http', 'https');
    const error = await failure(fetcher({ connectTimeoutMs: 150 })(`${secure}/?key=secret`));
    expect(error.cause?.code).toBe('UND_ERR_CONNECT_TIMEOUT');
    expect(error.cause?.message).toBe(`no connection to ${url.slice(7)} within 0.15 s (timeouts.connectSeconds)`);
    await eventually(() => open.size === 0);
  });

  it('to connect in time is none once there is a connection', async () => {
    const { url } = await serve((_, reply) => void setTimeout(() => reply.end('late'), 400));
    const ask = fetcher({ connectTimeoutMs: 200 });
    expect([await text(ask(url)), await text(ask(url))]).toEqual(['late', 'late']);
  });

  it.each([
    ['http://user:hunter2@127.0.0.1:9/?key=hunter2', /127\.0\.0\.1:9 carries a user name or password/],
    ['no url hunter2', /this is no URL/],
    ['file:///hunter2', /only http: and https:/],
  ])('for %s repeats no secret', async (url, words) => {
    const error = await failure(fetcher()(url));
    expect(error.message).toMatch(words);
    expect(JSON.stringify([error.message, String(error.cause), error.stack, Object.entries(error)])).not.toContain(
      'hunter2',
    );
  });

  it('in a header repeats no secret', async () => {
    const error = await failure(
      fetcher()('http://127.0.0.1:9/', { headers: { authorization: 'Bearer hunter2\u0100' } }),
    );
    expect(`${error.message} ${String(error.cause)}`).not.toContain('hunter2');
  });
});
