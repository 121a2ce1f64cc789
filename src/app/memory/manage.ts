import { usageError } from '../../base/errors.ts';
import type { MemoryItem, MemoryKind, MemoryScope, MemorySource } from '../../core/memory.ts';
import { isToolError } from '../../core/tool.ts';
import { citation, linesOf } from '../../engine/memory/cited-lines.ts';
import { limits } from '../../engine/memory/limits.ts';
import { citedFile } from '../../host/memory/cited-file.ts';
import { textHash, type StoredItem } from '../../host/memory/item-row.ts';
import type { MemoryParts } from './memory-parts.ts';
import { itemFinder } from './item-finder.ts';
import { findNear, linkContradictions } from './remember.ts';
import { keptText } from './resolve-draft.ts';
import type { SourceState } from './source-states.ts';

/** Which items are listed: those of this repository and those that hold everywhere, unless asked for otherwise. */
export interface ListFilter {
  status?: MemoryItem['status'] | undefined;
  kind?: MemoryKind | undefined;
  scope?: 'user' | 'repo' | undefined;
  stale?: boolean | undefined;
  expired?: boolean | undefined;
  /** Of all repositories. */
  everywhere?: boolean | undefined;
}

/** An item with all that is known of it. */
export interface ShownItem {
  item: StoredItem;
  sources: { source: MemorySource; state: SourceState }[];
  contradicts: { item: StoredItem; why: string }[];
}

/** What is changed of an item; what is left out stays. */
export interface ItemChanges {
  text?: string | undefined;
  kind?: MemoryKind | undefined;
  scope?: MemoryScope | undefined;
  confidence?: number | undefined;
  /** Milliseconds since the epoch; null: never. */
  expiresAt?: number | null | undefined;
  /** It still holds although cited lines changed: they count as they are now; those that are gone are cited no more. */
  stillHolds?: boolean | undefined;
}

/** How much is remembered. */
export interface MemoryStats {
  path: string;
  items: number;
  byKind: Partial<Record<MemoryKind, number>>;
  byScope: Partial<Record<MemoryScope['type'], number>>;
  byStatus: Partial<Record<MemoryItem['status'], number>>;
  /** Distinct repositories. */
  repos: number;
  stale: number;
  expired: number;
  contradictions: number;
  bytes: number;
  /** Who makes the vectors, and how many are still missing. */
  space: string;
  missingVectors: number;
  spaces: { name: string; dimensions: number; vectors: number }[];
}

/** What the user does with memory. Ids may be shortened to a unique beginning, with or without `m_`. */
export interface MemoryManagement {
  /** Newest first; cited lines are looked at. */
  list(filter?: ListFilter): StoredItem[];
  show(id: string): ShownItem;
  edit(id: string, changes: ItemChanges, signal: AbortSignal): Promise<StoredItem>;
  /** Deletes texts and vectors; ids are kept so that no import brings them back. All or none. */
  forget(ids: readonly string[]): StoredItem[];
  /** Proposed items of this repository and of everywhere, oldest first. */
  inbox(options?: { everywhere?: boolean | undefined }): StoredItem[];
  accept(ids: readonly string[]): StoredItem[];
  /** Deletes them; an agent that proposes one again is told so. */
  reject(ids: readonly string[]): StoredItem[];
  stats: () => MemoryStats;
}

const tally = <Key extends string>(keys: readonly Key[]): Partial<Record<Key, number>> => {
  const counts: Partial<Record<Key, number>> = {};
  for (const key of keys) counts[key] = (counts[key] ?? 0) + 1;
  return counts;
};

