import { answeredAt, sensibleWaitMs, type Delta, type LimitState } from 'llm-copilot-agent';

/** What an answer's headers say of the limits. */
export type Limits = Extract<Delta, { type: 'limits' }>;

const countIn = (text: string | null): number | undefined =>
  text !== null && /^\s*\d{1,15}\s*$/.test(text) ? Number.parseInt(text, 10) : undefined;

/** Times are RFC 3339, by the server's clock. */
const timeIn = (text: string | null): number =>
  /^\d{4}-\d\d-\d\d[Tt]/.test(text ?? '') ? Date.parse(text ?? '') : NaN;

const stateOf = (headers: Headers, name: string): LimitState[] => {
  const remaining = countIn(headers.get(`anthropic-ratelimit-${name}-remaining`));
  const resetAt = timeIn(headers.get(`anthropic-ratelimit-${name}-reset`));
  if (remaining === undefined || Number.isNaN(resetAt)) return [];
  const limit = countIn(headers.get(`anthropic-ratelimit-${name}-limit`));
  return [{ remaining, resetMs: sensibleWaitMs(resetAt - answeredAt(headers)), ...(limit !== undefined && { limit }) }];
};

/**
 * What an answer's headers say of the limits; undefined when they say nothing. Of the limits on tokens the one counts that
 * has least left. Names of https://platform.claude.com/docs/en/api/rate-limits, read 2026-11-27.
 */
export const limitsOf = (headers: Headers | undefined): Limits | undefined => {
  if (!headers) return undefined;
  const [requests] = stateOf(headers, 'requests');
  const [tokens] = ['tokens', 'input-tokens']
    .flatMap((name) => stateOf(headers, name))
    .sort((a, b) => a.remaining - b.remaining);
  if (!requests && !tokens) return undefined;
  return { type: 'limits', ...(requests && { requests }), ...(tokens && { tokens }) };
};
