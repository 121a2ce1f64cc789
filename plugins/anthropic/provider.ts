import {
  isProviderError,
  ProviderError,
  stallWatch,
  type Contribution,
  type Delta,
  type Manifest,
  type ModelProvider,
  type PluginHost,
  type Reply,
  type Request,
} from 'llm-copilot-agent';
import { isStaleThinking, keyName } from './errors.ts';
import { readReply } from './reply.ts';
import { bodyOf } from './request.ts';

const signaturesOf = ({ messages }: Request): string[] =>
  messages.flatMap(({ content }) =>
    content.flatMap((block) => (block.type === 'thinking' && block.signature !== undefined ? [block.signature] : [])),
  );

const isHttp = (url: string): boolean => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);

/** What the API demands of every request, under what the tables say (its reference, read 2026-11-27). */
const wire: Manifest = {
  features: { stop_sequences: true },
  constraints: { messages: { tool_call_id: '[a-zA-Z0-9_-]+' } },
};

/** One model of Anthropic's Messages API. */
const anthropic = (host: PluginHost, model: string): ModelProvider => {
  const key = host.secret(keyName);
  if (key === undefined) {
    throw new ProviderError('auth', `No key for Anthropic: ${keyName} is not set`, {
      hint: `Set ${keyName} to a key from https://platform.claude.com/settings/keys, or choose another provider with --model.`,
    });
  }
  const { stallTimeoutMs, fetch } = host;
  const baseUrl = (host.env('ANTHROPIC_BASE_URL') ?? 'https://api.anthropic.com').replace(/\/+$/, '');
  // The SDK loads while the start-up goes on; should it fail to, the first request says so.
  const connected = import('./client.ts').then(({ connect }) => connect({ baseUrl, key, stallTimeoutMs, fetch }));
  connected.catch(() => undefined);
  const capabilities = host.model('anthropic', model, wire);
  const stale = new Set<string>();

  return {
    name: `anthropic/${model}`,
    capabilities: () => capabilities,
    async *stream(request, signal): AsyncGenerator<Delta, Reply> {
      signal.throwIfAborted();
      if (!isHttp(baseUrl)) throw new ProviderError('invalid_request', `Anthropic: not an http(s) URL: ${baseUrl}`);
      const watch = stallWatch('Anthropic', stallTimeoutMs, signal);
      try {
        const ask = await connected;
        const body = (): ReturnType<typeof bodyOf> => bodyOf(request, model, capabilities.features, stale);
        const answer = await ask(body(), watch).catch((error: unknown) => {
          // After a compaction earlier reasoning is refused; the conversation goes on without it.
          if (!isProviderError(error) || !isStaleThinking(error)) throw error;
          for (const signature of signaturesOf(request)) stale.add(signature);
          return ask(body(), watch);
        });
        return yield* readReply(answer, key, () => watch.settle());
      } finally {
        watch.close();
      }
    },
  };
};

/** What the plugin brings. */
export const setup = (host: PluginHost): Contribution => ({
  providers: { anthropic: (model) => anthropic(host, model) },
});
