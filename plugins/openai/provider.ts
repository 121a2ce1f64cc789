import {
  isProviderError,
  ProviderError,
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
import type { Answer } from './client.ts';
import { isOpenAI } from './connection.ts';
import { embedder } from './embedder.ts';
import { isStaleReasoning, shown, type Service } from './errors.ts';
import { azure, noQuirks, openai, presets, type Preset, type Quirks } from './presets.ts';
import { deepseek, google } from './reasoning.ts';
import { foldResponses, responsesReply, type ResponsesState } from './responses-reply.ts';
import { responsesBody } from './responses-request.ts';
import { serverOf } from './server.ts';

/** Hands each event to `fold` and yields what it gives; once it `isWhole`, the rest need not come. @throws ProviderError `malformed` */
async function* readEvents<Event>(
  service: Service,
  { limits, events }: Answer<Event>,
  fold: (event: Event) => Delta | undefined,
  isWhole: () => boolean,
  watch: StallWatch,
): AsyncGenerator<Delta, void> {
  for await (const event of events) {
    let delta: Delta | undefined;
    try {
      delta = event === undefined ? limits : fold(event);
    } catch (error) {
      if (isProviderError(error)) throw error;
      const message = `${service.name} sent an event that cannot be read: ${shown(service, JSON.stringify(event), 200)}`;
      throw new ProviderError('malformed', message, { cause: error });
    }
    if (delta) yield delta;
    if (isWhole()) watch.settle();
  }
}

/** @throws ProviderError `truncated` without a reply, `malformed` when what came makes none. */
const whole = (service: Service, make: () => Reply | undefined): Reply => {
  let reply: Reply | undefined;
  try {
    reply = make();
  } catch (error) {
    throw new ProviderError('malformed', `${service.name} sent an answer that cannot be read`, { cause: error });
  }
  if (reply) return reply;
  throw new ProviderError('truncated', `${service.name} ended its answer before it was complete`);
};

const signaturesOf = ({ messages }: Request): string[] =>
  messages.flatMap(({ content }) =>
    content.flatMap((block) => (block.type === 'thinking' && block.signature !== undefined ? [block.signature] : [])),
  );

/** One model of the Responses API. */
const responses = (host: PluginHost, preset: Preset, model: string): ModelProvider => {
  const server = serverOf(host, preset, model);
  const { service } = server;
  const capabilities = host.model(preset.name, model, preset.capabilities);
  const stale = new Set<string>();
  return {
    name: `${preset.name}/${model}`,
    capabilities: () => capabilities,
    async *stream(request, signal): AsyncGenerator<Delta, Reply> {
      const state: ResponsesState = { items: [], final: undefined };
      const watch = server.watch(signal);
      try {
        const api = await server.api;
        const body = (): ReturnType<typeof responsesBody> =>
          responsesBody(request, model, capabilities.features.thinking, stale);
        const answer = await api.responses(body(), watch).catch((error: unknown) => {
          // Reasoning of another model or organisation is refused; the conversation goes on without it.
          if (!isProviderError(error) || !isStaleReasoning(error)) throw error;
          for (const signature of signaturesOf(request)) stale.add(signature);
          return api.responses(body(), watch);
        });
        const fold = (event: Parameters<typeof foldResponses>[2]) => foldResponses(service, state, event);
        yield* readEvents(service, answer, fold, () => state.final !== undefined, watch);
        return whole(service, () => responsesReply(state));
      } finally {
        watch.close();
      }
    },
  };
};

/** Who takes reasoning back; nobody takes what has no signature, except DeepSeek. */
const takenBackBy = ({ reasoning }: Quirks): string => {
  if (reasoning === undefined) return 'openai';
  return reasoning === 'google' ? google.by : deepseek.by;
};

/** One model of any server that speaks Chat Completions. */
const chat = (host: PluginHost, preset: Preset, model: string): ModelProvider => {
  const server = serverOf(host, preset, model);
  const { service } = server;
  const capabilities = host.model(preset.name, model, preset.capabilities);
  const quirks: Quirks = {
    ...noQuirks,
    ...(isOpenAI(server.baseUrl) && { maxTokens: 'max_completion_tokens' }),
    ...preset.quirks,
  };
  return {
    name: `${preset.name}/${model}`,
    capabilities: () => capabilities,
    async *stream(request, signal): AsyncGenerator<Delta, Reply> {
      const state = chatState();
      const watch = server.watch(signal);
      try {
        const answer = await (await server.api).chat(chatBody(request, model, quirks), watch);
        const fold = (chunk: Parameters<typeof foldChat>[1]) => foldChat(state, chunk);
        yield* readEvents(service, answer, fold, () => state.finish !== null, watch);
        return whole(service, () => chatReply(state, takenBackBy(quirks)));
      } finally {
        watch.close();
      }
    },
  };
};

const all: readonly Preset[] = [...openai, azure, ...presets];

/** What the plugin brings. */
export const setup = (host: PluginHost): Contribution => ({
  providers: Object.fromEntries(
    all.map((preset) => [
      preset.name,
      (model: string) => (preset.name === 'openai' ? responses : chat)(host, preset, model),
    ]),
  ),
  embedders: Object.fromEntries(
    all
      .filter((preset) => preset.embeddings)
      .map((preset) => [preset.name, (model: string) => embedder(host, preset, model)]),
  ),
});
