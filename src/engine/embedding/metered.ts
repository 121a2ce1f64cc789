import type { BudgetWarning } from '../../core/budget.ts';
import type { ModelPrice } from '../../core/capabilities.ts';
import type { Embedder } from '../../core/embedder.ts';
import { isFree } from '../models/budget.ts';
import type { Purse } from '../models/purse.ts';

/** What a call is paid from, and at what price. */
export interface MeteredOptions {
  purse: Purse;
  /** Null: nobody knows; a limit in USD then refuses every call. */
  price: Pick<ModelPrice, 'inputPerMTok'> | null;
  onWarning?: (warning: BudgetWarning) => void;
}

const nothing = { nanos: 0, tokens: 0 };
/** What providers may add to each text. */
const frameTokens = 8;

/**
 * Reserves the most a call can cost before it is sent – a text has no more tokens than bytes – and settles at what the
 * provider counted; where it says nothing, at what was reserved.
 * @throws CopilotError exit 5 before sending; exit 3 when a limit in USD is set and the price is not known.
 */
export const metered = (embedder: Embedder, { purse, price, onWarning }: MeteredOptions): Embedder => ({
  name: embedder.name,
  maxBatch: embedder.maxBatch,
  embed: async (texts, signal) => {
    signal.throwIfAborted();
    if (texts.length === 0) return { vectors: [] };
    const tokens = texts.reduce((sum, text) => sum + Buffer.byteLength(text) + frameTokens, 0);
    const nanosPerToken = price ? price.inputPerMTok * 1000 : undefined;
    const reservation = purse.reserve({
      input: { nanos: nanosPerToken === undefined ? undefined : Math.ceil(tokens * nanosPerToken), tokens },
      nanosPerOutputToken: 0,
      wantedOutputTokens: 0,
      model: embedder.name,
    });
    const tell = (spent?: { nanos: number; tokens: number }): void => {
      for (const warning of reservation.settle(spent)) onWarning?.(warning);
    };
    try {
      const answer = await embedder.embed(texts, signal);
      const { inputTokens } = answer;
      // Local servers count nothing, and say 0.
      const counted = inputTokens !== undefined && Number.isSafeInteger(inputTokens) && inputTokens > 0;
      tell(counted ? { nanos: Math.ceil(inputTokens * (nanosPerToken ?? 0)), tokens: inputTokens } : undefined);
      return answer;
    } catch (error) {
      tell(isFree(error) ? nothing : undefined);
      throw error;
    }
  },
});
