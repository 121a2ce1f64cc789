import {
  isProviderError,
  ProviderError,
  type ProviderErrorKind,
  type Delta,
  type ModelProvider,
  type Reply,
  type Request,
} from '../../core/provider.ts';
import type { Message } from '../../core/message.ts';
import type { Candidate } from '../../core/route.ts';

/** A candidate with the providers that ask it. */
export interface Link extends Candidate {
  /** Gives up soon: somebody else is left. */
  readonly brief: ModelProvider;
  /** Tries for long: nobody else is left. Shares what `brief` knows of limits and failures. */
  readonly patient: ModelProvider;
  /** It failed a moment ago. */
  isResting(): boolean;
}

/** Who may be asked by {@link fallingBack}, and in which order. */
export interface Fallback {
  /** At least one; the first stands for all before anybody was asked. */
  links: readonly Link[];
  /** Who is asked for a request, in order; everybody as listed when it is left out. */
  order?: (request: Request) => readonly Link[];
  /** The first link's when left out. */
  name?: string;
}

interface Failure {
  link: Link;
  error: ProviderError;
}

/** Why the model is asked that comes first. */
export const firstChoice = 'first choice';

const kindText = (kind: ProviderErrorKind): string => kind.replaceAll('_', ' ');

/** One error for all failures: of the kind of the last that may pass; of kind `auth` only if all are. */
const together = (failures: readonly Failure[]): ProviderError | undefined => {
  const errors = failures.map(({ error }) => error);
  const told =
    errors.findLast(({ retryable }) => retryable) ?? errors.findLast(({ kind }) => kind !== 'auth') ?? errors.at(-1);
  if (failures.length <= 1 || !told) return told;
  const lines = failures.map(({ link, error }) => `  ${link.name}: ${error.message.replaceAll('\n', '\n    ')}`);
  const hint = errors.find((error) => error.hint !== undefined)?.hint;
  return new ProviderError(told.kind, `No model answered:\n${lines.join('\n')}`, {
    ...(hint !== undefined && { hint }),
    ...(told.retryAfterMs !== undefined && { retryAfterMs: told.retryAfterMs }),
    cause: told,
  });
};

/**
 * Asks one model after another until one answers. While another is left each is asked briefly, the last one patiently; if
 * patience is of no use there, because it rests or will not answer however often it is asked, it goes to the first of the
 * others that may recover. A conversation that is too long is handed back once, so that room can be made for the model that
 * was asked; if it still is, or there is only a task, others are asked.
 * `selected` says who is asked and why; a `retry` delta before it voids what the one that failed has streamed.
 * @throws ProviderError with one line per attempt, and at once whatever is none.
 */
export const fallingBack = ({ links, order, name }: Fallback): ModelProvider => {
  const [head] = links;
  if (!head) throw new Error('fallingBack needs a model');
  /** First messages of conversations that were handed back as too long, until they are answered. */
  const handedBack = new WeakSet<Message>();
  const isHandedBack = ({ messages: [start, ...rest] }: Request): boolean => {
    if (!start || rest.length === 0 || handedBack.has(start)) return false;
    handedBack.add(start);
    return true;
  };
  const whyAsked = (link: Link, last: Failure | undefined): string => {
    if (last) return `${last.link.name} failed: ${kindText(last.error.kind)}`;
    if (link.name === head.name) return firstChoice;
    return head.isResting() ? `${head.name} failed a moment ago` : 'first choice for this request';
  };

  async function* stream(request: Request, signal: AbortSignal): AsyncGenerator<Delta, Reply> {
    const ordered = order?.(request) ?? links;
    const failures: Failure[] = [];
    async function* ask(link: Link, provider: ModelProvider): AsyncGenerator<Delta, Reply | undefined> {
      const last = failures.at(-1);
      if (last)
        yield {
          type: 'retry',
          model: last.link.name,
          attempt: failures.length,
          waitMs: 0,
          reason: last.error.message,
        };
      yield { type: 'selected', model: link.name, why: whyAsked(link, last) };
      try {
        const reply = yield* provider.stream(request, signal);
        const [start] = request.messages;
        if (start) handedBack.delete(start);
        return reply.model === undefined ? { ...reply, model: link.name } : reply;
      } catch (error) {
        signal.throwIfAborted();
        if (!isProviderError(error)) throw error;
        if (error.kind === 'context_too_long' && isHandedBack(request)) throw error;
        failures.push({ link, error });
        return undefined;
      }
    }
    for (const [index, link] of ordered.entries()) {
      const reply = yield* ask(link, index < ordered.length - 1 ? link.brief : link.patient);
      if (reply) return reply;
    }
    const mayPass = ({ error }: Failure): boolean => error.retryable && error.kind !== 'unavailable';
    const mayRecover = failures.find(mayPass);
    const last = failures.at(-1);
    if (mayRecover && last && !mayPass(last)) {
      const reply = yield* ask(mayRecover.link, mayRecover.link.patient);
      if (reply) return reply;
    }
    throw together(failures) ?? new Error('fallingBack was given nobody to ask');
  }

  return { name: name ?? head.name, capabilities: () => head.capabilities, stream };
};
