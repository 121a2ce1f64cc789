import { lookup as lookupName } from 'node:dns/promises';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, request, STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, isIP, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { destinationOf, egressRules, type Destination } from './egress-rules.ts';

/** How to open a proxy for commands. */
export interface EgressOptions {
  /** A private folder for the socket; made when missing. Another is taken where the path would be too long. */
  folder: string;
  /** `example.org`, `*.example.org`, `10.0.0.5`, each with an optional `:port`. */
  allowed: readonly string[];
  /** At the same time; 64 when left out. */
  maxConnections?: number;
  /** Addresses of a name; the system's resolver when left out. */
  lookup?: (host: string) => Promise<readonly string[]>;
}

/** The only way out for commands without a network of their own. */
export interface EgressProxy {
  /** A unix socket that speaks HTTP: CONNECT, and plain requests with absolute URLs. */
  socketPath: string;
  /** Allows more hosts from now on. */
  allow(hosts: readonly string[]): void;
  /** Allows none from now on; connections that are open stay. */
  allowNone(): void;
  /** Destinations that were asked for and refused, `host:port`, each once, oldest first. */
  refused(): string[];
  close(): Promise<void>;
}

const connectMs = 10_000;
const headersMs = 10_000;
const idleMs = 300_000;
const keptRefusals = 100;
/** A unix socket's path holds 107 bytes; some systems allow 103. */
const maxSocketPath = 100;
/** Belong to one connection, not to the request. */
const hopHeaders = /^(?:proxy-.*|connection|keep-alive|te|trailer|transfer-encoding|upgrade)$/i;

const systemLookup = async (host: string): Promise<string[]> =>
  (await lookupName(host, { all: true })).map(({ address }) => address);

/** Why a connection is not made, with the status that says so. */
interface Refusal {
  status: 403 | 502 | 503 | 504;
  why: string;
}

/** Connects to the first address that answers, all within one time limit. */
const connectTo = async (addresses: readonly string[], port: number): Promise<Socket | Refusal> => {
  const until = Date.now() + connectMs;
  let last: Refusal = { status: 502, why: 'it has no address' };
  for (const address of addresses) {
    const left = until - Date.now();
    if (left <= 0) return { status: 504, why: 'it does not answer' };
    const outcome = await new Promise<Socket | Refusal>((resolve) => {
      const socket = connect({ host: address, port });
      const fail = (refusal: Refusal): void => {
        clearTimeout(timer);
        socket.destroy();
        resolve(refusal);
      };
      const timer = setTimeout(() => fail({ status: 504, why: 'it does not answer' }), left);
      socket.on('error', (error) => fail({ status: 502, why: error.message }));
      socket.once('connect', () => {
        clearTimeout(timer);
        resolve(socket);
      });
    });
    if ('write' in outcome) return outcome;
    last = outcome;
  }
  return last;
};

/** Both ends share one fate. */
const splice = (one: Socket, other: Socket): void => {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.setTimeout(idleMs, () => from.destroy());
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
    from.pipe(to);
  }
};

/**
 * Opens the proxy. Names are checked before they are looked up, addresses after; then exactly the checked address is
 * connected to. What is said inside a connection is not looked at.
 */
