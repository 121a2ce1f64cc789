import { ProviderError, type ProviderErrorKind } from 'llm-copilot-agent';
import type { StreamAnswer } from './post-stream.ts';

/** Where the key comes from. */
export const keyName = 'ANTHROPIC_API_KEY';

/** Error types of https://platform.claude.com/docs/en/api/errors, read 2026-11-21. */
const kindsByType: Readonly<Partial<Record<string, ProviderErrorKind>>> = {
  authentication_error: 'auth',
  permission_error: 'auth',
  not_found_error: 'not_found',
  request_too_large: 'context_too_long',
  rate_limit_error: 'rate_limit',
  overloaded_error: 'overloaded',
  timeout_error: 'timeout',
  api_error: 'server',
  invalid_request_error: 'invalid_request',
  billing_error: 'invalid_request',
};

const kindOfStatus = (status: number): ProviderErrorKind => {
  if (status === 401 || status === 403) return 'auth';
  if (status === 404) return 'not_found';
  if (status === 408) return 'timeout';
  if (status === 413) return 'context_too_long';
  if (status === 429) return 'rate_limit';
  if (status === 529) return 'overloaded';
  return status >= 500 ? 'server' : 'invalid_request';
};

const tooLong =
  /prompt is too long|input length and `max_tokens` exceed|context (window|length|limit)|too many (input )?tokens/i;

/** Waiting does not help against these, though they come as 429. */
const spent = /spend_limit|credit balance is too low/i;

interface ErrorBody {
  type?: string;
  message?: string;
  details?: { error_code?: string };
}

const parseError = (text: string): ErrorBody => {
  try {
    const body = JSON.parse(text) as { error?: ErrorBody } | null;
    return body?.error ?? {};
  } catch {
    return { message: text.trim() };
  }
};

/** Milliseconds the server asks to wait, from `retry-after-ms`, or `retry-after` in seconds or as an HTTP date. */
export const retryAfterMs = (header: StreamAnswer['header'], now = Date.now()): number | undefined => {
  const exact = Number.parseFloat(header('retry-after-ms') ?? '');
  if (exact >= 0) return exact;
  const value = header('retry-after') ?? '';
  const ms = /^\s*[\d.]+\s*$/.test(value) ? Number.parseFloat(value) * 1000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
};

const failure = (kind: ProviderErrorKind, said: ErrorBody, prefix: string, waitMs?: number): ProviderError => {
  const message = (said.message ?? '').slice(0, 500);
  const code = said.details?.error_code ?? '';
  const actual =
    kind === 'invalid_request' && tooLong.test(message)
      ? 'context_too_long'
      : kind === 'rate_limit' && spent.test(`${code} ${message}`)
        ? 'invalid_request'
        : kind;
  return new ProviderError(actual, `${prefix}${message ? `: ${message}` : ''}`, {
    ...(actual === 'auth' && { hint: `Check the key in ${keyName} and what it may use.` }),
    ...(waitMs !== undefined && { retryAfterMs: waitMs }),
  });
};

/** The error a non-2xx answer stands for. */
export const statusError = (status: number, header: StreamAnswer['header'], text: string): ProviderError =>
  failure(kindOfStatus(status), parseError(text), `Anthropic answered ${status}`, retryAfterMs(header));

/** The error an `error` event inside a stream stands for. */
export const eventError = (data: string): ProviderError => {
  const said = parseError(data);
  return failure(kindsByType[said.type ?? ''] ?? 'server', said, `Anthropic failed while answering`);
};

/** True when the API refuses reasoning because what came before it has changed since (a compacted conversation). */
export const isStaleThinking = (error: ProviderError): boolean =>
  error.kind === 'invalid_request' && /invalid `?signature`? in `?thinking`? block/i.test(error.message);
