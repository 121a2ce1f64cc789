// A proxy for HTTP and, by CONNECT, for everything else. Every name leads to 127.0.0.1, whatever it is.
import { once } from 'node:events';
import { createServer as httpServer, request } from 'node:http';
import { createServer as httpsServer } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { Identity } from './tls.ts';

/** One thing a proxy was asked. */
export interface Passed {
  method: string;
  /** `host:port` of a tunnel, or a whole URL. */
  target: string;
  authorization: string | undefined;
}

/** A running proxy. */
export interface TestProxy {
  /** Without credentials. */
  url: string;
  /** `host:port`. */
  host: string;
  passed: Passed[];
  /** Connections to it that are open now. */
  open: ReadonlySet<Socket>;
  close(): Promise<void>;
}

/** How a proxy behaves. */
export interface ProxyBehaviour {
  /** `user:password` it wants. */
  credentials?: string;
  /** Answers every wish for a tunnel with this status. */
  refuse?: number;
  /** Takes wishes for tunnels and says nothing. */
  silent?: boolean;
  /** Speaks TLS itself. */
  identity?: Identity;
}

/** Starts one on loopback. */
export const testProxy = async (behaviour: ProxyBehaviour = {}): Promise<TestProxy> => {
  const { credentials, refuse, silent, identity } = behaviour;
  const passed: Passed[] = [];
  const open = new Set<Socket>();
  const isLetIn = (authorization: string | undefined): boolean =>
    credentials === undefined || authorization === `Basic ${Buffer.from(credentials).toString('base64')}`;
  const server = identity ? httpsServer({ ...identity }) : httpServer();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => undefined);
  });
  server.on('request', (asked, reply) => {
    const authorization = asked.headers['proxy-authorization'];
    passed.push({ method: asked.method ?? '', target: asked.url ?? '', authorization });
    if (!isLetIn(authorization)) {
      reply.writeHead(407, { 'proxy-authenticate': 'Basic realm="test"' }).end();
      return;
    }
    const { port, pathname, search, host } = new URL(asked.url ?? '');
    const headers = { ...asked.headers, host, via: '1.1 test' };
    delete headers['proxy-authorization'];
    const onward = request(
      { host: '127.0.0.1', port, path: pathname + search, method: asked.method, headers },
      (answer) => {
        reply.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(reply);
      },
    );
    onward.on('error', () => reply.writeHead(502).end());
    asked.pipe(onward);
  });
  server.on('connect', (asked, socket: Socket, head: Buffer) => {
    const authorization = asked.headers['proxy-authorization'];
    passed.push({ method: 'CONNECT', target: asked.url ?? '', authorization });
    socket.on('error', () => undefined);
    if (silent) {
      socket.resume().on('end', () => socket.end());
      return;
    }
    if (!isLetIn(authorization)) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic realm="test"\r\n\r\n');
      return;
    }
    if (refuse !== undefined) {
      socket.end(`HTTP/1.1 ${refuse} No\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    const onward = connect(Number((asked.url ?? '').split(':').at(-1)), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      if (head.length > 0) onward.write(head);
      onward.pipe(socket);
      socket.pipe(onward);
    });
    onward.on('error', () => socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'));
    onward.on('close', () => socket.destroy());
    socket.on('close', () => onward.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `${identity ? 'localhost' : '127.0.0.1'}:${(server.address() as AddressInfo).port}`;
  return {
    url: `${identity ? 'https' : 'http'}://${host}`,
    host,
    passed,
    open,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
};
