import { realpathSync } from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isCopilotError } from '../../base/errors.ts';
import type { Redact } from '../../base/redact/redactor.ts';
import type { Embedder } from '../../core/embedder.ts';
import type { Memory, Remembered } from '../../core/memory.ts';
import { exportHeader, exportLine, exportMarkdown } from '../../engine/memory/export-items.ts';
import { memoryWords } from '../../engine/memory/words.ts';
import type { StoredItem } from '../../host/memory/item-row.ts';
import { memoryBank } from '../../host/memory/memory-bank.ts';
import { repoIdentity, type RepoIdentity } from '../../host/memory/repo-identity.ts';
import { memoryPath, type Env } from '../../host/paths.ts';
import { dropVectorSpace, openVectors, vectorSpaces } from '../../host/vectors/vectors.ts';
import { importMemory, type ImportOptions, type ImportReport } from './import-memory.ts';
import { management, type MemoryManagement } from './manage.ts';
import type { MemoryParts, Speaker } from './memory-parts.ts';
import { recaller, type RecalledItem, type RecallQuery } from './recall.ts';
import { remember } from './remember.ts';
import { sourceStates } from './source-states.ts';
import { vectorSpace, type VectorStore } from './vector-space.ts';
import { unopenable, verifyMemory, type VerifyReport } from './verify-memory.ts';

/** How memory is opened. */
export interface MemoryOptions {
  env: Env;
  /** The workspace. */
  root: string;
  redact: Redact;
  embedder: Embedder;
  /** Who remembers through {@link Memory.remember}. */
  speaker: Speaker;
  /** Those of this machine when left out. */
  vectors?: VectorStore;
  /** Milliseconds since the epoch; the clock's when left out. */
  now?: () => number;
}

/** Everything remembered, and what can be done with it. Paths of sources are relative to the workspace. */
export interface OpenMemory extends Memory, MemoryManagement {
  readonly path: string;
  readonly place: RepoIdentity;
  remember(...args: Parameters<Memory['remember']>): Promise<Remembered & { item: StoredItem }>;
  recall(query: RecallQuery, signal: AbortSignal): Promise<RecalledItem[]>;
  /** Items that were put before a run, or given to it. */
  used(ids: readonly string[]): void;
  /** What the last export lacks because the file is damaged; undefined when it is whole. */
  lacking(): string | undefined;
  /** Lines of an export that can be imported again; also of what a damaged file still gives. */
  exportLines(options?: { everywhere?: boolean | undefined }): Generator<string, void>;
  exportMarkdown(options?: { everywhere?: boolean | undefined }): string;
  import(path: string, options: ImportOptions, signal: AbortSignal): Promise<ImportReport>;
  verify(signal: AbortSignal): Promise<VerifyReport>;
  /** Gives every item its vector; it goes on by itself while the memory is open. */
  fill(signal: AbortSignal): Promise<number>;
  /** What somebody should know, each once. */
  notices(): string[];
  close(): Promise<void>;
}

const ownVectors: VectorStore = { open: openVectors, spaces: vectorSpaces, drop: dropVectorSpace };
/** How long a question waits for vectors that are being made. */
const fillWaitMs = 150;

/**
 * Opens memory. @throws CopilotError `E_MEMORY`, exit 3, when the database is damaged; it is never replaced.
 */
