import type { Redact } from '../../base/redact/redactor.ts';
import type { Embedder } from '../../core/embedder.ts';

/** Takes secrets out of texts before anything else sees them. */
export const redacting = (embedder: Embedder, redact: Redact): Embedder => ({
  name: embedder.name,
  maxBatch: embedder.maxBatch,
  embed: (texts, signal) =>
    embedder.embed(
      texts.map((text) => redact(text)),
      signal,
    ),
});
