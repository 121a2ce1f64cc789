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
import { isStaleThinking, keyName, statusError } from './errors.ts';
import { postStream, type StreamAnswer } from './post-stream.ts';
import { readReply } from './reply.ts';
import { bodyOf } from './request.ts';

/** The version @anthropic-ai/sdk 1.11.0 sends; a contract test compares the two. */
const apiVersion = '2026-10-21';

const unknownModel: Capabilities = {
  contextWindow: 200_000,
  maxOutputTokens: 8192,
  images: true,
  thinking: false,
  price: null,
};

const textOf = async (body: AsyncIterable<Uint8Array>): Promise<string> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
};

const signaturesOf = ({ messages }: Request): string[] =>
  messages.flatMap(({ content }) =>
    content.flatMap((block) => (block.type === 'thinking' && block.signature !== undefined ? [block.signature] : [])),
  );

/**
 * One model of Anthropic's Messages API. Of the SDK it takes the wire types and the event decoder: its client needs
 * `fetch` (see `postStream`) and brings retries, logging and credential look-up that are not wanted here.
 */
const anthropic = (host: PluginHost, model: string): ModelProvider => {
  const key = host.secret(keyName);
  if (key === undefined) {
    throw new ProviderError('auth', `No key for Anthropic: ${keyName} is not set`, {
      hint: `Set ${keyName} to a key from https://platform.claude.com/settings/keys, or choose another provider with --model.`,
    });
  }
  const url = `${(host.env('ANTHROPIC_BASE_URL') ?? 'https://api.anthropic.com').replace(/\/+$/, '')}/v1/messages`;
  const headers = { accept: 'text/event-stream', 'anthropic-version': apiVersion, authorization: `Bearer ${key}` };
  const capabilities: Capabilities = { ...unknownModel, ...host.model('anthropic', model) };
  const stale = new Set<string>();

  const ask = async (request: Request, signal: AbortSignal): Promise<StreamAnswer> => {
    const body = bodyOf(request, model, capabilities.thinking, stale);
    const { stallTimeoutMs } = host;
    const answer = await postStream({ service: 'Anthropic', url, headers, body, stallTimeoutMs }, signal);
    if (answer.status !== 200) throw statusError(answer.status, answer.header, await textOf(answer.body));
    const type = answer.header('content-type') ?? '';
    if (!/html|json/.test(type)) return answer;
    const said = (await textOf(answer.body)).slice(0, 200);
    throw new ProviderError('invalid_request', `${url} answered ${type} where events were asked for: ${said}`, {
      hint: 'Check ANTHROPIC_BASE_URL.',
    });
  };

  return {
    name: `anthropic/${model}`,
    capabilities: () => capabilities,
    async *stream(request, signal): AsyncGenerator<Delta, Reply> {
      const asked = ask(request, signal).catch((error: unknown) => {
        // After a compaction earlier reasoning is refused; the conversation goes on without it.
        if (!isProviderError(error) || !isStaleThinking(error)) throw error;
        for (const signature of signaturesOf(request)) stale.add(signature);
        return ask(request, signal);
      });
      // The decoder loads while the server thinks.
      const [answer, { Stream }] = await Promise.all([asked, import('@anthropic-ai/sdk/core/streaming')]);
      // The decoder reads nothing of a response but its body.
      return yield* readReply(Stream.rawEvents({ body: answer.body } as unknown as Response));
    },
  };
};

/** What the plugin brings. */
export const setup = (host: PluginHost): Contribution => ({
  providers: { anthropic: (model) => anthropic(host, model) },
});
