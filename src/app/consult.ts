import { isCopilotError } from '../base/errors.ts';
import type { Config } from '../core/config.ts';
import type { Event } from '../core/event.ts';
import { userMessage } from '../core/message.ts';
import type { Plugin } from '../core/plugin.ts';
import type { Env } from '../host/paths.ts';
import { open } from './open.ts';

/** Who asks, and where. */
export interface ConsultPlace {
  env: Env;
  /** The repository's top: its configuration and trust count. */
  cwd: string;
  plugins: readonly Plugin[];
  /** Flags that are configuration, such as `model`. */
  flags?: Config;
  /** What the session in the log is called. */
  title: string;
}

/** One question without tools. */
export interface Question {
  /** An agent of `templates/agents` with `tools: none`. */
  agent: string;
  /** The evidence and what to make of it. */
  text: string;
  /** JSON Schema the answer must fit. */
  schema: object;
}

/** What the questions took. */
export interface Consumed {
  inputTokens: number;
  outputTokens: number;
  /** Null when the price of any call is not known. */
  costUsd: number | null;
}

/** A model to ask, for who gathered the evidence already: logged, within the budgets, secrets taken out. */
export interface Consultant {
  readonly model: string;
  /** What the human should know, one line each. */
  readonly notices: readonly string[];
  /** @throws CopilotError when the model cannot answer, or not in that shape; the signal's reason */
  ask(question: Question): Promise<unknown>;
  readonly consumed: Consumed;
  close(): Promise<void>;
}

/**
 * Opens a session to ask in. Undefined when no model is named and no key is set: who asks then does without.
 * @throws CopilotError for what the human must mend first.
 */
export const openConsultant = async (place: ConsultPlace, signal: AbortSignal): Promise<Consultant | undefined> => {
  const { title, flags = {} } = place;
  const job = await open({
    ...{ prompt: title, images: [], cwd: place.cwd, env: place.env, plugins: place.plugins, signal },
    ...{ flags: { ...flags, memory: { recall: false } }, session: {} },
    ...{ allowedTools: [], disallowedTools: [], addDirs: [] },
  }).catch((error: unknown) => {
    if (isCopilotError(error) && error.code === 'E_NO_MODEL') return undefined;
    throw error;
  });
  if (!job) return undefined;
  const { context, store, session } = job;
  const consumed: Consumed = { inputTokens: 0, outputTokens: 0, costUsd: 0 };
  const record = (event: Event): void => {
    store.append(session.id, event);
    if (event.type !== 'usage' && event.type !== 'usage.assumed') return;
    const { costUsd } = consumed;
    consumed.costUsd = costUsd === null || event.costUsd === null ? null : costUsd + event.costUsd;
    if (event.type === 'usage') {
      consumed.inputTokens += event.usage.inputTokens;
      consumed.outputTokens += event.usage.outputTokens;
    }
  };
  for (const use of job.uses) record({ type: 'secret.used', run: context.id, ...use });
  return {
    model: job.model,
    notices: job.notices,
    consumed,
    ask: async ({ agent, text, schema }) => {
      const answering = context.run({ agent, messages: [userMessage(text)], outputSchema: schema });
      for (;;) {
        const step = await answering.next();
        if (step.done) {
          if (step.value.error) throw step.value.error;
          return step.value.result;
        }
        const { type } = step.value;
        if (type !== 'text.delta' && type !== 'thinking.delta' && type !== 'tool.progress') record(step.value);
      }
    },
    close: () => job.close(),
  };
};
