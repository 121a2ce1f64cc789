import type { Embedder } from '../../core/embedder.ts';
import { isProviderError, type ProviderErrorKind } from '../../core/provider.ts';

/** A text that waits for its vector. */
export interface PendingText {
  id: number;
  text: string;
}

/** Where texts come from and vectors go. */
export interface FillOptions {
  /** The next texts without a vector, always the same ones until they have it. */
  pending: (limit: number) => PendingText[];
  /** Keeps vectors, all or none of them. */
  put: (rows: { id: number; vector: number[] }[]) => void;
  embedder: Embedder;
  /** Calls under way at a time; 1 when left out. */
  parallel?: number;
  /** Texts with a vector since it began, and those that were left out. */
  onProgress?: (done: number) => void;
}

/** What was done. */
export interface Filled {
  filled: number;
  /** Texts the embedder does not take, even alone. */
  leftOut: { id: number; why: string }[];
}

/** Failures that may be one text's fault. */
const ofText: ReadonlySet<ProviderErrorKind> = new Set(['invalid_request', 'context_too_long', 'malformed']);
/** When so many texts fail alone and none works, it is not theirs. */
const mostFaults = 5;
/** A text that is too long is tried with half of it, and half of that, but not with less than this. */
const leastChars = 400;

const halfOf = <T>(list: readonly T[]): [T[], T[]] => {
  const middle = list.length >> 1;
  return [list.slice(0, middle), list.slice(middle)];
};

/**
 * Gives every pending text its vector, batch by batch. What is kept stays when it is stopped: the next time goes on from
 * there. A batch that fails is halved until the text at fault is found; that one is left out.
 * @throws signal.reason when aborted, between batches; ProviderError or CopilotError when the embedder cannot be used at all.
 */
export const fillSpace = async (options: FillOptions, signal: AbortSignal): Promise<Filled> => {
  const { pending, put, embedder, parallel = 1, onProgress } = options;
  const leftOut = new Map<number, string>();
  let filled = 0;
  let faults = 0;

  const fill = async (rows: readonly PendingText[]): Promise<void> => {
    signal.throwIfAborted();
    try {
      const { vectors } = await embedder.embed(
        rows.map(({ text }) => text),
        signal,
      );
      put(
        rows.map(({ id }, at) => {
          const vector = vectors[at];
          if (!vector) throw new Error(`${embedder.name} gave ${vectors.length} vectors for ${rows.length} texts`);
          return { id, vector };
        }),
      );
      filled += rows.length;
      faults = 0;
      onProgress?.(filled + leftOut.size);
    } catch (error) {
      signal.throwIfAborted();
      if (!isProviderError(error) || !ofText.has(error.kind)) throw error;
      const [row] = rows;
      if (!row) return;
      if (rows.length > 1) {
        for (const half of halfOf(rows)) await fill(half);
        return;
      }
      const half = row.text.length >> 1;
      if (error.kind === 'context_too_long' && half >= leastChars) {
        await fill([{ id: row.id, text: row.text.slice(0, half) }]);
        return;
      }
      if (++faults >= mostFaults) throw error;
      leftOut.set(row.id, error.message);
      onProgress?.(filled + leftOut.size);
    }
  };

  for (;;) {
    signal.throwIfAborted();
    const wanted = embedder.maxBatch * parallel;
    const rows = pending(wanted + leftOut.size)
      .filter(({ id }) => !leftOut.has(id))
      .slice(0, wanted);
    if (rows.length === 0) break;
    const batches: PendingText[][] = [];
    for (let at = 0; at < rows.length; at += embedder.maxBatch) batches.push(rows.slice(at, at + embedder.maxBatch));
    // All end before one's failure is told: what the others got is kept.
    const ends = await Promise.allSettled(batches.map(fill));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
    // An embedder on this machine never lets anybody else in by itself.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { filled, leftOut: Array.from(leftOut, ([id, why]) => ({ id, why })) };
};
