import { plainResponse } from './plain-response.ts';
import { isProviderError, ProviderError } from './provider.ts';

/** Waits for a server's answer, but not through a long silence. `close` it in the end. */
export interface StallWatch {
  /** For the request. Its reason is the caller's own, or a ProviderError `timeout`. */
  signal: AbortSignal;
  /**
   * The same response, its lines whole: readers that begin an unfinished one anew would take time with the square of its
   * length. All its bytes are signs of life, also the pings and comments an SDK keeps to itself. One that does not end fails
   * with a ProviderError `malformed`.
   */
  hear(response: Response): Response;
  /**
   * Hands the events on. A reader that takes its time is not a silent server.
   * @throws the reason of `signal`, or what `toError` makes of an answer that breaks off.
   */
  read<T>(events: AsyncIterable<T>, toError: (error: unknown) => ProviderError): AsyncGenerator<T, void>;
  /** All that is needed has come: the rest may fail, and has a moment to end so that the connection can be used again. */
  settle(): void;
  close(): void;
}

/** Chat Completions sends its counts after the finish reason, the others nothing after their last event. */
const endGraceMs = 500;

/**
 * The longest answer that is read. The longest outputs of today are 128,000 tokens, and an event of its own for each takes up
 * to 400 bytes (seen at OpenAI, 2026-11-27); 2,000 vectors in one line of JSON take half of it.
 */
const mostBytes = 128 * 1024 * 1024;

const lastBreak = (chunk: Uint8Array): number => Math.max(chunk.lastIndexOf(10), chunk.lastIndexOf(13));

const joined = (chunks: readonly Uint8Array[]): Uint8Array => {
  const [only] = chunks;
  if (only && chunks.length === 1) return only;
  const whole = new Uint8Array(chunks.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
};

/** Begins to wait. @param stallTimeoutMs the longest silence; a longer one aborts with a ProviderError `timeout`. */
export const stallWatch = (service: string, stallTimeoutMs: number, caller: AbortSignal): StallWatch => {
  const controller = new AbortController();
  const { signal } = controller;
  let settled = false;
  let timer: NodeJS.Timeout | undefined;
  const abort = (): void => controller.abort(caller.reason);
  const giveUp = (): void => {
    const silence = `${service} was silent for ${Math.round(stallTimeoutMs / 1000)} s`;
    controller.abort(new ProviderError('timeout', silence));
  };
  const rest = (): void => {
    clearTimeout(timer);
    timer = undefined;
  };
  const expect = (): void => {
    clearTimeout(timer);
    timer = setTimeout(giveUp, settled ? endGraceMs : stallTimeoutMs);
  };
  caller.addEventListener('abort', abort, { once: true });
  expect();
  return {
    signal,
    hear: (response) => {
      let bytes = 0;
      let open: Uint8Array[] = [];
      const heard = new TransformStream<Uint8Array, Uint8Array>({
        transform: (chunk, out) => {
          if (timer) expect();
          bytes += chunk.byteLength;
          if (bytes > mostBytes) {
            const size = `${mostBytes / 1024 / 1024} MiB`;
            out.error(new ProviderError('malformed', `${service} sent more than ${size} and did not end`));
            return;
          }
          const end = lastBreak(chunk) + 1;
          if (end > 0) {
            out.enqueue(joined([...open, chunk.subarray(0, end)]));
            open = [];
          }
          if (end < chunk.byteLength) open.push(chunk.subarray(end));
        },
        flush: (out) => {
          if (open.length > 0) out.enqueue(joined(open));
        },
      });
      return plainResponse(response.body?.pipeThrough(heard) ?? null, response);
    },
    async *read(events, toError) {
      try {
        for await (const event of events) {
          rest();
          yield event;
          signal.throwIfAborted();
          expect();
        }
        if (!settled) signal.throwIfAborted();
      } catch (error) {
        if (settled) return;
        signal.throwIfAborted();
        throw isProviderError(error) ? error : toError(error);
      }
    },
    settle: () => {
      settled = true;
    },
    close: () => {
      rest();
      caller.removeEventListener('abort', abort);
    },
  };
};
