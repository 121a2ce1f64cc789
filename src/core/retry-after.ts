import type { LimitState } from './provider.ts';

/** No server is waited for longer than a day, whatever it says. */
const longestMs = 24 * 3_600_000;

/** When an answer was made by the server's own clock, which may differ from ours; in milliseconds since the epoch. */
export const answeredAt = (headers: Headers): number => {
  const at = Date.parse(headers.get('date') ?? '');
  return Number.isNaN(at) ? Date.now() : at;
};

/** A time to wait as it may be believed: no less than nothing and no more than a day. In milliseconds. */
export const sensibleWaitMs = (ms: number): number => Math.min(longestMs, Math.max(0, Math.round(ms)));

const numberIn = (text: string | null): number | undefined =>
  text !== null && /^\s*\d+(?:\.\d+)?\s*$/.test(text) ? Number.parseFloat(text) : undefined;

/**
 * Milliseconds an answer asks to wait: `retry-after-ms`, else `retry-after` in seconds or as an HTTP date, which is taken
 * by the server's clock. Undefined when it does not say, or nothing that can be read.
 */
export const retryAfterMs = (headers: Headers | undefined): number | undefined => {
  if (!headers) return undefined;
  const exact = numberIn(headers.get('retry-after-ms'));
  if (exact !== undefined) return sensibleWaitMs(exact);
  const value = headers.get('retry-after');
  const seconds = numberIn(value);
  if (seconds !== undefined) return sensibleWaitMs(seconds * 1000);
  // Only what looks like an HTTP date: `Date.parse` finds one in nearly anything.
  const until = /^\s*[A-Za-z]{3,9},? /.test(value ?? '') ? Date.parse(value ?? '') : NaN;
  return Number.isNaN(until) ? undefined : sensibleWaitMs(until - answeredAt(headers));
};

/** Milliseconds until limits that are used up are whole again; undefined when none is. */
export const untilFreeMs = (limits: { requests?: LimitState; tokens?: LimitState } | undefined): number | undefined => {
  const spent = [limits?.requests, limits?.tokens].flatMap((state) => (state?.remaining === 0 ? [state.resetMs] : []));
  return spent.length === 0 ? undefined : Math.max(...spent);
};
