import { sensibleWaitMs, type Delta, type LimitState } from 'llm-copilot-agent';

/** What an answer's headers say of the limits. */
export type Limits = Extract<Delta, { type: 'limits' }>;

const unitsMs: Readonly<Partial<Record<string, number>>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Where nothing says when a limit is whole again: these servers count by the minute, Azure counts requests by ten seconds. */
const windowMs = (name: string): number => (name === 'requests' ? 10_000 : 60_000);

/** Milliseconds in `120ms`, `7.66s`, `6m0s` or plain seconds; undefined when it is none of these. */
const durationMs = (text: string): number | undefined => {
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number.parseFloat(text) * 1000;
  if (!/^(?:\d+(?:\.\d+)?(?:ms|[dhms])){1,5}$/.test(text)) return undefined;
  let sum = 0;
  for (const [, amount = '', unit = ''] of text.matchAll(/([\d.]+)(ms|[dhms])/g))
    sum += Number.parseFloat(amount) * (unitsMs[unit] ?? 0);
  return sum;
};

const countIn = (text: string | null): number | undefined =>
  text !== null && /^\s*\d{1,15}\s*$/.test(text) ? Number.parseInt(text, 10) : undefined;

/** OpenAI's and Groq's names, then Mistral's (seen in its answers, 2026); Azure leaves `reset` out. */
const stateOf = (headers: Headers, names: readonly string[]): LimitState | undefined => {
  for (const name of names) {
    const remaining = countIn(headers.get(`x-ratelimit-remaining-${name}`));
    if (remaining === undefined) continue;
    const reset = headers.get(`x-ratelimit-reset-${name}`);
    const resetMs = reset === null ? windowMs(name) : durationMs(reset.trim());
    if (resetMs === undefined) continue;
    const limit = countIn(headers.get(`x-ratelimit-limit-${name}`));
    return { remaining, resetMs: sensibleWaitMs(resetMs), ...(limit !== undefined && { limit }) };
  }
  return undefined;
};

/**
 * What an answer's headers say of the limits; undefined when they say nothing. Names and forms of
 * https://developers.openai.com/api/docs/guides/rate-limits and https://console.groq.com/docs/rate-limits, read 2026-11-27.
 */
export const limitsOf = (headers: Headers | undefined): Limits | undefined => {
  const requests = headers && stateOf(headers, ['requests', 'req-minute']);
  const tokens = headers && stateOf(headers, ['tokens', 'tokens-minute']);
  if (!requests && !tokens) return undefined;
  return { type: 'limits', ...(requests && { requests }), ...(tokens && { tokens }) };
};
