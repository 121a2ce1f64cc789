import type { APIError } from '@anthropic-ai/sdk/core/error';
import { messageOf, ProviderError, type ProviderErrorKind } from 'llm-copilot-agent';

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

/** What the server said: the SDK gives its JSON, or a message that begins with the status and goes on with the text. */
const saidIn = ({ error, status, message }: APIError): ErrorBody =>
  (error as { error?: ErrorBody } | null | undefined)?.error ?? {
    message: message.slice(status ? `${status} `.length : 0),
  };

/** The code of what made a connection fail, which `fetch` buries in causes, or its message. */
export const causeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return messageOf(error);
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.cause === undefined ? error.message : causeOf(error.cause);
};

/** Milliseconds the server asks to wait, from `retry-after-ms`, or `retry-after` in seconds or as an HTTP date. */
const retryAfterMs = (headers: Headers | undefined): number | undefined => {
  const exact = Number.parseFloat(headers?.get('retry-after-ms') ?? '');
  if (exact >= 0) return exact;
  const value = headers?.get('retry-after') ?? '';
  const ms = /^\s*[\d.]+\s*$/.test(value) ? Number.parseFloat(value) * 1000 : Date.parse(value) - Date.now();
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
export const statusError = (error: APIError, status: number): ProviderError =>
  failure(kindOfStatus(status), saidIn(error), `Anthropic answered ${status}`, retryAfterMs(error.headers));

/** The error an `error` event inside a stream stands for. */
export const eventError = (error: APIError): ProviderError => {
  const said = saidIn(error);
  return failure(kindsByType[said.type ?? ''] ?? 'server', said, `Anthropic failed while answering`);
};

/** True when the API refuses reasoning because what came before it has changed since (a compacted conversation). */
export const isStaleThinking = (error: ProviderError): boolean =>
  error.kind === 'invalid_request' && /invalid `?signature`? in `?thinking`? block/i.test(error.message);
