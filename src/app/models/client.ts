import { randomUUID } from 'node:crypto';
import type { Delta, ModelProvider, Reply } from '../../core/provider.ts';
import type { Config } from '../../core/config.ts';
import type { Loss } from '../../core/loss.ts';
import { callsOf, textOf } from '../../core/message.ts';
import type { Plugin } from '../../core/plugin.ts';
import type { Env } from '../../host/paths.ts';
import type { OpenModels } from './open-models.ts';
import {
  finishReasonOf,
  requestOf,
  usageOf,
  type ChatBody,
  type ChatChunk,
  type ChatCompletion,
  type ChatExtensions,
  type ToolCallParam,
} from './chat-completions.ts';

/** What a client is made from. */
export interface ClientOptions {
  plugins: readonly Plugin[];
  /** Where keys and settings come from; this process when left out. */
  env?: Env;
  /** The folder whose configuration counts; this process's when left out. */
  cwd?: string;
  /** Configuration over that of the files. */
  config?: Config;
}

/** Models behind the shape of OpenAI's client. */
export interface Client {
  chat: {
    completions: {
      /** One answer; of the router's choice, unless `model` names one. @throws ProviderError, CopilotError */
      create(body: ChatBody & { stream?: false }, options?: { signal?: AbortSignal }): Promise<ChatCompletion>;
      /**
       * The answer in pieces. A chunk whose extensions say `restarted` voids all before it: the model that gave them failed
       * and another one begins anew.
       */
      create(body: ChatBody & { stream: true }, options?: { signal?: AbortSignal }): Promise<AsyncIterable<ChatChunk>>;
    };
  };
  /** Closes what it opened. */
  close(): void;
}

/** What is noted while an answer comes. */
interface Notes {
  asked: string[];
  attempts: number;
  losses: Loss[];
  errors: Record<string, string>;
}

const note = (notes: Notes, delta: Delta): void => {
  if (delta.type === 'selected') {
    notes.asked.push(delta.model);
    notes.attempts += 1;
  } else if (delta.type === 'losses') notes.losses.push(...delta.losses);
  else if (delta.type === 'retry') {
    notes.errors[delta.model] = delta.reason;
    // Going over to another model counts when that one is asked; attempt 0 only waited.
    if (delta.waitMs > 0 && delta.attempt > 0) notes.attempts += 1;
    notes.losses = [];
  }
};

const extensionsOf = (notes: Notes, reply: Reply, model: string): ChatExtensions => ({
  provider_used: reply.model ?? model,
  used_fallback: new Set(notes.asked).size > 1,
  attempts: Math.max(1, notes.attempts),
  losses: notes.losses,
  provider_errors: notes.errors,
  cost_usd: reply.costUsd ?? null,
});

const toolCalls = (reply: Reply): ToolCallParam[] =>
  callsOf(reply.content).map(({ callId, name, input }) => ({
    id: callId,
    type: 'function',
    function: { name, arguments: typeof input === 'string' ? input : JSON.stringify(input) },
  }));

const thinkingOf = (reply: Reply): string =>
  reply.content.flatMap((block) => (block.type === 'thinking' ? [block.text] : [])).join('\n\n');

