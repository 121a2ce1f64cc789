import { BaseAnthropic, type ClientOptions } from '@anthropic-ai/sdk/client';
import { APIConnectionError, APIConnectionTimeoutError, APIError } from '@anthropic-ai/sdk/core/error';
import type {
  MessageCreateParamsStreaming,
  RawMessageStreamEvent,
} from '@anthropic-ai/sdk/resources/messages/messages';
import {
  isProviderError,
  messageOf,
  tlsProblem,
  type ProviderError,
  type StallWatch,
  causeOf,
  connectionProblem,
  readJsonEvents,
  safeError,
  shown,
} from 'llm-copilot-agent';
import { eventError, statusError } from './errors.ts';
import { limitsOf, type Limits } from './limits.ts';

/** An answer that has begun. */
export interface Answer {
  limits: Limits | undefined;
  /** Where there are limits, the first element stands for them: it is undefined. */
  events: AsyncGenerator<RawMessageStreamEvent | undefined, void>;
}

/** Asks and gives the answer's events. @throws ProviderError, or the reason of the watch's signal. */
export type Ask = (body: MessageCreateParamsStreaming, watch: StallWatch) => Promise<Answer>;

/** Where to ask, and how to be let in. */
export interface Connection {
  baseUrl: string;
  key: string;
  stallTimeoutMs: number;
  fetch: typeof globalThis.fetch;
}

const clientOf = ({ baseUrl, key, stallTimeoutMs, fetch }: Connection): BaseAnthropic => {
  // Everything is given, for the client reads what is missing from the environment and from files.
  const options: ClientOptions = {
    baseURL: baseUrl,
    apiKey: key,
    authToken: null,
    webhookKey: null,
    openTelemetry: false,
    logLevel: 'off',
    maxRetries: 0,
    // Only the last resort: the watch knows about silence.
    timeout: 2 * stallTimeoutMs,
    fetch,
  };
  // The client puts headers of ANTHROPIC_CUSTOM_HEADERS into what it is given, and no option keeps them out.
  const client = new BaseAnthropic({ ...options });
  Object.assign(client, { _options: options });
  return client;
};

const isApiError = (error: unknown): error is APIError => error instanceof APIError;

const requestError = (error: unknown, origin: string, secrets: readonly string[]): ProviderError => {
  const cause = error;
  if (error instanceof APIConnectionTimeoutError) {
    return safeError('timeout', `Anthropic did not answer in time at ${origin}`, secrets, { cause });
  }
  const unsafe = tlsProblem(error);
  if (unsafe !== undefined) {
    // Not of kind `network`: the same server says the same again.
    return safeError('invalid_request', `Cannot trust Anthropic at ${origin}: ${unsafe}`, secrets, {
      hint: 'Nothing was sent. Check ANTHROPIC_BASE_URL and what stands between here and there.',
      cause,
    });
  }
  if (error instanceof APIConnectionError) {
    const way = connectionProblem(error);
    // The same password would be refused again.
    const kind = way?.lasting === true ? 'invalid_request' : 'network';
    return safeError(kind, `Cannot reach Anthropic at ${origin}: ${way?.says ?? causeOf(error)}`, secrets, { cause });
  }
  if (isApiError(error) && error.status !== undefined) return statusError(error, error.status, secrets);
  return safeError('invalid_request', `Cannot ask Anthropic: ${messageOf(error)}`, secrets, { cause });
};

const streamError = (error: unknown, secrets: readonly string[]): ProviderError => {
  if (isApiError(error)) return eventError(error, secrets);
  const code = causeOf(error);
  // Node's own limit, five minutes without a byte.
  const kind = code === 'UND_ERR_BODY_TIMEOUT' ? 'timeout' : 'truncated';
  return safeError(kind, `Anthropic broke off its answer: ${code}`, secrets, { cause: error });
};

/** @throws APIError for an `error` inside the stream; ProviderError `malformed` */
async function* eventsOf(response: Response, secrets: readonly string[]): AsyncGenerator<RawMessageStreamEvent, void> {
  const unreadable = (data: string): ProviderError =>
    safeError(
      'malformed',
      `Anthropic sent an event that cannot be read: not JSON: ${shown(data, secrets, 200)}`,
      secrets,
    );
  for await (const event of readJsonEvents(response.body ?? [], unreadable)) {
    const { type } = (event ?? {}) as { type?: unknown };
    if (type === 'error') throw new APIError(undefined, event as object, undefined, response.headers);
    if (type !== 'ping') yield event as RawMessageStreamEvent;
  }
}

async function* announced<Event>(events: AsyncIterable<Event>): AsyncGenerator<Event | undefined, void> {
  yield undefined;
  yield* events;
}

const passwordIn = (url: string): string[] => {
  const password = URL.canParse(url) ? new URL(url).password : '';
  return password === '' ? [] : [password, decodeURIComponent(password)];
};

/** The Messages API through the SDK's client. */
export const connect = (connection: Connection): Ask => {
  const client = clientOf(connection);
  const secrets = [connection.key, ...passwordIn(connection.baseUrl)];
  return async (body, watch) => {
    try {
      // Not `messages.create`: it warns on the console about models that will be retired.
      const answer = await client.post('/v1/messages', { body, stream: true, signal: watch.signal }).asResponse();
      const limits = limitsOf(answer.headers);
      const response = watch.hear(answer);
      const type = response.headers.get('content-type') ?? '';
      if (/html|json/.test(type)) {
        const said = `${type} where events were asked for: ${shown(await response.text(), secrets, 200)}`;
        throw safeError('invalid_request', `${answer.url} answered ${said}`, secrets, {
          hint: 'Check ANTHROPIC_BASE_URL.',
        });
      }
      const events = eventsOf(response, secrets);
      const toError = (error: unknown): ProviderError => streamError(error, secrets);
      return { limits, events: watch.read(limits ? announced(events) : events, toError) };
    } catch (error) {
      watch.signal.throwIfAborted();
      throw isProviderError(error) ? error : requestError(error, new URL(connection.baseUrl).origin, secrets);
    }
  };
};
