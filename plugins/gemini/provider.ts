import {
  isProviderError,
  type Contribution,
  type Delta,
  type ModelProvider,
  type PluginHost,
  type Reply,
  type Request,
} from 'llm-copilot-agent';
import { embedder } from './embedder.ts';
import { signatureProblem } from './errors.ts';
import { readReply } from './reply.ts';
import { bodyOf } from './request.ts';
import { serverOf } from './server.ts';

const signaturesOf = ({ messages }: Request): string[] =>
  messages.flatMap(({ content }) =>
    content.flatMap((block) => (block.type === 'thinking' && block.signature !== undefined ? [block.signature] : [])),
  );

/** Models before Gemini 3 ask for no signatures, and it is not said that they take the value for calls of others. */
const asksForSignatures = (model: string): boolean => !/^(?:gemini-[12]\b|gemma|learnlm)/.test(model);

/** One model of the Gemini API. */
const gemini = (host: PluginHost, name: string): ModelProvider => {
  const server = serverOf(host);
  // The API's own lists name them so.
  const model = name.replace(/^models\//, '');
  const capabilities = host.model('gemini', model);
  const stale = new Set<string>();
  let signForeign = asksForSignatures(model);
  return {
    name: `gemini/${model}`,
    capabilities: () => capabilities,
    async *stream(request, signal): AsyncGenerator<Delta, Reply> {
      const watch = server.watch(signal);
      try {
        const ask = (): Promise<AsyncGenerator<unknown, void>> => {
          const { thinking } = capabilities.features;
          return server.api.stream(model, bodyOf(request, { thinking, signForeign, stale }), watch);
        };
        const events = await ask().catch((error: unknown) => {
          const problem = isProviderError(error) ? signatureProblem(error) : undefined;
          if (problem === undefined) throw error;
          // Signatures of another model or project are refused; the conversation goes on without them.
          if (problem === 'stale') for (const signature of signaturesOf(request)) stale.add(signature);
          else signForeign = true;
          return ask();
        });
        return yield* readReply(events, request, () => watch.settle());
      } finally {
        watch.close();
      }
    },
  };
};

/** What the plugin brings. */
export const setup = (host: PluginHost): Contribution => ({
  providers: { gemini: (model) => gemini(host, model) },
  embedders: { gemini: (model) => embedder(serverOf(host), model) },
});
