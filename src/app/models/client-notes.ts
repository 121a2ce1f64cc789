import type { Loss } from '../../core/loss.ts';
import type { Delta, Reply } from '../../core/provider.ts';
import { firstChoice } from '../../engine/models/fallback.ts';
import type { ChatExtensions } from './chat-completions.ts';

/** What is noted while an answer comes. */
export interface Notes {
  /** Who was asked first. */
  first: string | undefined;
  attempts: number;
  /** The attempt that begins is counted already. */
  isCounted: boolean;
  usedFallback: boolean;
  losses: Loss[];
  assumedUsd: number | null;
  errors: Record<string, string>;
}

/** True when an attempt failed and another one begins; attempt 0 only waits for a limit. */
export const isRestart = (delta: Delta): delta is Extract<Delta, { type: 'retry' }> =>
  delta.type === 'retry' && delta.attempt > 0;

/** Takes one delta in. */
export const note = (notes: Notes, delta: Delta): void => {
  if (delta.type === 'selected') {
    if (!notes.isCounted) notes.attempts += 1;
    notes.isCounted = false;
    notes.first ??= delta.model;
    // The one to be asked first may rest: then the first one asked is a fallback too.
    notes.usedFallback = delta.model !== notes.first || (notes.attempts === 1 && !delta.why.startsWith(firstChoice));
  } else if (delta.type === 'assumed') {
    notes.assumedUsd = notes.assumedUsd === null || delta.costUsd === null ? null : notes.assumedUsd + delta.costUsd;
  } else if (delta.type === 'losses') notes.losses.push(...delta.losses);
  else if (isRestart(delta)) {
    notes.errors[delta.model] = delta.reason;
    notes.attempts += 1;
    notes.isCounted = true;
    notes.losses = [];
  }
};

/** What an answer says of itself beside OpenAI's fields. */
export const extensionsOf = (notes: Notes, reply: Reply, model: string): ChatExtensions => ({
  provider_used: reply.model ?? model,
  used_fallback: notes.usedFallback,
  attempts: Math.max(1, notes.attempts),
  losses: notes.losses,
  provider_errors: notes.errors,
  cost_usd: reply.costUsd ?? null,
  assumed_usd: notes.assumedUsd,
});

/** Nothing came yet. */
export const noNotes = (): Notes => ({
  first: undefined,
  attempts: 0,
  isCounted: false,
  usedFallback: false,
  losses: [],
  assumedUsd: 0,
  errors: {},
});
