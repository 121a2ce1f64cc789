import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { plainResponse } from '../../core/plain-response.ts';
import { plainHeaders } from './plain-headers.ts';
import { decompressed } from './web-body.ts';

const bodiless = new Set([204, 205, 304]);

/** How much of a body is read ahead of its reader: small ones nobody reads do not hold their connection. */
const readAheadBytes = 65_536;

/** Of an answer that says what went wrong: enough for any words. */
const mostErrorBytes = 1_048_576;

/** An answer, and how to break its body off. */
export interface OpenResponse {
  response: Response;
  /** The body fails with this, unless it is complete. */
  fail: (error: unknown) => void;
}

const isEncoded = ({ headers }: IncomingMessage): boolean =>
  !/^\s*(?:identity)?\s*$/i.test(headers['content-encoding'] ?? '');

const decodedOf = (incoming: IncomingMessage): Readable =>
  Readable.from(
    (async function* () {
      yield* await decompressed(incoming);
    })(),
    { objectMode: false },
  );

/** Who opens an answer. */
export interface Opener {
  /** Makes of a failure of the connection what the reader gets. */
  toError: (error: unknown) => unknown;
  /** Called once the body is complete, broken off or no longer wanted. */
  over: () => void;
}

/** The body as it comes, no faster than it is read. */
const bodyOf = (incoming: IncomingMessage, { toError, over }: Opener) => {
  let left = (incoming.statusCode ?? 0) < 300 ? Infinity : mostErrorBytes;
  const source: Readable = isEncoded(incoming) ? decodedOf(incoming) : incoming;
  let isOver = false;
  const finish = (): boolean => {
    const isFirst = !isOver;
    isOver = true;
    if (isFirst) over();
    return isFirst;
  };
  let fail = (_error: unknown): void => undefined;
  let pump = (): void => undefined;
  const stream = new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        fail = (error) => {
          if (!finish()) return;
          controller.error(error);
          source.destroy();
          incoming.destroy();
        };
        // Its reader reads to the end, and there may be none.
        const cut = (): void => {
          finish();
          controller.close();
          source.destroy();
          incoming.destroy();
        };
        // Not by 'data': servers send each event as a chunk of its own, and whatever came together is handed on together.
        pump = () => {
          while (!isOver && (controller.desiredSize ?? 0) > 0) {
            const chunk = source.read() as Buffer | null;
            if (chunk === null) return;
            controller.enqueue(chunk.byteLength > left ? chunk.subarray(0, left) : chunk);
            left -= chunk.byteLength;
            if (left <= 0) cut();
          }
        };
        source.on('readable', pump);
        source.once('end', () => {
          if (finish()) controller.close();
        });
        const broken = (error: unknown): void => fail(toError(error));
        source.once('error', broken);
        if (source !== incoming) incoming.once('error', broken);
      },
      pull: () => pump(),
      cancel: () => {
        finish();
        source.destroy();
        incoming.destroy();
      },
    },
    { highWaterMark: readAheadBytes, size: (chunk) => chunk.byteLength },
  );
  return { stream, fail: (error: unknown) => fail(error) };
};

/** Makes an answer of what has come so far, its head. @throws TypeError for headers no `Response` takes, RangeError for a status of no HTTP. */
export const openResponse = (incoming: IncomingMessage, url: URL, method: string, opener: Opener): OpenResponse => {
  const { statusCode: status = 0, statusMessage = '', rawHeaders } = incoming;
  const headers: [string, string][] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) headers.push([rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '']);
  if (status < 200 || status > 599) throw new RangeError(`status ${status} is none of HTTP`);
  // What a reason may be made of, RFC 9112; it says nothing anyway.
  const statusText = /^[\t\x20-\x7e\x80-\xff]*$/.test(statusMessage) ? statusMessage : '';
  const isEmpty = bodiless.has(status) || method === 'HEAD';
  const body = isEmpty ? undefined : bodyOf(incoming, opener);
  const response = plainResponse(body?.stream ?? null, {
    status,
    statusText,
    headers: plainHeaders(headers),
    url: url.href,
  });
  if (!body) {
    opener.over();
    incoming.on('error', () => undefined).resume();
  }
  return { response, fail: (error) => body?.fail(error) };
};
