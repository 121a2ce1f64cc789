import { ProviderError } from './provider.ts';

/** Waits for a server's answer, but not through a long silence. `close` it in the end. */
export interface StallWatch {
  /** For the request. Its reason is the caller's own, or a ProviderError `timeout`. */
  signal: AbortSignal;
  /** The same response. All its bytes are signs of life, also the pings and comments the SDK keeps to itself. */
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
      const heard = new TransformStream<Uint8Array, Uint8Array>({
        transform: (chunk, out) => {
          if (timer) expect();
          out.enqueue(chunk);
        },
      });
      return new Response(response.body?.pipeThrough(heard), response);
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
        throw toError(error);
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
