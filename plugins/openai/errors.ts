import { messageOf, ProviderError, type ProviderErrorKind } from 'llm-copilot-agent';
import type { APIError } from 'openai/core/error';

/** Where the key comes from. */
export const keyName = 'OPENAI_API_KEY';

/** Codes and types of https://developers.openai.com/api/docs/guides/error-codes and the SDK's ResponseError, read 2026-11-21. */
const kindsByCode: Readonly<Partial<Record<string, ProviderErrorKind>>> = {
  rate_limit_exceeded: 'rate_limit',
  rate_limit_error: 'rate_limit',
  tokens: 'rate_limit',
  requests: 'rate_limit',
  // Waiting does not help against this one, though it comes as 429.
  insufficient_quota: 'invalid_request',
  context_length_exceeded: 'context_too_long',
  invalid_api_key: 'auth',
  authentication_error: 'auth',
  model_not_found: 'not_found',
  server_is_overloaded: 'overloaded',
  overloaded_error: 'overloaded',
  slow_down: 'overloaded',
  server_error: 'server',
  invalid_prompt: 'invalid_request',
  invalid_request_error: 'invalid_request',
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

/** OpenAI, vLLM, llama.cpp, Ollama and OpenRouter each say it in their own words. */
const tooLong =
  /maximum context length|context (window|length|size)|prompt is too long|input (length )?exceeds|too many (input )?tokens/i;

/** What a server says of an error; `code` may be a number elsewhere than at OpenAI. */
export interface ErrorBody {
  code?: string | number | null;
  type?: string | null;
  message?: string;
}

/** What the server said: the SDK gives its JSON, or a message that begins with the status and goes on with the text. */
const saidIn = ({ error, status, message }: APIError): ErrorBody => {
  const said = error as ErrorBody | string | null | undefined;
  return typeof said === 'string' ? { message: said } : (said ?? { message: message.slice(`${status} `.length) });
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
  const actual = kind === 'invalid_request' && tooLong.test(message) ? 'context_too_long' : kind;
  return new ProviderError(actual, `${prefix}${message ? `: ${message}` : ''}`, {
    ...(actual === 'auth' && { hint: `Check the key in ${keyName} and what it may use.` }),
    ...(waitMs !== undefined && { retryAfterMs: waitMs }),
  });
};

/** The error a non-2xx answer stands for. */
export const statusError = (service: string, error: APIError, status: number): ProviderError => {
  const said = saidIn(error);
  // These two say more than their status, 429 and 400.
  const { code } = said;
  const known = code === 'insufficient_quota' || code === 'context_length_exceeded' ? kindsByCode[code] : undefined;
  return failure(known ?? kindOfStatus(status), said, `${service} answered ${status}`, retryAfterMs(error.headers));
};

const kindOfCode = (code: ErrorBody['code']): ProviderErrorKind | undefined => {
  if (typeof code === 'number') return kindOfStatus(code);
  return kindsByCode[code ?? ''] ?? (/image|invalid|policy|residency/.test(code ?? '') ? 'invalid_request' : undefined);
};

/** The error an event inside a stream stands for. */
export const eventError = (service: string, said: ErrorBody): ProviderError =>
  failure(kindOfCode(said.code) ?? kindOfCode(said.type) ?? 'server', said, `${service} failed while answering`);

/** The error an `error` inside a stream stands for, which the SDK throws. */
export const sentError = (service: string, error: APIError): ProviderError => eventError(service, saidIn(error));

/** True when the API refuses reasoning it made earlier, such as for another model or organisation. */
export const isStaleReasoning = (error: ProviderError): boolean =>
  error.kind === 'invalid_request' && /encrypted content/i.test(error.message);
