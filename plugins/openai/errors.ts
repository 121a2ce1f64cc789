import {
  ProviderError,
  retryAfterMs,
  untilFreeMs,
  withoutKeys,
  type ProviderErrorKind,
  kindOfStatus,
} from 'llm-copilot-agent';
import type { APIError } from 'openai/core/error';
import { limitsOf } from './limits.ts';

/** A server in the words of an error. */
export interface Service {
  /** How it is called. */
  name: string;
  /** Variables that hold its key and say where it is. */
  keyNames: readonly string[];
  urlName: string;
  /** What may not be shown, whatever the server says. */
  secrets: readonly string[];
  /** What to do when it does not have the model. */
  missingModel: string;
}

/** Codes and types of https://developers.openai.com/api/docs/guides/error-codes and the SDK's ResponseError, read 2026-11-21. */
const kindsByCode: ReadonlyMap<unknown, ProviderErrorKind> = new Map(
  Object.entries({
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
  }),
);

/** OpenAI, vLLM, llama.cpp, Ollama and OpenRouter each say it in their own words. */
const tooLong =
  /maximum context length|context (window|length|size)|prompt is too long|input (length )?exceeds|too many (input )?tokens/i;

/** What the window holds, where the message tells (OpenAI, vLLM, Groq, DeepSeek, OpenRouter). */
const windowIn = (message: string): number | undefined => {
  const digits = /maximum context length (?:is|of) (?:only )?([\d,]{3,12})/i.exec(message)?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits.replaceAll(',', ''), 10);
};

/** OpenRouter, Mistral, DeepSeek and LM Studio say it with 400. */
const noModel = /not a valid model|invalid model|model not exist|model .{1,200}(not found|does not exist)/i;

/** What a server says of an error; `code` may be a number elsewhere than at OpenAI. */
export interface ErrorBody {
  code?: string | number | null;
  type?: string | null;
  /** Mistral and FastAPI put lists here. */
  message?: unknown;
  detail?: unknown;
  /** Azure's, which spells it in two ways. */
  innererror?: Filtered;
  inner_error?: Filtered;
}

interface Filtered {
  content_filter_result?: Record<string, { filtered?: boolean } | null>;
  content_filter_results?: Record<string, { filtered?: boolean } | null>;
}

/** What the server said: the SDK gives its JSON, or a message that begins with the status and goes on with the text. */
const saidIn = ({ error, status, message }: APIError): ErrorBody => {
  const said = error as ErrorBody | string | null | undefined;
  return typeof said === 'string' ? { message: said } : (said ?? { message: message.slice(`${status} `.length) });
};

const wordsOf = ({ message, detail }: ErrorBody): string => {
  const said = message ?? detail ?? '';
  return typeof said === 'string' ? said : JSON.stringify(said);
};

/** A server's words as they may be shown. */
export const shown = (service: Service, text: string, length = 500): string =>
  withoutKeys(text.slice(0, 20_000), service.secrets).slice(0, length);

/** An error of a server; what it said is shown without keys. */
export const serviceError = (
  service: Service,
  kind: ProviderErrorKind,
  message: string,
  details: { hint?: string; retryAfterMs?: number; windowTokens?: number; cause?: unknown } = {},
): ProviderError => {
  const { cause } = details;
  // Causes are kept for logs, so one that repeats a key is not.
  const tells = cause instanceof Error && withoutKeys(cause.message, service.secrets) !== cause.message;
  return new ProviderError(kind, withoutKeys(message, service.secrets), {
    ...details,
    cause: tells ? undefined : cause,
  });
};

const hintFor = (service: Service, kind: ProviderErrorKind): string | undefined => {
  if (kind === 'not_found') return service.missingModel;
  return kind === 'auth' ? `Check the key in ${service.keyNames.join(' or ')} and what it may use.` : undefined;
};

const failure = (
  service: Service,
  kind: ProviderErrorKind,
  said: ErrorBody,
  prefix: string,
  details: { hint?: string; retryAfterMs?: number; status?: number } = {},
): ProviderError => {
  const message = shown(service, wordsOf(said));
  const actual =
    kind !== 'invalid_request'
      ? kind
      : tooLong.test(message)
        ? 'context_too_long'
        : noModel.test(message)
          ? 'not_found'
          : kind;
  const hint = hintFor(service, actual);
  const windowTokens = actual === 'context_too_long' ? windowIn(message) : undefined;
  return new ProviderError(actual, `${prefix}${message ? `: ${message}` : ''}`, {
    ...(hint !== undefined && { hint }),
    ...(windowTokens !== undefined && { windowTokens }),
    ...details,
  });
};

/** Azure refuses a prompt before any model reads it. */
const filtered = (service: Service, said: ErrorBody): ProviderError => {
  const inner = said.innererror ?? said.inner_error;
  const results = inner?.content_filter_result ?? inner?.content_filter_results ?? {};
  const why = Object.keys(results).filter((name) => results[name]?.filtered === true);
  return failure(service, 'invalid_request', said, `${service.name} refused the prompt${reasons(why)}`, {
    hint: 'The content filter of the deployment did this, not the model: change the prompt or the filter, or use another model.',
  });
};

const reasons = (why: readonly string[]): string => (why.length === 0 ? '' : ` (${why.join(', ').slice(0, 100)})`);

/** The error a non-2xx answer stands for. */
export const statusError = (service: Service, error: APIError, status: number): ProviderError => {
  const said = saidIn(error);
  const { code } = said;
  if (code === 'content_filter') return filtered(service, said);
  // These say more than their status, 429 and 400.
  const tells = code === 'insufficient_quota' || code === 'context_length_exceeded' || code === 'model_not_found';
  const kind = (tells ? kindsByCode.get(code) : undefined) ?? kindOfStatus(status);
  const { headers } = error;
  const waitMs = retryAfterMs(headers) ?? (kind === 'rate_limit' ? untilFreeMs(limitsOf(headers)) : undefined);
  return failure(service, kind, said, `${service.name} answered ${status}`, {
    status,
    ...(status >= 300 && status < 400 && { hint: `It wants to be asked elsewhere: check ${service.urlName}.` }),
    ...(waitMs !== undefined && { retryAfterMs: waitMs }),
  });
};

const kindOfCode = (code: ErrorBody['code']): ProviderErrorKind | undefined => {
  if (typeof code === 'number') return kindOfStatus(code);
  return kindsByCode.get(code) ?? (/image|invalid|policy|residency/.test(code ?? '') ? 'invalid_request' : undefined);
};

/** The error an event inside a stream stands for. */
export const eventError = (service: Service, said: ErrorBody): ProviderError =>
  said.code === 'content_filter'
    ? filtered(service, said)
    : failure(
        service,
        kindOfCode(said.code) ?? kindOfCode(said.type) ?? 'server',
        said,
        `${service.name} failed while answering`,
      );

/** The error an `error` inside a stream stands for, which the SDK throws. */
export const sentError = (service: Service, error: APIError): ProviderError => eventError(service, saidIn(error));

/** True when the API refuses reasoning it made earlier, such as for another model or organisation. */
export const isStaleReasoning = (error: ProviderError): boolean =>
  error.kind === 'invalid_request' && /encrypted content/i.test(error.message);
