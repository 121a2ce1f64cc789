import {
  isProviderError,
  ProviderError,
  stallWatch,
  type Contribution,
  type Delta,
  type ModelProvider,
  type PluginHost,
  type Reply,
  type Request,
  type StallWatch,
} from 'llm-copilot-agent';
import { chatReply, chatState, foldChat } from './chat-reply.ts';
import { chatBody } from './chat-request.ts';
import type { Api } from './client.ts';
import { isStaleReasoning, keyName } from './errors.ts';
import { foldResponses, responsesReply, type ResponsesState } from './responses-reply.ts';
import { responsesBody } from './responses-request.ts';

/** A server that can be asked. */
interface Server {
  /** How it is called in messages. */
  name: string;
  official: boolean;
  /** Begins to wait for an answer. @throws ProviderError `invalid_request` when the address is none. */
  watch(signal: AbortSignal): StallWatch;
  api: Promise<Api>;
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
  const name = official ? 'OpenAI' : hostname || baseUrl;
  const { stallTimeoutMs } = host;
  // The SDK loads while the start-up goes on; should it fail to, the first request says so.
  const api = import('./client.ts').then(({ connect }) =>
    connect({
      service: name,
      baseUrl,
      // Servers without keys ignore it; some want the header to be there.
      key: key ?? 'none',
      organization: host.env('OPENAI_ORG_ID') ?? null,
      project: host.env('OPENAI_PROJECT_ID') ?? null,
      stallTimeoutMs,
    }),
  );
  api.catch(() => undefined);
  const isHttp = /^https?:$/.test(URL.canParse(baseUrl) ? new URL(baseUrl).protocol : '');
  const watch = (signal: AbortSignal): StallWatch => {
    signal.throwIfAborted();
    if (!isHttp) throw new ProviderError('invalid_request', `${name}: not an http(s) URL: ${baseUrl}`);
    return stallWatch(name, stallTimeoutMs, signal);
  };
  return { name, official, watch, api };
};

/** Hands each event to `fold` and yields what it gives; once it `isWhole`, the rest need not come. @throws ProviderError `malformed` */
async function* readEvents<Event>(
  service: string,
  events: AsyncIterable<Event>,
  fold: (event: Event) => Delta | undefined,
  isWhole: () => boolean,
  watch: StallWatch,
): AsyncGenerator<Delta, void> {
  for await (const event of events) {
    let delta: Delta | undefined;
    try {
      delta = fold(event);
    } catch (error) {
      if (isProviderError(error)) throw error;
      const message = `${service} sent an event that cannot be read: ${JSON.stringify(event).slice(0, 200)}`;
      throw new ProviderError('malformed', message, { cause: error });
    }
    if (delta) yield delta;
    if (isWhole()) watch.settle();
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
  const capabilities = host.model('openai', model);
  const stale = new Set<string>();
  return {
    name: `openai/${model}`,
    capabilities: () => capabilities,
    async *stream(request, signal): AsyncGenerator<Delta, Reply> {
      const state: ResponsesState = { items: [], final: undefined };
      const watch = server.watch(signal);
      try {
        const api = await server.api;
        const body = (): ReturnType<typeof responsesBody> =>
          responsesBody(request, model, capabilities.features.thinking, stale);
        const events = await api.responses(body(), watch).catch((error: unknown) => {
          // Reasoning of another model or organisation is refused; the conversation goes on without it.
          if (!isProviderError(error) || !isStaleReasoning(error)) throw error;
          for (const signature of signaturesOf(request)) stale.add(signature);
          return api.responses(body(), watch);
        });
        const fold = (event: Parameters<typeof foldResponses>[2]) => foldResponses(server.name, state, event);
        yield* readEvents(server.name, events, fold, () => state.final !== undefined, watch);
        return whole(server.name, responsesReply(state));
      } finally {
        watch.close();
      }
    },
  };
};

/** One model of any server that speaks Chat Completions. */
const chat = (host: PluginHost, model: string): ModelProvider => {
  const server = serverOf(host);
  const capabilities = host.model('openai-chat', model);
  return {
    name: `openai-chat/${model}`,
    capabilities: () => capabilities,
    async *stream(request, signal): AsyncGenerator<Delta, Reply> {
      const state = chatState();
      const watch = server.watch(signal);
      try {
        const events = await (await server.api).chat(chatBody(request, model, server.official), watch);
        yield* readEvents(
          server.name,
          events,
          (chunk) => foldChat(state, chunk),
          () => state.finish !== null,
          watch,
        );
        return whole(server.name, chatReply(state));
      } finally {
        watch.close();
      }
    },
  };
};

/** What the plugin brings. */
export const setup = (host: PluginHost): Contribution => ({
  providers: { openai: (model) => responses(host, model), 'openai-chat': (model) => chat(host, model) },
});
