import { existsSync } from 'node:fs';
import { messageOf } from '../../base/errors.ts';
import type { Redact } from '../../base/redact/redactor.ts';
import type { Config } from '../../core/config.ts';
import type { Recorded } from '../../core/event.ts';
import type { Memory } from '../../core/memory.ts';
import type { Origin } from '../../core/message.ts';
import type { Plugin } from '../../core/plugin.ts';
import { dataDir, type Env } from '../../host/paths.ts';
import type { RemoteParts } from '../embedding/remote-parts.ts';
import type { RecalledBlock } from '../../engine/memory/recalled-block.ts';
import type { OpenMemory } from './open-memory.ts';

/** What memory is to a run. */
export interface RunMemory {
  readonly memory: Memory;
  /** What fits a task, as text to be put before it; undefined when nothing does, or it is switched off. */
  recalled(task: string, signal: AbortSignal): Promise<RecalledBlock | undefined>;
  /** After the end: judges what was recalled, and proposes what was learned. A run is what it is also where that fails. */
  learn(
    log: () => Iterable<Recorded>,
    worth: { verified: boolean; wrote: boolean },
    signal: AbortSignal,
  ): Promise<void>;
  /** What the human should know, each once. */
  notices(): string[];
  close(): Promise<void>;
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
  let opened: OpenMemory | undefined;
  let opening: Promise<{ memory: OpenMemory; end: () => Promise<void> }> | undefined;

  const open = (): Promise<OpenMemory> => {
    opening ??= (async () => {
      const [{ openMemory }, { openEmbedder }, { storeOfVectors }] = await Promise.all([
        import('./open-memory.ts'),
        import('../embedding/open-embedder.ts'),
        import('./store-of-vectors.ts'),
      ]);
      const embedder = await openEmbedder(options);
      const memory = await openMemory({
        ...{ env, root, redact, embedder: embedder.embedder(), vectors: storeOfVectors },
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
  const isThere = (): boolean => existsSync(`${dataDir(env)}/memory/memory.db`);
  const note = (memory: OpenMemory, ids: readonly string[]): void => {
    const fresh = ids.filter((id) => !recalledIds.has(id));
    for (const id of fresh) recalledIds.add(id);
    if (fresh.length > 0) memory.used(fresh);
  };

  const learnFrom = async (events: readonly Recorded[], isWorth: boolean, signal: AbortSignal): Promise<void> => {
    const { outcomeForRecalled, proposalsFrom } = await import('../../engine/memory/propose.ts');
    const memory = await open();
    const outcome = outcomeForRecalled(events);
    if (outcome !== undefined && recalledIds.size > 0) memory.judge([...recalledIds], outcome);
    for (const draft of isWorth ? proposalsFrom(events, root) : []) {
      const { outcome: became } = await memory.remember(draft, signal);
      if (became === 'proposed') told.push('What was done can be remembered: llm-copilot memory inbox');
    }
  };

  return {
    memory: {
      remember: async (draft, signal) => (await open()).remember(draft, signal),
      recall: async (query, signal) => {
        if (!isThere()) return [];
        const memory = await open();
        const found = await memory.recall(query, signal);
        note(
          memory,
          found.map(({ item }) => item.id),
        );
        return found;
      },
      judge: (ids, outcome) => {
        void open().then((memory) => memory.judge(ids, outcome));
      },
    },
    recalled: async (task, signal) => {
      if (settings.memory?.recall === false || task.trim() === '' || !isThere()) return undefined;
      const memory = await open();
      const found = await memory.recall({ text: task, limit: recallLimit }, signal);
      const { recalledBlock } = await import('../../engine/memory/recalled-block.ts');
      const block = recalledBlock(found);
      if (block) note(memory, block.ids);
      return block;
    },
    learn: async (log, { verified, wrote }, signal) => {
      const isWorth = verified && wrote;
      if (signal.aborted || (!isWorth && recalledIds.size === 0)) return;
      try {
        await learnFrom([...log()], isWorth, signal);
      } catch (error) {
        told.push(`Nothing could be remembered of this: ${messageOf(error)}`);
      }
    },
    notices: () => [...told.splice(0), ...(opened?.notices() ?? [])],
    close: async () => {
      const found = await opening?.catch(() => undefined);
      await found?.end();
    },
  };
};
