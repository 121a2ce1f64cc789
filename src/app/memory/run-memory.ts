import { existsSync } from 'node:fs';
import { isCopilotError, messageOf } from '../../base/errors.ts';
import type { Redact } from '../../base/redact/redactor.ts';
import type { Config } from '../../core/config.ts';
import type { Recorded } from '../../core/event.ts';
import type { Memory } from '../../core/memory.ts';
import type { Origin } from '../../core/message.ts';
import type { Plugin } from '../../core/plugin.ts';
import { isToolError, ToolError } from '../../core/tool.ts';
import { memoryPath, type Env } from '../../host/paths.ts';
import type { RemoteParts } from '../embedding/remote-parts.ts';
import type { RecalledBlock } from '../../engine/memory/recalled-block.ts';
import type { OpenMemory } from './open-memory.ts';

/** What memory is to a run. */
export interface RunMemory {
  readonly memory: Memory;
  /**
   * What fits a task, as text to be put before it; undefined when nothing does, it is switched off, or memory cannot be
   * used: a run goes on without.
   * @param said what the conversation holds already.
   */
  recalled(task: string, said: () => string, signal: AbortSignal): Promise<RecalledBlock | undefined>;
  /** After the end: judges what was recalled, and proposes what was learned. A run is what it is also where that fails. */
  learn(log: () => Iterable<Recorded>, worth: Worth, signal: AbortSignal): Promise<void>;
  /** What the human should know, each once. */
  notices(): string[];
  close(): Promise<void>;
}

/** What is said of a run that ended. */
export interface Worth {
  /** Its id: that of the workflow. */
  workflow: string;
  verified: boolean;
  wrote: boolean;
}

/** What it is opened from. */
export interface RunMemoryOptions {
  env: Env;
  root: string;
  settings: Config;
  plugins: readonly Plugin[];
  redact: Redact;
  remote: () => Promise<RemoteParts>;
  /** The newest event of the session. */
  at: () => { session: string; seq: number };
  /** Where text in the conversation came from, when that is not the workspace. */
  origin: () => Origin | undefined;
}

/** Items put before a task. */
const recallLimit = 6;

/** The memory of a run. Nothing is loaded or opened before it is used, and nothing recalled where nothing is remembered. */
export const runMemory = (options: RunMemoryOptions): RunMemory => {
  const { env, root, settings, redact, at, origin } = options;
  const recalledIds = new Set<string>();
  const told: string[] = [];
  const known = new Set<string>();
  // What fails at the start fails at the end once more, and is said once.
  const tell = (what: string, error: unknown): void => {
    const message = messageOf(error);
    if (known.has(message)) return;
    known.add(message);
    told.push(`${what}: ${message}${isCopilotError(error) && error.hint !== undefined ? ` ${error.hint}` : ''}`);
  };
  let isHeld = false;
  let opened: OpenMemory | undefined;
  let opening: Promise<{ memory: OpenMemory; end: () => Promise<void> }> | undefined;

  const open = (): Promise<OpenMemory> => {
    opening ??= (async () => {
      const [{ openMemory }, { memoryEmbedder }, { storeOfVectors }] = await Promise.all([
        import('./open-memory.ts'),
        import('./memory-embedder.ts'),
        import('./store-of-vectors.ts'),
      ]);
      const embedder = await memoryEmbedder(options);
      const memory = await openMemory({
        ...{ env, root, redact, embedder: embedder.embedder, vectors: storeOfVectors },
        speaker: {
          by: 'agent',
          autoAccept: settings.memory?.autoAccept === true,
          source: () => ({ type: 'session', ...at() }),
          origin,
        },
      });
      opened = memory;
      const end = async (): Promise<void> => {
        await memory.close();
        embedder.close();
      };
      return { memory, end };
    })();
    return opening.then(({ memory }) => memory);
  };
  const isThere = (): boolean => existsSync(memoryPath(env));
  const note = (memory: OpenMemory, ids: readonly string[]): void => {
    const fresh = ids.filter((id) => !recalledIds.has(id));
    for (const id of fresh) recalledIds.add(id);
    if (fresh.length > 0) counting(() => memory.used(fresh));
  };
  /** How often something was of use is nice to know; a run neither fails nor waits twice for it. */
  const counting = (count: () => void): void => {
    if (isHeld) return;
    try {
      count();
    } catch (error) {
      isHeld = true;
      tell('What was recalled is not counted', error);
    }
  };
  /** A model is told what it can do about it: nothing; the run goes on. */
  const asTool = async <T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      if (isToolError(error) && !isCopilotError(error)) throw error;
      tell('Memory could not be used', error);
      throw new ToolError(`Memory cannot be used now: ${messageOf(error)}`, { cause: error });
    }
  };

  const learnFrom = async (
    events: readonly Recorded[],
    workflow: string,
    isWorth: boolean,
    signal: AbortSignal,
  ): Promise<void> => {
    const { outcomeForRecalled, proposalsFrom } = await import('../../engine/memory/propose.ts');
    const memory = await open();
    const outcome = outcomeForRecalled(events, workflow);
    if (outcome !== undefined && recalledIds.size > 0) counting(() => memory.judge([...recalledIds], outcome));
    for (const draft of isWorth ? proposalsFrom(events, root) : []) {
      const { outcome: became } = await memory.remember(draft, signal);
      if (became === 'proposed') told.push('What was done can be remembered: llm-copilot memory inbox');
    }
  };

  return {
    memory: {
      remember: (draft, signal) => asTool(async () => (await open()).remember(draft, signal), signal),
      recall: (query, signal) =>
        asTool(async () => {
          if (!isThere()) return [];
          const memory = await open();
          const found = await memory.recall(query, signal);
          note(
            memory,
            found.map(({ item }) => item.id),
          );
          return found;
        }, signal),
      judge: (ids, outcome) => {
        void open()
          .then((memory) => counting(() => memory.judge(ids, outcome)))
          .catch((error: unknown) => tell('Memory could not be used', error));
      },
    },
    recalled: async (task, said, signal) => {
      if (settings.memory?.recall === false || task.trim() === '' || !isThere()) return undefined;
      try {
        const memory = await open();
        const found = await memory.recall({ text: task, limit: recallLimit }, signal);
        const { recalledBlock } = await import('../../engine/memory/recalled-block.ts');
        const block = recalledBlock(found, said());
        if (block) note(memory, block.ids);
        return block;
      } catch (error) {
        signal.throwIfAborted();
        tell('Nothing is recalled', error);
        return undefined;
      }
    },
    learn: async (log, { workflow, verified, wrote }, signal) => {
      const isWorth = verified && wrote;
      if (signal.aborted || (!isWorth && recalledIds.size === 0)) return;
      try {
        await learnFrom([...log()], workflow, isWorth, signal);
      } catch (error) {
        tell('Nothing could be remembered of this', error);
      }
    },
    notices: () => [...told.splice(0), ...(opened?.notices() ?? [])],
    close: async () => {
      const found = await opening?.catch(() => undefined);
      await found?.end();
    },
  };
};