export const openEgressProxy = async (options: EgressOptions): Promise<EgressProxy> => {
  const rules = egressRules(options.allowed);
  const resolveName = options.lookup ?? systemLookup;
  const maxConnections = options.maxConnections ?? 64;
  const refusals = new Set<string>();
  const sockets = new Set<Socket>();
  let outgoing = 0;

  const reach = async (to: Destination): Promise<Socket | Refusal> => {
    const name = `${to.host.includes(':') ? `[${to.host}]` : to.host}:${to.port}`;
    const refuse = (why: string): Refusal => {
      if (refusals.size < keptRefusals) refusals.add(name);
      return { status: 403, why: `${name} ${why}` };
    };
    if (!rules.allows(to)) return refuse('is not among the allowed hosts');
    if (outgoing >= maxConnections) return { status: 503, why: `more than ${maxConnections} connections at a time` };
    outgoing += 1;
    const release = (): void => {
      outgoing -= 1;
    };
    try {
      const found = isIP(to.host) === 0 ? await resolveName(to.host) : [to.host];
      const usable = found.filter((address) => rules.allowsAddress(address, to.port));
      if (found.length > 0 && usable.length === 0) {
        release();
        return refuse('leads to a private address, which must be allowed itself');
      }
      const outcome = await connectTo(usable, to.port);
      if (!('write' in outcome)) {
        release();
        return { ...outcome, why: `${name} cannot be reached: ${outcome.why}` };
      }
      sockets.add(outcome);
      outcome.once('close', () => {
        sockets.delete(outcome);
        release();
      });
      return outcome;
    } catch (error) {
      release();
      return { status: 502, why: `${name} cannot be found: ${error instanceof Error ? error.message : ''}` };
    }
  };

  const tunnel = async (asked: IncomingMessage, client: Socket, head: Buffer): Promise<void> => {
    const answer = (status: number, why: string): void => {
      const body = `llm-copilot: ${why}\n`;
      const length = Buffer.byteLength(body);
      client.end(
        `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nContent-Type: text/plain\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n${body}`,
      );
    };
    const to = destinationOf(asked.url ?? '');
    if (!to) {
      answer(400, 'CONNECT needs host:port');
      return;
    }
    const outcome = await reach(to);
    if (!('write' in outcome)) {
      answer(outcome.status, outcome.why);
      return;
    }
    if (client.destroyed) {
      outcome.destroy();
      return;
    }
    client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    if (head.length > 0) outcome.write(head);
    splice(client, outcome);
  };

  const forward = async (asked: IncomingMessage, reply: ServerResponse): Promise<void> => {
    const answer = (status: number, why: string): void => {
      reply.writeHead(status, { 'content-type': 'text/plain', connection: 'close' }).end(`llm-copilot: ${why}\n`);
    };
    const url = URL.canParse(asked.url ?? '') ? new URL(asked.url ?? '') : undefined;
    const to = url?.protocol === 'http:' ? destinationOf(url.host, 80) : undefined;
    if (!url || !to) {
      answer(400, 'this is a proxy: requests need an absolute http:// URL');
      return;
    }
    const outcome = await reach(to);
    if (!('write' in outcome)) {
      answer(outcome.status, outcome.why);
      return;
    }
    // The host that was checked is the host that is asked for: another name in the header would get round the check.
    const headers: Record<string, string | string[]> = { host: url.host, connection: 'close' };
    for (const [name, value] of Object.entries(asked.headers)) {
      if (value !== undefined && name !== 'host' && !hopHeaders.test(name)) headers[name] = value;
    }
    const method = asked.method ?? 'GET';
    const onward = request({
      createConnection: () => outcome,
      method,
      path: `${url.pathname}${url.search}`,
      headers,
      timeout: idleMs,
    });
    onward.on('timeout', () => onward.destroy());
    onward.on('error', (error) => {
      outcome.destroy();
      if (reply.headersSent) reply.destroy();
      else answer(502, error.message);
    });
    onward.on('response', (got) => {
      reply.writeHead(
        got.statusCode ?? 502,
        Object.fromEntries(Object.entries(got.headers).filter(([name]) => !hopHeaders.test(name))),
      );
      got.pipe(reply);
      got.on('close', () => outcome.destroy());
    });
    reply.on('close', () => outcome.destroy());
    asked.pipe(onward);
  };

  let socketPath = join(options.folder, 'egress.sock');
  const elsewhere = Buffer.byteLength(socketPath) > maxSocketPath;
  if (elsewhere) socketPath = join(mkdtempSync(join(tmpdir(), 'llm-copilot-')), 'egress.sock');
  else mkdirSync(options.folder, { recursive: true, mode: 0o700 });
  const server = createServer({ headersTimeout: headersMs, keepAliveTimeout: 5_000 });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('clientError', (_, socket) => socket.destroy());
  server.on('connect', (asked, stream, head) => {
    stream.on('error', () => stream.destroy());
    void tunnel(asked, asked.socket, head);
  });
  server.on('request', (asked, reply) => void forward(asked, reply));
  // Waiting clients count too: those beyond twice the limit are not even read.
  server.maxConnections = maxConnections * 2;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, resolve);
  });
  chmodSync(socketPath, 0o600);
  server.unref();
  return {
    socketPath,
    allow: (hosts) => rules.add(hosts),
    allowNone: () => rules.clear(),
    refused: () => [...refusals],
    close: async () => {
      for (const socket of sockets) socket.destroy();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
      rmSync(elsewhere ? dirname(socketPath) : socketPath, { recursive: true, force: true });
    },
  };
};
