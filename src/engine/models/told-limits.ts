import type { Delta, LimitState } from '../../core/provider.ts';

type Kind = 'requests' | 'tokens';
/** What an answer says of a provider's limits. */
export type LimitsDelta = Extract<Delta, { type: 'limits' }>;

/** What a provider said is left. */
export interface ToldLimits {
  /** Takes down what an answer says. @param underWay calls that are sent but not answered yet, and their tokens */
  hear(said: LimitsDelta, underWay: Readonly<Record<Kind, number>>, now: number): void;
  /** A call with so many tokens is sent. */
  took(tokens: number): void;
  /** Milliseconds until a call with so many tokens fits, and which limit it is. */
  waitMs(tokens: number, now: number): { waitMs: number; kind: Kind };
}

/** Keeps what a provider said of its limits, until the time it named. */
export const toldLimits = (): ToldLimits => {
  const left = new Map<Kind, { remaining: number; resetsAt: number }>();
  const note = (kind: Kind, state: LimitState | undefined, underWay: number, now: number): void => {
    // Headers are not ours: a number that is none would hold every later call up.
    if (!state || !Number.isFinite(state.remaining) || !Number.isFinite(state.resetMs)) return;
    // The server may or may not have counted what is under way; it is asked less rather than too much.
    left.set(kind, { remaining: state.remaining - underWay, resetsAt: now + Math.max(0, state.resetMs) });
  };
  const needs: readonly (readonly [Kind, (tokens: number) => number])[] = [
    ['requests', () => 1],
    ['tokens', (tokens) => tokens],
  ];
  return {
    hear: (said, underWay, now) => {
      note('requests', said.requests, underWay.requests, now);
      note('tokens', said.tokens, underWay.tokens, now);
    },
    took: (tokens) => {
      for (const [kind, need] of needs) {
        const state = left.get(kind);
        if (state) state.remaining -= need(tokens);
      }
    },
    waitMs: (tokens, now) => {
      let longest = { waitMs: 0, kind: 'requests' as Kind };
      for (const [kind, need] of needs) {
        const state = left.get(kind);
        if (!state || state.remaining >= Math.max(1, need(tokens))) continue;
        const waitMs = state.resetsAt - now;
        if (waitMs > longest.waitMs) longest = { waitMs, kind };
      }
      return longest;
    },
  };
};
