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
import { errorIn, failure } from './errors.ts';

/** Where to ask, and how to be let in. */
export interface Connection {
  /** Without a slash at its end. */
  baseUrl: string;
  key: string;
  fetch: typeof globalThis.fetch;
}

/** Asks at `model:method` and gives the answer. @throws ProviderError, or the reason of the watch's signal. */
export interface Api {
  /** The events of a streamed answer, not looked at yet. */
  stream(model: string, body: object, watch: StallWatch): Promise<AsyncGenerator<unknown, void>>;
  /** The JSON of a whole answer. */
  ask(model: string, method: string, body: object, watch: StallWatch): Promise<unknown>;
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
};

const requestError = (error: unknown, baseUrl: string, secrets: readonly string[]): ProviderError => {
  const { origin } = new URL(baseUrl);
  const cause = error;
  const unsafe = tlsProblem(error);
  if (unsafe !== undefined) {
    // Not of kind `network`: the same server says the same again.
    return safeError('invalid_request', `Cannot trust Gemini at ${origin}: ${unsafe}`, secrets, {
      hint: 'Nothing was sent. Check GEMINI_BASE_URL and what stands between here and there.',
      cause,
    });
  }
  const way = connectionProblem(error);
  if (way) {
    // The same password would be refused again.
    const kind = way.lasting ? 'invalid_request' : 'network';
    return safeError(kind, `Cannot reach Gemini at ${origin}: ${way.says}`, secrets, { cause });
  }
  const code = causeOf(error);
  if (/^UND_ERR_(?:CONNECT|HEADERS|BODY)_TIMEOUT$/.test(code)) {
    return safeError('timeout', `Gemini did not answer in time at ${origin}`, secrets, { cause });
  }
  // Thrown before anything was sent, for what a request may not hold.
  if (error instanceof TypeError && error.cause === undefined) {
    return safeError('invalid_request', `Cannot ask Gemini: ${messageOf(error)}`, secrets, { cause });
  }
  return safeError('network', `Cannot reach Gemini at ${origin}: ${code}`, secrets, { cause });
};

const streamError = (error: unknown, secrets: readonly string[]): ProviderError => {
  if (isProviderError(error)) return error;
  const code = causeOf(error);
  // Node's own limit, five minutes without a byte.
  const kind = code === 'UND_ERR_BODY_TIMEOUT' ? 'timeout' : 'truncated';
  return safeError(kind, `Gemini broke off its answer: ${code}`, secrets, { cause: error });
};

const passwordIn = (url: string): string[] => {
  const password = URL.canParse(url) ? new URL(url).password : '';
  return password === '' ? [] : [password, decodeURIComponent(password)];
};

/** The Gemini API over HTTP. */
export const connect = ({ baseUrl, key, fetch }: Connection): Api => {
  const secrets = [key, ...passwordIn(baseUrl)];

  /** @throws ProviderError for anything but success. */
  const post = async (model: string, method: string, body: object, watch: StallWatch): Promise<Response> => {
    const answer = await fetch(`${baseUrl}/v1beta/models/${encodeURIComponent(model)}:${method}`, {
      method: 'POST',
      // In a header, for addresses end up in logs.
      headers: { 'content-type': 'application/json', 'x-goog-api-key': key },
      body: JSON.stringify(body),
      // Wherever it would lead, the key is not for there.
      redirect: 'manual',
      signal: watch.signal,
    });
    const response = watch.hear(answer);
    if (answer.ok) return response;
    const text = await response.text();
    const { status: code, headers } = answer;
    throw failure(errorIn(parsed(text)), `Gemini answered ${code}`, secrets, { code, text, headers });
  };

  const guarded = async <T>(watch: StallWatch, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      watch.signal.throwIfAborted();
      throw isProviderError(error) ? error : requestError(error, baseUrl, secrets);
    }
  };

  async function* events(body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<unknown, void> {
    const unreadable = (data: string): ProviderError =>
      safeError(
        'malformed',
        `Gemini sent an event that cannot be read: not JSON: ${shown(data, secrets, 200)}`,
        secrets,
      );
    for await (const event of readJsonEvents(body, unreadable)) {
      const error = errorIn(event);
      if (error) throw failure(error, 'Gemini failed while answering', secrets);
      yield event;
    }
  }

  return {
    stream: (model, body, watch) =>
      guarded(watch, async () => {
        const response = await post(model, 'streamGenerateContent?alt=sse', body, watch);
        const type = response.headers.get('content-type') ?? '';
        if (/html|json/.test(type)) {
          const text = await response.text();
          const error = errorIn(parsed(text));
          if (error) throw failure(error, 'Gemini failed while answering', secrets);
          const said = `${type} where events were asked for: ${shown(text, secrets, 200)}`;
          throw safeError('invalid_request', `${baseUrl} answered ${said}`, secrets, {
            hint: 'Check GEMINI_BASE_URL.',
          });
        }
        return watch.read(events(response.body ?? []), (error) => streamError(error, secrets));
      }),
    ask: (model, method, body, watch) =>
      guarded(watch, async () => {
        const text = await (await post(model, method, body, watch)).text();
        const value = parsed(text);
        if (value !== undefined) return value;
        const message = `Gemini sent an answer that cannot be read: ${shown(text, secrets, 200)}`;
        throw safeError('malformed', message, secrets, { hint: 'Check GEMINI_BASE_URL.' });
      }),
  };
};
