import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { anthropic } from './anthropic.ts';
import { chat } from './chat.ts';
import { embeddings } from './embeddings.ts';
import { gemini } from './gemini.ts';
import { responses } from './responses.ts';
import { fullAnswer, type Fault, type Protocol, type Turn } from './turn.ts';

export type { Answer, Fault, ScriptedCall, Turn } from './turn.ts';

/** A request as it came in. */
export interface WireRequest {
  method: string;
  path: string;
  headers: Record<string, string | string[] | undefined>;
  /** Parsed JSON. */
  body: unknown;
  /** The client's port: requests over one connection share it. */
  port: number | undefined;
  /** The client closed the connection before the answer had ended. */
  hungUp: boolean;
  /** `performance.now()` when its headers came in. */
  arrivedAt: number;
  /** `performance.now()` when the whole answer was handed to the socket; NaN until then. */
  answeredAt: number;
}

/** Turns in order, or a function that decides each; `index` counts from 0. */
export type Script = readonly Turn[] | ((request: WireRequest, index: number) => Turn | Promise<Turn>);

/** A model server on loopback. */
export interface WireServer {
  /** Without a path: Anthropic's base URL. OpenAI's is this and `/v1`. */
  url: string;
  /** Everything asked so far. */
  requests: WireRequest[];
  /** Cuts open connections. */
  close(): Promise<void>;
}

/** Who answers at which path; queries are not looked at. */
const protocols: readonly (readonly [path: RegExp, protocol: Protocol])[] = [
  [/\/messages$/, anthropic],
  [/\/responses$/, responses],
  [/\/chat\/completions$/, chat],
  [/\/embeddings$/, embeddings],
  [/:streamGenerateContent$/, gemini],
];

const readBody = async (request: IncomingMessage): Promise<unknown> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return text === '' ? undefined : (JSON.parse(text) as unknown);
};

const sendJson = (out: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void => {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  out.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
};

const flushed = (out: ServerResponse, text: string): Promise<void> =>
  new Promise((resolve) => out.write(text, () => setImmediate(resolve)));

const rawEvent = (event: Record<string, unknown> | string): string => {
  if (typeof event === 'string') return event.startsWith(':') ? `${event}\n\n` : `data: ${event}\n\n`;
  const name = typeof event.type === 'string' ? `event: ${event.type}\n` : '';
  return `${name}data: ${JSON.stringify(event)}\n\n`;
};

const sendFault = async (out: ServerResponse, protocol: Protocol, fault: Fault, index: number, model: string) => {
  if (fault.fault === 'status') {
    sendJson(out, fault.status, fault.body ?? protocol.errorBody(fault.status), fault.headers);
    return;
  }
  if (fault.fault === 'stall' && fault.from === 'start') return;
  out.writeHead(200, { 'content-type': 'text/event-stream' });
  if (fault.fault === 'raw') {
    for (const event of fault.events) {
      if (fault.everyMs !== undefined) await setTimeout(fault.everyMs);
      await flushed(out, rawEvent(event));
    }
    if (fault.cut) out.destroy();
    else if (!fault.keepOpen) out.end();
    return;
  }
  if (fault.fault === 'drip') {
    for (const event of protocol.answer(fullAnswer(fault.answer, index), index, model)) {
      await setTimeout(fault.everyMs);
      if (out.destroyed) return;
      await flushed(out, event);
    }
    out.end();
    return;
  }
  await flushed(out, protocol.opening(fault.text ?? 'partial', index, model).join(''));
  switch (fault.fault) {
    case 'truncate':
      out.destroy();
      return;
    case 'end-early':
      out.end();
      return;
    case 'malformed':
      out.end('event: content_block_delta\ndata: {"type":"content_block_delta",\n\n');
      return;
    case 'error-event':
      out.end(protocol.errorEvent(fault.type ?? 'overloaded_error', fault.message ?? 'scripted overload'));
      return;
    case 'stall':
      return;
  }
};

/**
 * Starts a server that speaks the protocols' wire format and answers from a script. A list that is used up answers 400;
 * with `validate` so does whatever the real API would refuse, before the script is asked.
 */
export const wireServer = async (script: Script, options: { validate?: boolean } = {}): Promise<WireServer> => {
  const requests: WireRequest[] = [];
  const turnFor = async (request: WireRequest, index: number): Promise<Turn> => {
    if (typeof script === 'function') return script(request, index);
    return script[index] ?? { fault: 'status', status: 400, body: `the script has no turn ${index}` };
  };
  const answer = async (incoming: IncomingMessage, out: ServerResponse): Promise<void> => {
    const arrivedAt = performance.now();
    const path = incoming.url ?? '';
    const body = await readBody(incoming);
    const { method = '', headers, socket } = incoming;
    const request: WireRequest = {
      method,
      path,
      headers,
      body,
      port: socket.remotePort,
      hungUp: false,
      arrivedAt,
      answeredAt: NaN,
    };
    out.once('close', () => (request.hungUp = !out.writableFinished));
    const index = requests.push(request) - 1;
    const [bare = ''] = path.split('?');
    const protocol = protocols.find(([known]) => known.test(bare))?.[1];
    if (!protocol || request.method !== 'POST') {
      sendJson(out, 404, { error: { message: `no such endpoint: ${request.method} ${path}` } });
      return;
    }
    const model = protocol.modelOf?.(path, body) ?? (body as { model: string }).model;
    const problem = options.validate ? protocol.problemWith?.(body) : undefined;
    if (problem !== undefined) {
      const failed = protocol.errorBody(400) as { error?: object };
      sendJson(out, 400, { ...failed, error: { ...failed.error, message: problem } });
      return;
    }
    const turn = await turnFor(request, index);
    if ('fault' in turn) {
      await sendFault(out, protocol, turn, index, model);
      return;
    }
    out.writeHead(200, { 'content-type': 'text/event-stream', ...turn.headers });
    for (const event of protocol.answer(fullAnswer(turn, index), index, model)) out.write(event);
    out.end();
    request.answeredAt = performance.now();
  };
  const server = createServer((incoming, out) => {
    answer(incoming, out).catch((error: unknown) => {
      // A script that throws is a broken test: say so where the caller sees it.
      if (!out.headersSent) sendJson(out, 400, { error: { message: `script failed: ${String(error)}` } });
      else out.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};
