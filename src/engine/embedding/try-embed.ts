import { isCopilotError } from '../../base/errors.ts';
import { unlessAborted } from '../../base/unless-aborted.ts';
import type { Embedder } from '../../core/embedder.ts';
import { ProviderError } from '../../core/provider.ts';
import { inSeconds } from '../models/sleep.ts';

/** Vectors, or why there are none, for the human. */
export type Tried = { vectors: number[][]; notice?: undefined } | { vectors?: undefined; notice: string };

/**
 * Embeds what somebody waits for. Where that fails or takes too long, whoever asked goes on without vectors and passes the
 * notice on; bugs and aborts are thrown.
 * @param timeoutMs for everything, retries included; 5 s when left out.
 */
export const tryEmbed = async (
  embedder: Embedder,
  texts: readonly string[],
  signal: AbortSignal,
  timeoutMs = 5000,
): Promise<Tried> => {
  signal.throwIfAborted();
  const controller = new AbortController();
  const timer = setTimeout(
    () => controller.abort(new ProviderError('timeout', `${embedder.name} took longer than ${inSeconds(timeoutMs)}`)),
    timeoutMs,
  );
  const either = AbortSignal.any([signal, controller.signal]);
  try {
    const { vectors } = await unlessAborted(embedder.embed(texts, either), either);
    return { vectors };
  } catch (error) {
    signal.throwIfAborted();
    if (!isCopilotError(error)) throw error;
    return { notice: `Searched by words only: ${error.message}${error.hint === undefined ? '' : ` ${error.hint}`}` };
  } finally {
    clearTimeout(timer);
  }
};
