import { OpenAI, type ClientOptions } from 'openai/client';
import { APIConnectionError, APIConnectionTimeoutError, APIError } from 'openai/core/error';
import { Stream } from 'openai/core/streaming';
import type {
  ChatCompletionChunk,
  ChatCompletionCreateParamsStreaming,
} from 'openai/resources/chat/completions/completions';
import type { ResponseCreateParamsStreaming, ResponseStreamEvent } from 'openai/resources/responses/responses';
import { isProviderError, messageOf, ProviderError, tlsProblem, type StallWatch } from 'llm-copilot-agent';
import { causeOf, sentError, statusError } from './errors.ts';

/** Where to ask, and how to be let in. */
export interface Connection {
  /** How the server is called in messages. */
  service: string;
  baseUrl: string;
  key: string;
  organization: string | null;
  project: string | null;
  stallTimeoutMs: number;
}

/** Asks and gives the answer's events. @throws ProviderError, or the reason of the watch's signal. */
type Ask<Body, Event> = (body: Body, watch: StallWatch) => Promise<AsyncGenerator<Event, void>>;

/** A server's two endpoints. */
export interface Api {
  responses: Ask<ResponseCreateParamsStreaming, ResponseStreamEvent>;
  chat: Ask<ChatCompletionCreateParamsStreaming, ChatCompletionChunk>;
}

const clientOf = ({ baseUrl, key, organization, project, stallTimeoutMs }: Connection): OpenAI => {
  // Everything is given, for the client reads what is missing from the environment.
  const options: ClientOptions = {
    baseURL: baseUrl,
    apiKey: key,
    adminAPIKey: null,
    organization,
    project,
    webhookSecret: null,
    logLevel: 'off',
    maxRetries: 0,
    // Only the last resort: the watch knows about silence.
    timeout: 2 * stallTimeoutMs,
  };
  const client = new OpenAI(options);
  Object.assign(client, {
    // Headers of OPENAI_CUSTOM_HEADERS get in here, and no option keeps them out.
    _options: options,
    // Bodies without an `error`, such as Mistral's and FastAPI's, would lose what they say.
    makeStatusError: (status: number, body: { error?: unknown } | undefined, text: string, headers: Headers) =>
      APIError.generate(status, body?.error ? body : { error: body }, text, headers),
  });
  return client;
};

const isApiError = (error: unknown): error is APIError => error instanceof APIError;

const requestError = (error: unknown, service: string, origin: string): ProviderError => {
  if (error instanceof APIConnectionTimeoutError) {
    return new ProviderError('timeout', `${service} did not answer in time at ${origin}`, { cause: error });
  }
  const unsafe = tlsProblem(error);
  if (unsafe !== undefined) {
    // Not of kind `network`: the same server says the same again.
    return new ProviderError('invalid_request', `Cannot trust ${service} at ${origin}: ${unsafe}`, {
      hint: 'Nothing was sent. Check OPENAI_BASE_URL and what stands between here and there.',
      cause: error,
    });
  }
  if (error instanceof APIConnectionError) {
    return new ProviderError('network', `Cannot reach ${service} at ${origin}: ${causeOf(error)}`, { cause: error });
  }
  if (isApiError(error) && error.status !== undefined) return statusError(service, error, error.status);
  return new ProviderError('invalid_request', `Cannot ask ${service}: ${messageOf(error)}`, { cause: error });
};

const streamError = (error: unknown, service: string): ProviderError => {
  if (isApiError(error)) return sentError(service, error);
  if (error instanceof SyntaxError) {
    const message = `${service} sent an event that cannot be read: ${error.message}`;
    return new ProviderError('malformed', message, { cause: error });
  }
  const code = causeOf(error);
  // Node's own limit, five minutes without a byte.
  const kind = code === 'UND_ERR_BODY_TIMEOUT' ? 'timeout' : 'truncated';
  return new ProviderError(kind, `${service} broke off its answer: ${code}`, { cause: error });
};

/** The Responses and Chat Completions APIs through the SDK's client. */
export const connect = (connection: Connection): Api => {
  const { service, baseUrl } = connection;
  const client = clientOf(connection);
  const read = async <Event>(
    asked: { asResponse(): Promise<Response> },
    watch: StallWatch,
  ): Promise<AsyncGenerator<Event, void>> => {
    try {
      const answer = await asked.asResponse();
      const response = watch.hear(answer);
      const type = response.headers.get('content-type') ?? '';
      if (/html|json/.test(type)) {
        const said = `${type} where events were asked for: ${(await response.text()).slice(0, 200)}`;
        throw new ProviderError('invalid_request', `${answer.url} answered ${said}`, {
          hint: 'Check OPENAI_BASE_URL.',
        });
      }
      const events = Stream.fromSSEResponse<Event>(response, new AbortController(), client);
      return watch.read(events, (error) => streamError(error, service));
    } catch (error) {
      watch.signal.throwIfAborted();
      throw isProviderError(error) ? error : requestError(error, service, new URL(baseUrl).origin);
    }
  };
  return {
    responses: (body, watch) => read(client.responses.create(body, { signal: watch.signal }), watch),
    chat: (body, watch) => read(client.chat.completions.create(body, { signal: watch.signal }), watch),
  };
};
