import type { ClientRequest, IncomingMessage } from 'node:http';
import { messageOf, ProviderError } from 'llm-copilot-agent';

/** A request whose answer is read as it comes. */
export interface StreamCall {
  /** The service's name in error messages. */
  service: string;
  url: string;
  headers: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  body: unknown;
  /** Longest silence, before the answer and within it. */
  stallTimeoutMs: number;
}

/** An answer; `body` must be read, at least in part. */
export interface StreamAnswer {
  status: number;
  /** A header's value, by its lower-case name. */
  header: (name: string) => string | undefined;
  body: AsyncGenerator<Uint8Array, void>;
}

/** Time an answer gets to end after its last event, so that the connection can be used again. */
const endGraceMs = 250;

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : messageOf(error);

/**
 * Posts JSON and gives the answer when its headers are there, whatever its status.
 * It uses node:http, not `fetch`: the first fetch of a process costs about 50 ms and 15 MB more (Node 20), which is
 * more than everything else a start does.
 * @throws ProviderError `network`, `timeout`, `invalid_request`; while the body is read `timeout`, `truncated`.
 */
export const postStream = async (call: StreamCall, signal: AbortSignal): Promise<StreamAnswer> => {
  signal.throwIfAborted();
  const url = URL.canParse(call.url) ? new URL(call.url) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new ProviderError('invalid_request', `${call.service}: not an http(s) URL: ${call.url}`);
  }
  const { request } = await (url.protocol === 'http:' ? import('node:http') : import('node:https'));
  const payload = JSON.stringify(call.body);

  let failure: { error: unknown } | undefined;
  let open: ClientRequest | IncomingMessage | undefined;
  const fail = (error: unknown): void => {
    failure ??= { error };
    open?.destroy();
  };
  const abort = (): void => fail(signal.reason);
  let timer: NodeJS.Timeout | undefined;
  const expectBytes = (): void => {
    const silence = `${call.service} was silent for ${Math.round(call.stallTimeoutMs / 1000)} s`;
    timer = setTimeout(() => fail(new ProviderError('timeout', silence)), call.stallTimeoutMs);
  };
  const release = (): void => {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  };
  signal.addEventListener('abort', abort, { once: true });
  expectBytes();

  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const pending = request(url, {
      method: 'POST',
      headers: { ...call.headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) },
    });
    open = pending;
    pending.once('response', resolve);
    pending.on('error', (error) => {
      const unreachable = `Cannot reach ${call.service} at ${url.origin}: ${codeOf(error)}`;
      // An abort's reason is whatever the aborter gave; it is handed on as it is.
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
      reject(failure ? failure.error : new ProviderError('network', unreachable, { cause: error }));
    });
    pending.end(payload);
    if (signal.aborted) abort();
  }).catch((error: unknown) => {
    release();
    throw error;
  });
  open = response;
  // The reader sees a broken answer through the iterator; without a listener an unread one would end the process.
  response.on('error', () => undefined);

  async function* body(): AsyncGenerator<Uint8Array, void> {
    try {
      for await (const chunk of response.iterator({ destroyOnReturn: false })) {
        // A slow reader is not a silent server.
        clearTimeout(timer);
        yield chunk as Uint8Array;
        expectBytes();
      }
    } catch (error) {
      throw failure
        ? failure.error
        : new ProviderError('truncated', `${call.service} broke off its answer: ${codeOf(error)}`, { cause: error });
    } finally {
      release();
      if (!response.complete && !response.destroyed) {
        response.resume();
        const grace = setTimeout(() => response.destroy(), endGraceMs);
        response.once('close', () => clearTimeout(grace));
      }
    }
  }
  return {
    status: response.statusCode ?? 0,
    header: (name) => {
      const value = response.headers[name];
      return typeof value === 'string' ? value : undefined;
    },
    body: body(),
  };
};