export const openMemory = async (options: MemoryOptions): Promise<OpenMemory> => {
  const { env, redact, embedder, speaker, vectors = ownVectors, now = Date.now } = options;
  const root = realpathSync(options.root);
  const place = await repoIdentity(root, env);
  const bank = memoryBank(memoryPath(env), memoryWords);
  const space = vectorSpace(bank, embedder, vectors);
  const states = sourceStates(bank, place, now);
  const parts: MemoryParts = { bank, space, states, place, root, env, redact, now };
  const recall = recaller(parts);
  const manage = management(parts);
  const closing = new AbortController();
  let filling: Promise<unknown> | undefined;
  const unfilled = (error: unknown): void => {
    if (!closing.signal.aborted) space.unusable(error);
  };
  const fillSoon = (): void => {
    try {
      if (space.missing() === 0) return;
    } catch (error) {
      // Vectors can be made again; what a damaged file still has of the items is read all the same.
      if (!isCopilotError(error)) throw error;
      unfilled(error);
      return;
    }
    filling ??= space
      .fill(closing.signal)
      .catch(unfilled)
      .finally(() => (filling = undefined));
  };
  fillSoon();

  // Kept relative to the top of the repository, shown relative to where we are.
  const below = relative(place.top, root);
  const shownPath = (path: string): string =>
    below === '' || isAbsolute(below) ? path : relative(root, join(place.top, path)).split(sep).join('/');
  const isHere = ({ scope }: StoredItem): boolean => scope.type !== 'user' && scope.repo === place.repo;
  const shown = <Item extends StoredItem>(item: Item): Item =>
    below === '' || !isHere(item)
      ? item
      : {
          ...item,
          sources: item.sources.map((source) =>
            source.type === 'file' ? { ...source, path: shownPath(source.path) } : source,
          ),
        };
  let unreadable: readonly number[] = [];
  const around = (everywhere: boolean | undefined): StoredItem[] => {
    const found = bank.reading(() => bank.items.salvage());
    unreadable = found.unreadable;
    return found.items.filter(({ scope }) => everywhere === true || scope.type === 'user' || scope.repo === place.repo);
  };
  return {
    path: bank.path,
    place,
    remember: async (draft, signal) => {
      const { item, outcome } = await remember(draft, speaker, parts, signal);
      return { item: shown(item), outcome };
    },
    recall: async (query, signal) => {
      if (filling) await Promise.race([filling, sleep(fillWaitMs, undefined, { ref: false })]);
      const found = await recall(query, signal);
      return found.map((one) => ({
        ...one,
        item: shown(one.item),
        ...(one.moved ? { moved: one.moved.map((at) => ({ ...at, path: shownPath(at.path) })) } : {}),
      }));
    },
    judge: (ids, outcome) => {
      bank.change(() => {
        bank.items.count(ids, outcome, now());
      });
    },
    used: (ids) => {
      bank.change(() => {
        bank.items.count(ids, 'uses', now());
      });
    },
    list: (filter) => manage.list(filter).map(shown),
    show: (id) => {
      const { item, sources, contradicts } = manage.show(id);
      return {
        item: shown(item),
        sources: sources.map(({ source, state }) => ({
          state,
          source: source.type === 'file' && isHere(item) ? { ...source, path: shownPath(source.path) } : source,
        })),
        contradicts: contradicts.map(({ item: other, why }) => ({ item: shown(other), why })),
      };
    },
    edit: async (id, changes, signal) => shown(await manage.edit(id, changes, signal)),
    forget: (ids) => manage.forget(ids).map(shown),
    inbox: (filter) => manage.inbox(filter).map(shown),
    accept: (ids) => manage.accept(ids).map(shown),
    reject: (ids) => manage.reject(ids).map(shown),
    stats: manage.stats,
    lacking: () => {
      const { length } = unreadable;
      if (length > 0) return `${length} ${length === 1 ? 'item' : 'items'} cannot be read, and not be exported.`;
      return bank.integrity().length > 0 ? 'The file is damaged: there may have been more items.' : undefined;
    },
    *exportLines({ everywhere } = {}) {
      yield exportHeader(now());
      for (const item of around(everywhere)) yield exportLine(item);
    },
    exportMarkdown: ({ everywhere } = {}) => exportMarkdown(around(everywhere).map(shown)),
    import: async (path, how, signal) => {
      const report = await importMemory(path, how, parts, signal);
      fillSoon();
      return report;
    },
    verify: (signal) => verifyMemory(parts, signal),
    fill: (signal) => space.fill(signal),
    notices: () => space.notices(),
    close: async () => {
      closing.abort();
      await filling;
      await space.close();
      bank.close();
    },
  };
};

/** Looks at a memory that may not even open. */
export const verifyAnyMemory = async (options: MemoryOptions, signal: AbortSignal): Promise<VerifyReport> => {
  let memory: OpenMemory;
  try {
    memory = await openMemory(options);
  } catch (error) {
    return unopenable(memoryPath(options.env), error);
  }
  try {
    return await memory.verify(signal);
  } finally {
    await memory.close();
  }
};
