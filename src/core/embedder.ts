/** Turns texts into vectors, for memory. */
export interface Embedder {
  /** `provider/model`. */
  readonly name: string;
  /** Texts one call takes. */
  readonly maxBatch: number;
  /** One vector per text, in their order, all of one length. @throws ProviderError */
  embed(texts: readonly string[], signal: AbortSignal): Promise<{ vectors: number[][]; inputTokens?: number }>;
}
