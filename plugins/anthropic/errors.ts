import type { APIError } from '@anthropic-ai/sdk/core/error';
import {
  ProviderError,
  retryAfterMs,
  untilFreeMs,
  type ProviderErrorKind,
  kindOfStatus,
  shown,
} from 'llm-copilot-agent';
import { limitsOf } from './limits.ts';

/** Where the key comes from. */
export const keyName = 'ANTHROPIC_API_KEY';

/** Error types of https://platform.claude.com/docs/en/api/errors, read 2026-11-21. */
const kindsByType: ReadonlyMap<unknown, ProviderErrorKind> = new Map(
  Object.entries({
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
  }),
);

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

const hints: Readonly<Partial<Record<ProviderErrorKind, string>>> = {
  auth: `Check the key in ${keyName} and what it may use.`,
  not_found: `Check the name of the model; ANTHROPIC_BASE_URL may lead elsewhere.`,
};

/** What the window holds, as in `200001 tokens > 200000 maximum`. */
const windowIn = (message: string): number | undefined => {
  const digits = /> (\d{3,9}) maximum/.exec(message)?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 10);
};

const failure = (
  kind: ProviderErrorKind,
  said: ErrorBody,
  prefix: string,
  secrets: readonly string[],
  details: { hint?: string; retryAfterMs?: number; status?: number } = {},
): ProviderError => {
  const message = shown(typeof said.message === 'string' ? said.message : '', secrets);
  const code = said.details?.error_code ?? '';
  const actual =
    kind === 'invalid_request' && tooLong.test(message)
      ? 'context_too_long'
      : kind === 'rate_limit' && spent.test(`${code} ${message}`)
        ? 'invalid_request'
        : kind;
  const hint = hints[actual];
  const windowTokens = actual === 'context_too_long' ? windowIn(message) : undefined;
  return new ProviderError(actual, `${prefix}${message ? `: ${message}` : ''}`, {
    ...(hint !== undefined && { hint }),
    ...(windowTokens !== undefined && { windowTokens }),
    ...details,
  });
};

/** The error a non-2xx answer stands for. */
export const statusError = (error: APIError, status: number, secrets: readonly string[]): ProviderError => {
  const { headers } = error;
  const kind = kindOfStatus(status);
  const waitMs = retryAfterMs(headers) ?? (kind === 'rate_limit' ? untilFreeMs(limitsOf(headers)) : undefined);
  return failure(kind, saidIn(error), `Anthropic answered ${status}`, secrets, {
    status,
    ...(status >= 300 && status < 400 && { hint: 'It wants to be asked elsewhere: check ANTHROPIC_BASE_URL.' }),
    ...(waitMs !== undefined && { retryAfterMs: waitMs }),
  });
};

/** The error an `error` event inside a stream stands for. */
export const eventError = (error: APIError, secrets: readonly string[]): ProviderError => {
  const said = saidIn(error);
  return failure(kindsByType.get(said.type) ?? 'server', said, `Anthropic failed while answering`, secrets);
};

/** True when the API refuses reasoning because what came before it has changed since (a compacted conversation). */
export const isStaleThinking = (error: ProviderError): boolean =>
  error.kind === 'invalid_request' &&
  /invalid `?signature`? in `?thinking`? block|bound to a different conversation/i.test(error.message);
