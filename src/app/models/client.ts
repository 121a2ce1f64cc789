import { randomUUID } from 'node:crypto';
import { onAbort } from '../../base/on-abort.ts';
import { isProviderError, type ModelProvider, type Reply, type Request } from '../../core/provider.ts';
import type { Config } from '../../core/config.ts';
import { callsOf, textOf } from '../../core/message.ts';
import type { Plugin } from '../../core/plugin.ts';
import type { Env } from '../../host/paths.ts';
import { checkedBody } from './chat-body.ts';
import { extensionsOf, isRestart, note, noNotes } from './client-notes.ts';
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
      create(body: ChatBody, options?: { signal?: AbortSignal }): Promise<ChatCompletion | AsyncIterable<ChatChunk>>;
    };
  };
  /** Closes what it opened once the calls under way have ended. A later call opens it again. */
  close(): void;
}

type Stream = ModelProvider['stream'];

const toolCalls = (reply: Reply): ToolCallParam[] =>
  callsOf(reply.content).map(({ callId, name, input }) => ({
    id: callId,
    type: 'function',
    function: { name, arguments: typeof input === 'string' ? input : JSON.stringify(input) },
  }));

const thinkingOf = (reply: Reply): string =>
  reply.content.flatMap((block) => (block.type === 'thinking' ? [block.text] : [])).join('\n\n');

/**
 * Asks once more when a conversation is too long for the first model: a run would make room for it, here others have to
 * answer.
 */
async function* unshortened(provider: ModelProvider, request: Request, signal: AbortSignal): ReturnType<Stream> {
  try {
    return yield* provider.stream(request, signal);
  } catch (error) {
    if (!isProviderError(error) || error.kind !== 'context_too_long' || (provider.alternatives?.().length ?? 1) < 2)
      throw error;
    yield { type: 'retry', model: provider.name, attempt: 1, waitMs: 0, reason: error.message };
  }
  return yield* provider.stream(request, signal);
}

/** Makes a client over the same router a run uses; nothing is opened before the first call. */
export const openClient = (options: ClientOptions): Client => {
  const { plugins, env = process.env, cwd = process.cwd(), config = {} } = options;
  let opened: Promise<OpenModels> | undefined;
  const open = (): Promise<OpenModels> => {
    if (opened) return opened;
    const opening = import('./open-models.ts').then(({ openModels }) => openModels({ plugins, env, cwd, config }));
    opened = opening;
    // What was wrong may be mended: the next call tries again.
    opening.catch(() => {
      if (opened === opening) opened = undefined;
    });
    return opening;
  };
  const none = new AbortController().signal;
  const underWay = new Set<object>();
  const toClose: Promise<OpenModels>[] = [];
  const closeIdle = (): void => {
    if (underWay.size > 0) return;
    for (const one of toClose.splice(0)) one.then((models) => models.close()).catch(() => undefined);
  };
  /** Counts as a call under way until the returned function is called. */
  const enter = (): (() => void) => {
    const call = {};
    underWay.add(call);
    return () => {
      underWay.delete(call);
      closeIdle();
    };
  };

  const begin = async (body: ChatBody, signal: AbortSignal) => {
    signal.throwIfAborted();
    const models = await open();
    const provider: ModelProvider = body.model === undefined ? models.provider : await models.only(body.model);
    const { request, losses } = requestOf(body, provider.capabilities().constraints.tokens.max_output_tokens);
    const notes = noNotes();
    const finish = (reply: Reply): ChatExtensions => {
      const extensions = extensionsOf(notes, reply, provider.name);
      return { ...extensions, losses: [...losses, ...extensions.losses] };
    };
    const head = { id: `chatcmpl-${randomUUID()}`, created: Math.floor(Date.now() / 1000) };
    return { provider, stream: unshortened(provider, request, signal), notes, finish, head };
  };

  const whole = async (body: ChatBody, signal: AbortSignal): Promise<ChatCompletion> => {
    const leave = enter();
    try {
      return await answer(body, signal);
    } finally {
      leave();
    }
  };

  const answer = async (body: ChatBody, signal: AbortSignal): Promise<ChatCompletion> => {
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
        else if (isRestart(delta)) yield { ...chunk({}), choices: [], extensions: { restarted: true } };
      }
    } finally {
      await stream.return({ content: [], stopReason: 'end', usage: undefined });
    }
  }

  /**
   * The first piece is waited for: what fails before it fails the call, not the loop over its pieces. A stream nobody reads
   * holds its place until it is closed or aborted.
   */
  const streaming = async (body: ChatBody, signal: AbortSignal): Promise<AsyncIterable<ChatChunk>> => {
    const leave = enter();
    const all = pieces(body, signal);
    const stop = async (): Promise<void> => {
      forget();
      await all.return().catch(() => undefined);
      leave();
    };
    const forget = onAbort(signal, () => void stop());
    const next = async (): Promise<IteratorResult<ChatChunk, void>> => {
      try {
        const step = await all.next();
        if (!step.done) return step;
        await stop();
        signal.throwIfAborted();
        return step;
      } catch (error) {
        await stop();
        throw error;
      }
    };
    let first: Promise<IteratorResult<ChatChunk, void>> | undefined = next();
    await first;
    // No generator: one that was never begun would end without closing what it reads.
    const stream: AsyncIterableIterator<ChatChunk, void> = {
      next: () => {
        const step = first ?? next();
        first = undefined;
        return step;
      },
      return: async () => {
        first = undefined;
        await stop();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]: () => stream,
    };
    return stream;
  };

  function create(body: ChatBody & { stream?: false }, options?: { signal?: AbortSignal }): Promise<ChatCompletion>;
  function create(
    body: ChatBody & { stream: true },
    options?: { signal?: AbortSignal },
  ): Promise<AsyncIterable<ChatChunk>>;
  function create(
    body: ChatBody,
    options?: { signal?: AbortSignal },
  ): Promise<ChatCompletion | AsyncIterable<ChatChunk>>;
  async function create(
    given: ChatBody,
    options?: { signal?: AbortSignal | null } | null,
  ): Promise<ChatCompletion | AsyncIterable<ChatChunk>> {
    const body = checkedBody(given);
    const signal = options?.signal ?? none;
    return body.stream === true ? streaming(body, signal) : whole(body, signal);
  }
  return {
    chat: { completions: { create } },
    close: () => {
      if (opened) toClose.push(opened);
      opened = undefined;
      closeIdle();
    },
  };
};