/** Management over the parts of a memory. @throws CopilotError exit 2 for ids that name nothing or several, and input that does not fit */
export const management = (parts: MemoryParts): MemoryManagement => {
  const { bank, space, states, place, now } = parts;

  const find = itemFinder(bank);
  const findAll = (ids: readonly string[]): StoredItem[] => {
    const items = new Map(ids.map(find).map((item) => [item.n, item]));
    return [...items.values()];
  };
  const remove = (items: readonly StoredItem[], isRejection: boolean): void =>
    bank.forget(() => {
      for (const item of items) {
        space.removeEverywhere(item.n);
        bank.items.forget(item, now());
        if (isRejection) bank.setRejected(item.textHash, now());
      }
    });
  const still = (source: MemorySource): MemorySource[] => {
    if (source.type !== 'file') return [source];
    const file = citedFile(place.top, source.path);
    if ('gone' in file) return [];
    const lines = linesOf(file.text);
    return source.endLine > lines.length
      ? []
      : [{ type: 'file', path: source.path, ...citation(lines, source.startLine, source.endLine) }];
  };
  const edited = (item: StoredItem, changes: ItemChanges): StoredItem => {
    const { kind, scope, confidence, expiresAt, stillHolds } = changes;
    if (confidence !== undefined && !(confidence >= 0 && confidence <= 1))
      throw usageError('Confidence is a number from 0 to 1.');
    if (scope?.type === 'user' && item.sources.some(({ type }) => type === 'file'))
      throw usageError(
        'It rests on files of one repository, so it cannot hold everywhere.',
        'Add it anew without them.',
      );
    const isHere = item.scope.type !== 'user' && item.scope.repo === place.repo;
    if (stillHolds && !isHere && item.sources.some(({ type }) => type === 'file'))
      throw usageError('Its files lie in another repository.', 'Say it there.');
    const { text = item.text } = changes;
    const isSaid = changes.text !== undefined || stillHolds === true;
    const kept = stillHolds ? item.sources.flatMap(still) : item.sources;
    const sources: MemorySource[] =
      isSaid && !kept.some(({ type }) => type === 'user')
        ? [{ type: 'user' as const }, ...kept].slice(0, limits.sources)
        : kept;
    const fresh = stillHolds ? { staleSince: null, staleWhy: null } : {};
    return {
      ...item,
      text,
      sources,
      kind: kind ?? item.kind,
      scope: scope ?? item.scope,
      confidence: confidence ?? item.confidence,
      expiresAt: expiresAt === undefined ? item.expiresAt : expiresAt,
      updatedAt: now(),
      ...fresh,
    };
  };

  return {
    list: ({ status, kind, scope, stale, expired, everywhere } = {}) => {
      const found = bank.reading(() =>
        bank.items.list({
          status,
          kind,
          scope,
          repo: everywhere ? undefined : place.repo,
          expiredAt: expired ? now() : undefined,
        }),
      );
      const settled = found.map((item) => states.settle(item).item);
      return stale ? settled.filter((item) => item.staleSince !== null) : settled;
    },
    show: (id) => {
      const { item } = states.settle(find(id));
      const contradicts = bank.reading(() =>
        bank.links(item.n).flatMap(({ n, why }) => {
          const other = bank.items.byNumber(n);
          return other ? [{ item: other, why }] : [];
        }),
      );
      return {
        item,
        sources: item.sources.map((source) => ({ source, state: states.stateOf(item, source) })),
        contradicts,
      };
    },
    edit: async (id, changes, signal) => {
      const before = find(id);
      let text: string | undefined;
      try {
        text = changes.text === undefined ? undefined : keptText(changes.text, parts);
      } catch (error) {
        throw isToolError(error) ? usageError(error.message) : error;
      }
      const vector = text === undefined ? undefined : await space.embed(text, signal);
      const repo = before.scope.type === 'user' ? place.repo : before.scope.repo;
      const near = text === undefined ? undefined : await findNear(text, vector, repo, parts);
      const change = (work: () => StoredItem): StoredItem =>
        text === undefined ? bank.change(work) : bank.forget(work);
      return change(() => {
        const item = find(before.id);
        const written = bank.items.update(edited(item, { ...changes, text }));
        if (text === undefined || textHash(text) === item.textHash) return written;
        space.removeEverywhere(item.n);
        if (vector) space.put(item.n, vector);
        bank.unlink(item.n);
        linkContradictions(written, near?.() ?? [], bank, now());
        return bank.items.byNumber(item.n) ?? written;
      });
    },
    forget: (ids) => {
      const items = findAll(ids);
      remove(items, false);
      return items;
    },
    inbox: ({ everywhere } = {}) =>
      bank
        .reading(() => bank.items.list({ status: 'proposed', repo: everywhere ? undefined : place.repo }))
        .map((item) => states.settle(item).item)
        .reverse(),
    accept: (ids) => {
      const items = findAll(ids);
      const accepted = bank.change(() =>
        items.flatMap(({ n }) => {
          const item = bank.items.byNumber(n);
          return item ? [bank.items.update({ ...item, status: 'accepted', reason: null, updatedAt: now() })] : [];
        }),
      );
      return accepted.map((item) => states.settle(item).item);
    },
    reject: (ids) => {
      const items = findAll(ids);
      const [accepted] = items.filter(({ status }) => status === 'accepted');
      if (accepted)
        throw usageError(
          `${accepted.id} is accepted already.`,
          `To delete it: llm-copilot memory forget ${accepted.id}`,
        );
      remove(items, true);
      return items;
    },
    stats: () => {
      const items = bank.reading(() => bank.items.list({}));
      const repos = new Set(items.flatMap(({ scope }) => (scope.type === 'user' ? [] : [scope.repo])));
      return {
        path: bank.path,
        items: items.length,
        byKind: tally(items.map(({ kind }) => kind)),
        byScope: tally(items.map(({ scope }) => scope.type)),
        byStatus: tally(items.map(({ status }) => status)),
        repos: repos.size,
        stale: items.filter(({ staleSince }) => staleSince !== null).length,
        expired: items.filter(({ expiresAt }) => expiresAt !== null && expiresAt <= now()).length,
        contradictions: items.filter(({ contradicts }) => contradicts.length > 0).length,
        bytes: bank.sizeBytes(),
        space: space.name,
        missingVectors: space.missing(),
        spaces: space.spaces(),
      };
    },
  };
};
