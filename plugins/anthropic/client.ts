import { BaseAnthropic, type ClientOptions } from '@anthropic-ai/sdk/client';
import { APIConnectionError, APIConnectionTimeoutError, APIError } from '@anthropic-ai/sdk/core/error';
import { Stream } from '@anthropic-ai/sdk/core/streaming';
import type {
  MessageCreateParamsStreaming,
  RawMessageStreamEvent,
} from '@anthropic-ai/sdk/resources/messages/messages';
import { isProviderError, messageOf, ProviderError, tlsProblem, type StallWatch } from 'llm-copilot-agent';
import { causeOf, eventError, statusError } from './errors.ts';

/** Asks and gives the answer's events. @throws ProviderError, or the reason of the watch's signal. */
export type Ask = (
  body: MessageCreateParamsStreaming,
  watch: StallWatch,
) => Promise<AsyncGenerator<RawMessageStreamEvent, void>>;

/** Where to ask, and how to be let in. */
export interface Connection {
  baseUrl: string;
  key: string;
  stallTimeoutMs: number;
}

const clientOf = ({ baseUrl, key, stallTimeoutMs }: Connection): BaseAnthropic => {
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
  };
  const client = new BaseAnthropic(options);
  // Headers of ANTHROPIC_CUSTOM_HEADERS get in here, and no option keeps them out.
  Object.assign(client, { _options: options });
  return client;
};

const isApiError = (error: unknown): error is APIError => error instanceof APIError;

const requestError = (error: unknown, origin: string): ProviderError => {
  if (error instanceof APIConnectionTimeoutError) {
    return new ProviderError('timeout', `Anthropic did not answer in time at ${origin}`, { cause: error });
  }
  const unsafe = tlsProblem(error);
  if (unsafe !== undefined) {
    // Not of kind `network`: the same server says the same again.
    return new ProviderError('invalid_request', `Cannot trust Anthropic at ${origin}: ${unsafe}`, {
      hint: 'Nothing was sent. Check ANTHROPIC_BASE_URL and what stands between here and there.',
      cause: error,
    });
  }
  if (error instanceof APIConnectionError) {
    return new ProviderError('network', `Cannot reach Anthropic at ${origin}: ${causeOf(error)}`, { cause: error });
  }
  if (isApiError(error) && error.status !== undefined) return statusError(error, error.status);
  return new ProviderError('invalid_request', `Cannot ask Anthropic: ${messageOf(error)}`, { cause: error });
};

const streamError = (error: unknown): ProviderError => {
  if (isApiError(error)) return eventError(error);
  if (error instanceof SyntaxError) {
    const message = `Anthropic sent an event that cannot be read: ${error.message}`;
    return new ProviderError('malformed', message, { cause: error });
  }
  const code = causeOf(error);
  // Node's own limit, five minutes without a byte.
  const kind = code === 'UND_ERR_BODY_TIMEOUT' ? 'timeout' : 'truncated';
  return new ProviderError(kind, `Anthropic broke off its answer: ${code}`, { cause: error });
};

/** The Messages API through the SDK's client. */
export const connect = (connection: Connection): Ask => {
  const client = clientOf(connection);
  return async (body, watch) => {
    try {
      // Not `messages.create`: it warns on the console about models that will be retired.
      const answer = await client.post('/v1/messages', { body, stream: true, signal: watch.signal }).asResponse();
      const response = watch.hear(answer);
      const type = response.headers.get('content-type') ?? '';
      if (/html|json/.test(type)) {
        const said = `${type} where events were asked for: ${(await response.text()).slice(0, 200)}`;
        throw new ProviderError('invalid_request', `${answer.url} answered ${said}`, {
          hint: 'Check ANTHROPIC_BASE_URL.',
        });
      }
      const events = Stream.fromSSEResponse<RawMessageStreamEvent>(response, new AbortController(), client);
      return watch.read(events, streamError);
    } catch (error) {
      watch.signal.throwIfAborted();
      throw isProviderError(error) ? error : requestError(error, new URL(connection.baseUrl).origin);
    }
  };
};