/** Makes a client over the same router a run uses; nothing is opened before the first call. */
export const openClient = (options: ClientOptions): Client => {
  const { plugins, env = process.env, cwd = process.cwd(), config = {} } = options;
  let opened: Promise<OpenModels> | undefined;
  const open = (): Promise<OpenModels> =>
    (opened ??= import('./open-models.ts').then(({ openModels }) => openModels({ plugins, env, cwd, config })));
  const none = new AbortController().signal;

  const begin = async (body: ChatBody, signal: AbortSignal) => {
    const models = await open();
    const provider: ModelProvider = body.model === undefined ? models.provider : await models.only(body.model);
    const { request, losses } = requestOf(body, provider.capabilities().constraints.tokens.max_output_tokens);
    const notes: Notes = { asked: [], attempts: 0, losses: [], errors: {} };
    const finish = (reply: Reply): ChatExtensions => {
      const extensions = extensionsOf(notes, reply, provider.name);
      return { ...extensions, losses: [...losses, ...extensions.losses] };
    };
    const head = { id: `chatcmpl-${randomUUID()}`, created: Math.floor(Date.now() / 1000) };
    return { provider, stream: provider.stream(request, signal), notes, finish, head };
  };

  const whole = async (body: ChatBody, signal: AbortSignal): Promise<ChatCompletion> => {
    const { provider, stream, notes, finish, head } = await begin(body, signal);
    for (;;) {
      const step = await stream.next();
      if (!step.done) {
        note(notes, step.value);
        continue;
      }
      const reply = step.value;
      const calls = toolCalls(reply);
      const reasoning = thinkingOf(reply);
      const text = textOf(reply.content);
      return {
        ...head,
        object: 'chat.completion',
        model: reply.model ?? provider.name,
        choices: [
          {
            index: 0,
            message: {
              role: 'assistant',
              content: text === '' && calls.length > 0 ? null : text,
              ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
              ...(calls.length === 0 ? {} : { tool_calls: calls }),
            },
            finish_reason: finishReasonOf(reply.stopReason),
          },
        ],
        usage: reply.usage ? usageOf(reply.usage) : null,
        extensions: finish(reply),
      };
    }
  };

  async function* pieces(body: ChatBody, signal: AbortSignal): AsyncGenerator<ChatChunk, void> {
    const { provider, stream, notes, finish, head } = await begin(body, signal);
    let model = provider.name;
    const chunk = (delta: ChatChunk['choices'][number]['delta'], finish_reason: string | null = null): ChatChunk => ({
      ...head,
      object: 'chat.completion.chunk',
      model,
      choices: [{ index: 0, delta, finish_reason }],
    });
    try {
      for (;;) {
        const step = await stream.next();
        if (step.done) {
          const reply = step.value;
          const calls = toolCalls(reply);
          if (calls.length > 0) yield chunk({ tool_calls: calls.map((call, index) => ({ index, ...call })) });
          const usage = reply.usage ? usageOf(reply.usage) : null;
          yield { ...chunk({}, finishReasonOf(reply.stopReason)), usage, extensions: finish(reply) };
          return;
        }
        const delta = step.value;
        note(notes, delta);
        if (delta.type === 'selected') model = delta.model;
        else if (delta.type === 'text.delta') yield chunk({ content: delta.text });
        else if (delta.type === 'thinking.delta') yield chunk({ reasoning_content: delta.text });
        else if (delta.type === 'retry') yield { ...chunk({}), choices: [], extensions: { restarted: true } };
      }
    } finally {
      await stream.return({ content: [], stopReason: 'end', usage: undefined });
    }
  }

  /** The first piece is waited for: what fails before it fails the call, not the loop over its pieces. */
  const streaming = async (body: ChatBody, signal: AbortSignal): Promise<AsyncIterable<ChatChunk>> => {
    const all = pieces(body, signal);
    const first = await all.next();
    return (async function* () {
      try {
        if (!first.done) yield first.value;
        yield* all;
      } finally {
        await all.return();
      }
    })();
  };

  function create(body: ChatBody & { stream?: false }, options?: { signal?: AbortSignal }): Promise<ChatCompletion>;
  function create(
    body: ChatBody & { stream: true },
    options?: { signal?: AbortSignal },
  ): Promise<AsyncIterable<ChatChunk>>;
  function create(body: ChatBody, { signal = none }: { signal?: AbortSignal } = {}): Promise<unknown> {
    return body.stream === true ? streaming(body, signal) : whole(body, signal);
  }
  return {
    chat: { completions: { create } },
    close: () => {
      opened?.then((models) => models.close()).catch(() => undefined);
      opened = undefined;
    },
  };
};
