import {
  isProviderError,
  ProviderError,
  type Capabilities,
  type Contribution,
  type Delta,
  type ModelProvider,
  type PluginHost,
  type Reply,
  type Request,
} from 'llm-copilot-agent';
import { chatReply, chatState, foldChat } from './chat-reply.ts';
import { chatBody } from './chat-request.ts';
import { isStaleReasoning, keyName, statusError } from './errors.ts';
import { postStream, type StreamAnswer } from './post-stream.ts';
import { foldResponses, responsesReply, type ResponsesState } from './responses-reply.ts';
import { responsesBody } from './responses-request.ts';

const unknownModel: Capabilities = {
  contextWindow: 128_000,
  maxOutputTokens: 8192,
  images: true,
  thinking: false,
  price: null,
};

/** A server and how to be let in. */
interface Server {
  /** How it is called in messages. */
  name: string;
  baseUrl: string;
  official: boolean;
  headers: Record<string, string>;
  stallTimeoutMs: number;
}

/** @throws ProviderError `auth` without a key, where one is needed: servers of one's own often need none. */
const serverOf = (host: PluginHost): Server => {
  const baseUrl = (host.env('OPENAI_BASE_URL') ?? 'https://api.openai.com/v1').replace(/\/+$/, '');
  const hostname = URL.canParse(baseUrl) ? new URL(baseUrl).hostname : '';
  const official = /(^|\.)api\.openai\.com$/.test(hostname);
  const key = host.secret(keyName);
  if (key === undefined && official) {
    throw new ProviderError('auth', `No key for OpenAI: ${keyName} is not set`, {
      hint: `Set ${keyName} to a key from https://platform.openai.com/api-keys, or OPENAI_BASE_URL to a server that needs none.`,
    });
  }
  const organization = host.env('OPENAI_ORG_ID');
  const project = host.env('OPENAI_PROJECT_ID');
  return {
    name: official ? 'OpenAI' : hostname || baseUrl,
    baseUrl,
    official,
    headers: {
      accept: 'text/event-stream',
      // Servers without keys ignore it; some want the header to be there.
      authorization: `Bearer ${key ?? 'none'}`,
      ...(organization !== undefined && { 'openai-organization': organization }),
      ...(project !== undefined && { 'openai-project': project }),
    },
    stallTimeoutMs: host.stallTimeoutMs,
  };
};

const textOf = async (body: AsyncIterable<Uint8Array>): Promise<string> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
};

const ask = async (server: Server, path: string, body: unknown, signal: AbortSignal): Promise<StreamAnswer> => {
  const url = `${server.baseUrl}${path}`;
  const { name: service, headers, stallTimeoutMs } = server;
  const answer = await postStream({ service, url, headers, body, stallTimeoutMs }, signal);
  if (answer.status !== 200) throw statusError(service, answer.status, answer.header, await textOf(answer.body));
  const type = answer.header('content-type') ?? '';
  if (!/html|json/.test(type)) return answer;
  const said = (await textOf(answer.body)).slice(0, 200);
  throw new ProviderError('invalid_request', `${url} answered ${type} where events were asked for: ${said}`, {
    hint: 'Check OPENAI_BASE_URL.',
  });
};

/** Hands each event's JSON to `fold` and yields what it gives, until `isDone`. @throws ProviderError `malformed` */
async function* readEvents(
  service: string,
  asked: Promise<StreamAnswer>,
  fold: (event: unknown) => Delta | undefined,
  isDone: () => boolean = () => false,
): AsyncGenerator<Delta, void> {
  // The decoder loads while the server thinks. Of the SDK only it and the wire types are used: the client needs
  // `fetch` (see `postStream`), and `Stream` itself logs to the console and hides events that carry an error.
  const [answer, { _iterSSEMessages }] = await Promise.all([asked, import('openai/core/streaming')]);
  const response = { body: answer.body } as unknown as Response;
  for await (const { data } of _iterSSEMessages(response, new AbortController())) {
    if (data === '[DONE]') return;
    if (data === '') continue;
    let delta: Delta | undefined;
    try {
      delta = fold(JSON.parse(data));
    } catch (error) {
      if (isProviderError(error)) throw error;
      const message = `${service} sent an event that cannot be read: ${data.slice(0, 200)}`;
      throw new ProviderError('malformed', message, { cause: error });
    }
    if (delta) yield delta;
    if (isDone()) return;
  }
}

const whole = (service: string, reply: Reply | undefined): Reply => {
  if (reply) return reply;
  throw new ProviderError('truncated', `${service} ended its answer before it was complete`);
};

const signaturesOf = ({ messages }: Request): string[] =>
  messages.flatMap(({ content }) =>
    content.flatMap((block) => (block.type === 'thinking' && block.signature !== undefined ? [block.signature] : [])),
  );

/** One model of the Responses API. */
const responses = (host: PluginHost, model: string): ModelProvider => {
  const server = serverOf(host);
  const capabilities: Capabilities = { ...unknownModel, ...host.model('openai', model) };
  const stale = new Set<string>();
  const post = (request: Request, signal: AbortSignal): Promise<StreamAnswer> =>
    ask(server, '/responses', responsesBody(request, model, capabilities.thinking, stale), signal);
  return {
    name: `openai/${model}`,
    capabilities: () => capabilities,
    async *stream(request, signal): AsyncGenerator<Delta, Reply> {
      const state: ResponsesState = { items: [], final: undefined };
      const asked = post(request, signal).catch((error: unknown) => {
        // Reasoning of another model or organisation is refused; the conversation goes on without it.
        if (!isProviderError(error) || !isStaleReasoning(error)) throw error;
        for (const signature of signaturesOf(request)) stale.add(signature);
        return post(request, signal);
      });
      const fold = (event: unknown) => foldResponses(server.name, state, event as Parameters<typeof foldResponses>[2]);
      yield* readEvents(server.name, asked, fold, () => state.final !== undefined);
      return whole(server.name, responsesReply(state));
    },
  };
};

/** One model of any server that speaks Chat Completions. */
const chat = (host: PluginHost, model: string): ModelProvider => {
  const server = serverOf(host);
  const known = host.model('openai-chat', model) ?? (server.official ? host.model('openai', model) : undefined);
  const capabilities: Capabilities = { ...unknownModel, ...known };
  return {
    name: `openai-chat/${model}`,
    capabilities: () => capabilities,
    async *stream(request, signal): AsyncGenerator<Delta, Reply> {
      const state = chatState();
      const asked = ask(server, '/chat/completions', chatBody(request, model, server.official), signal);
      const fold = (event: unknown) => foldChat(server.name, state, event as Parameters<typeof foldChat>[2]);
      yield* readEvents(server.name, asked, fold);
      return whole(server.name, chatReply(state));
    },
  };
};

/** What the plugin brings. */
export const setup = (host: PluginHost): Contribution => ({
  providers: { openai: (model) => responses(host, model), 'openai-chat': (model) => chat(host, model) },
});
