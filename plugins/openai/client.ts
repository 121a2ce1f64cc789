import { OpenAI, type ClientOptions } from 'openai/client';
import { APIConnectionError, APIConnectionTimeoutError, APIError } from 'openai/core/error';
import type {
  ChatCompletionChunk,
  ChatCompletionCreateParamsStreaming,
} from 'openai/resources/chat/completions/completions';
import type { ResponseCreateParamsStreaming, ResponseStreamEvent } from 'openai/resources/responses/responses';
import {
  isProviderError,
  messageOf,
  tlsProblem,
  type ProviderError,
  type StallWatch,
  causeOf,
  connectionProblem,
  readJsonEvents,
} from 'llm-copilot-agent';
import type { Connection } from './connection.ts';
import { sentError, serviceError, shown, statusError, type Service } from './errors.ts';
import { limitsOf, type Limits } from './limits.ts';

/** An answer that has begun. */
export interface Answer<Event> {
  limits: Limits | undefined;
  /** Where there are limits, the first element stands for them: it is undefined. */
  events: AsyncGenerator<Event | undefined, void>;
}

/** Asks and gives the answer's events. @throws ProviderError, or the reason of the watch's signal. */
type Ask<Body, Event> = (body: Body, watch: StallWatch) => Promise<Answer<Event>>;

/** A server's endpoints. */
export interface Api {
  responses: Ask<ResponseCreateParamsStreaming, ResponseStreamEvent>;
  chat: Ask<ChatCompletionCreateParamsStreaming, ChatCompletionChunk>;
  /** The parsed body of the answer. @throws ProviderError, or the reason of the watch's signal. */
  embeddings(body: object, watch: StallWatch): Promise<unknown>;
}

const clientOf = (connection: Connection): OpenAI => {
  const { baseUrl, key, headers, query, organization, project, stallTimeoutMs, fetch } = connection;
  // Everything is given, for the client reads what is missing from the environment.
  const options: ClientOptions = {
    baseURL: baseUrl,
    apiKey: key ?? 'none',
    adminAPIKey: null,
    organization,
    project,
    webhookSecret: null,
    logLevel: 'off',
    maxRetries: 0,
    // Only the last resort: the watch knows about silence.
    timeout: 2 * stallTimeoutMs,
    fetch,
    defaultHeaders: { ...headers, ...(key === null && { authorization: null }) },
    defaultQuery: query,
  };
  // The client puts headers of OPENAI_CUSTOM_HEADERS into what it is given, and no option keeps them out.
  const client = new OpenAI({ ...options });
  Object.assign(client, {
    _options: options,
    // Bodies without an `error`, such as Mistral's and FastAPI's, would lose what they say.
    makeStatusError: (status: number, body: { error?: unknown } | undefined, text: string, answered: Headers) =>
      APIError.generate(status, body?.error ? body : { error: body }, text, answered),
  });
  return client;
};

const isApiError = (error: unknown): error is APIError => error instanceof APIError;

const requestError = (error: unknown, service: Service, origin: string): ProviderError => {
  const { name } = service;
  if (error instanceof APIConnectionTimeoutError) {
    return serviceError(service, 'timeout', `${name} did not answer in time at ${origin}`, { cause: error });
  }
  const unsafe = tlsProblem(error);
  if (unsafe !== undefined) {
    // Not of kind `network`: the same server says the same again.
    return serviceError(service, 'invalid_request', `Cannot trust ${name} at ${origin}: ${unsafe}`, {
      hint: `Nothing was sent. Check ${service.urlName} and what stands between here and there.`,
      cause: error,
    });
  }
  if (error instanceof APIConnectionError) {
    const way = connectionProblem(error);
    // The same password would be refused again.
    const kind = way?.lasting === true ? 'invalid_request' : 'network';
    const message = `Cannot reach ${name} at ${origin}: ${way?.says ?? causeOf(error)}`;
    return serviceError(service, kind, message, { cause: error });
  }
  if (isApiError(error) && error.status !== undefined) return statusError(service, error, error.status);
  return serviceError(service, 'invalid_request', `Cannot ask ${name}: ${messageOf(error)}`, { cause: error });
};

const streamError = (error: unknown, service: Service): ProviderError => {
  if (isApiError(error)) return sentError(service, error);
  const code = causeOf(error);
  // Node's own limit, five minutes without a byte.
  const kind = code === 'UND_ERR_BODY_TIMEOUT' ? 'timeout' : 'truncated';
  return serviceError(service, kind, `${service.name} broke off its answer: ${code}`, { cause: error });
};

/** @throws APIError for an `error` inside the stream; ProviderError `malformed` */
async function* eventsOf<Event>(response: Response, service: Service): AsyncGenerator<Event, void> {
  const unreadable = (data: string): ProviderError =>
    serviceError(
      service,
      'malformed',
      `${service.name} sent an event that cannot be read: not JSON: ${shown(service, data, 200)}`,
    );
  for await (const event of readJsonEvents(response.body ?? [], unreadable)) {
    const { error } = (event ?? {}) as { error?: object };
    if (error) throw new APIError(undefined, error, undefined, response.headers);
    yield event as Event;
  }
}

async function* announced<Event>(events: AsyncIterable<Event>): AsyncGenerator<Event | undefined, void> {
  yield undefined;
  yield* events;
}

/** The APIs through the SDK's client. */
export const connect = (connection: Connection): Api => {
  const { service, baseUrl } = connection;
  const client = clientOf(connection);
  const asking = async <T>(watch: StallWatch, ask: () => Promise<T>): Promise<T> => {
    try {
      return await ask();
    } catch (error) {
      watch.signal.throwIfAborted();
      throw isProviderError(error) ? error : requestError(error, service, new URL(baseUrl).origin);
    }
  };
  const read = <Event>(asked: { asResponse(): Promise<Response> }, watch: StallWatch): Promise<Answer<Event>> =>
    asking(watch, async () => {
      const answer = await asked.asResponse();
      const limits = limitsOf(answer.headers);
      const response = watch.hear(answer);
      const type = response.headers.get('content-type') ?? '';
      if (/html|json/.test(type)) {
        const said = `${type} where events were asked for: ${shown(service, await response.text(), 200)}`;
        throw serviceError(service, 'invalid_request', `${answer.url} answered ${said}`, {
          hint: `Check ${service.urlName}.`,
        });
      }
      const events = eventsOf<Event>(response, service);
      const toError = (error: unknown): ProviderError => streamError(error, service);
      return { limits, events: watch.read(limits ? announced(events) : events, toError) };
    });
  return {
    responses: (body, watch) => read(client.responses.create(body, { signal: watch.signal }), watch),
    chat: (body, watch) => read(client.chat.completions.create(body, { signal: watch.signal }), watch),
    // Not the SDK's own method: it takes lists of numbers for base64.
    embeddings: (body, watch) =>
      asking(watch, async () => {
        const answer = await client.post('/embeddings', { body, signal: watch.signal }).asResponse();
        const text = await watch.hear(answer).text();
        try {
          return JSON.parse(text) as unknown;
        } catch (error) {
          const message = `${service.name} sent vectors that cannot be read: ${shown(service, text, 200)}`;
          throw serviceError(service, 'malformed', message, { cause: error });
        }
      }),
  };
};
