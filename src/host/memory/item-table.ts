import type { MemoryItem } from '../../core/memory.ts';
import type { Database } from '../log/database.ts';
import { itemOf, textHash, type ItemRow, type StoredItem } from './item-row.ts';
import { isDamage } from './memory-error.ts';
import type { ItemWords } from './item-words.ts';

/** An item before it has a row. */
export type NewItem = Omit<MemoryItem, 'contradicts'> & { reason?: string | null };

/** Which items are wanted. */
export interface ItemFilter {
  status?: MemoryItem['status'] | undefined;
  kind?: MemoryItem['kind'] | undefined;
  /** Those of a repository and its branches, and those that hold everywhere; of all repositories when left out. */
  repo?: string | undefined;
  /** Only those that hold everywhere, or only those of repositories. */
  scope?: 'user' | 'repo' | undefined;
  /** Only those whose cited lines changed. */
  stale?: boolean | undefined;
  /** Only those expired at this time, ms since the epoch. */
  expiredAt?: number | undefined;
}

/** Reads and writes of items; writes are for the owner's transaction. */
export interface ItemTable {
  insert(item: NewItem): StoredItem;
  /** Writes all of an item but its counts, and its words when the text is another. */
  update(item: StoredItem): StoredItem;
  /** Counts without the item counting as changed. */
  count(ids: readonly string[], what: 'uses' | 'helped' | 'harmed', at: number): void;
  setStale(n: number, stale: { since: number; why: string } | null): void;
  /** Deletes it with its words and links, and keeps its id and when. Vectors are the caller's. */
  forget(item: Pick<StoredItem, 'n' | 'id'>, at: number): void;
  byNumber(n: number): StoredItem | undefined;
  byId(id: string): StoredItem | undefined;
  byPrefix(prefix: string, most: number): StoredItem[];
  byHash(hash: string): StoredItem[];
  /** Newest first. */
  list(filter: ItemFilter): StoredItem[];
  /** Accepted items that hold here, and when the next of them expires. */
  numbersHere(
    here: { repo: string; branch?: string | undefined },
    now: number,
  ): { numbers: Map<number, MemoryItem['kind']>; until: number };
  /** Whatever its status, of a repository and of those that hold everywhere. */
  numbersAround(repo: string): number[];
  /** The newest change, and what changed since one. */
  newestRev(): number;
  changedSince(rev: number): StoredItem[];
  /** All that can be read, one by one, and the numbers of those that cannot: also where the file is damaged. */
  salvage(): { items: StoredItem[]; unreadable: number[] };
}

const values = (item: NewItem | StoredItem): Record<string, unknown> => ({
  id: item.id,
  kind: item.kind,
  text: item.text,
  textHash: textHash(item.text),
  scope: item.scope.type,
  repo: item.scope.type === 'user' ? null : item.scope.repo,
  branch: item.scope.type === 'branch' ? item.scope.branch : null,
  sources: JSON.stringify(item.sources),
  confidence: item.confidence,
  uses: item.uses,
  helped: item.helped,
  harmed: item.harmed,
  createdAt: item.createdAt,
  updatedAt: item.updatedAt,
  usedAt: item.usedAt,
  expiresAt: item.expiresAt,
  status: item.status,
  reason: item.reason ?? null,
  staleSince: 'staleSince' in item ? item.staleSince : null,
  staleWhy: 'staleWhy' in item ? item.staleWhy : null,
  origin: item.origin ?? null,
});

const undamaged = <T>(work: () => T): T | undefined => {
  try {
    return work();
  } catch (error) {
    if (!isDamage(error)) throw error;
    return undefined;
  }
};

/** The table of items. */
export const itemTable = (database: Database, words: ItemWords): ItemTable => {
  const rows = (sql: string, ...bound: unknown[]): ItemRow[] =>
    database.prepare<unknown[], ItemRow>(`SELECT * FROM items WHERE ${sql}`).all(...bound);
  const linked = (n: number): string[] =>
    database
      .prepare<[number], { id: string }>(
        'SELECT i.id FROM contradictions c JOIN items i ON i.n = c.other WHERE c.one = ? ORDER BY i.id',
      )
      .all(n)
      .map(({ id }) => id);
  const readable = (found: readonly ItemRow[]): StoredItem[] =>
    found.flatMap((row) => itemOf(row, linked(row.n)) ?? []);
  const newestRev = (): number => database.prepare<[], { rev: number }>('SELECT rev FROM clock').get()?.rev ?? 0;
  const nextRev = (): number => {
    database.prepare('UPDATE clock SET rev = rev + 1').run();
    return newestRev();
  };
  const written = (n: number): StoredItem => {
    const [item] = readable(rows('n = ?', n));
    if (!item)
      throw Object.assign(new Error('an item that was just written cannot be read'), { code: 'SQLITE_CORRUPT' });
    return item;
  };
  return {
    insert: (item) => {
      const { lastInsertRowid } = database
        .prepare(
          `INSERT INTO items (id, kind, text, text_hash, scope, repo, branch, sources, confidence, uses, helped, harmed,
             created_at, updated_at, used_at, expires_at, status, reason, stale_since, stale_why, origin, rev)
           VALUES (@id, @kind, @text, @textHash, @scope, @repo, @branch, @sources, @confidence, @uses, @helped, @harmed,
             @createdAt, @updatedAt, @usedAt, @expiresAt, @status, @reason, @staleSince, @staleWhy, @origin, @rev)`,
        )
        .run({ ...values(item), rev: nextRev() });
      words.set(Number(lastInsertRowid), item.text);
      return written(Number(lastInsertRowid));
    },
    update: (item) => {
      database
        .prepare(
          `UPDATE items SET kind = @kind, text = @text, text_hash = @textHash, scope = @scope, repo = @repo,
             branch = @branch, sources = @sources, confidence = @confidence, updated_at = @updatedAt,
             expires_at = @expiresAt, status = @status, reason = @reason, stale_since = @staleSince,
             stale_why = @staleWhy, origin = @origin, rev = @rev WHERE n = @n`,
        )
        .run({ ...values(item), n: item.n, rev: nextRev() });
      if (textHash(item.text) !== item.textHash) words.set(item.n, item.text);
      return written(item.n);
    },
    count: (ids, what, at) => {
      for (const id of new Set(ids))
        if (what === 'uses')
          database
            .prepare('UPDATE items SET uses = uses + 1, used_at = max(coalesce(used_at, 0), ?) WHERE id = ?')
            .run(at, id);
        else database.prepare(`UPDATE items SET ${what} = ${what} + 1 WHERE id = ?`).run(id);
    },
    setStale: (n, stale) => {
      database
        .prepare('UPDATE items SET stale_since = ?, stale_why = ? WHERE n = ?')
        .run(stale?.since ?? null, stale?.why ?? null, n);
    },
    forget: ({ n, id }, at) => {
      words.set(n, undefined);
      database.prepare('DELETE FROM contradictions WHERE one = ? OR other = ?').run(n, n);
      database.prepare('DELETE FROM items WHERE n = ?').run(n);
      database.prepare('INSERT OR REPLACE INTO forgotten VALUES (?, ?)').run(id, at);
    },
    byNumber: (n) => readable(rows('n = ?', n))[0],
    byId: (id) => readable(rows('id = ?', id))[0],
    byPrefix: (prefix, most) => readable(rows('id >= ? AND id < ? ORDER BY id LIMIT ?', prefix, `${prefix}~`, most)),
    byHash: (hash) => readable(rows('text_hash = ? ORDER BY n', hash)),
    list: ({ status, kind, repo, scope, stale, expiredAt }) =>
      readable(
        rows(
          `(@status IS NULL OR status = @status) AND (@kind IS NULL OR kind = @kind)
             AND (@repo IS NULL OR repo = @repo OR scope = 'user')
             AND (@scope IS NULL OR (scope = 'user') = (@scope = 'user'))
             AND (@stale = 0 OR stale_since IS NOT NULL) AND (@expiredAt IS NULL OR expires_at <= @expiredAt)
           ORDER BY updated_at DESC, n DESC`,
          {
            status: status ?? null,
            kind: kind ?? null,
            repo: repo ?? null,
            scope: scope ?? null,
            stale: stale ? 1 : 0,
            expiredAt: expiredAt ?? null,
          },
        ),
      ),
    numbersHere: ({ repo, branch }, now) => {
      const found = database
        .prepare<unknown[], { n: number; kind: MemoryItem['kind']; expires_at: number | null }>(
          `SELECT n, kind, expires_at FROM items WHERE status = 'accepted' AND (expires_at IS NULL OR expires_at > ?)
             AND (scope = 'user' OR (repo = ? AND (scope = 'repo' OR (scope = 'branch' AND branch = ?))))`,
        )
        .all(now, repo, branch ?? null);
      const until = found.reduce((least, row) => Math.min(least, row.expires_at ?? Infinity), Infinity);
      return { numbers: new Map(found.map(({ n, kind }) => [n, kind])), until };
    },
    numbersAround: (repo) =>
      database
        .prepare<[string], { n: number }>("SELECT n FROM items WHERE scope = 'user' OR repo = ?")
        .all(repo)
        .map(({ n }) => n),
    newestRev,
    changedSince: (rev) => readable(rows('rev > ?', rev)),
    salvage: () => {
      const lastIn = (sql: string): number => database.prepare<[], { n: number | null }>(sql).get()?.n ?? 0;
      // Either may be damaged.
      const counter = undamaged(() => lastIn("SELECT seq AS n FROM sqlite_sequence WHERE name = 'items'"));
      const newest = undamaged(() => lastIn('SELECT max(n) AS n FROM items'));
      const last = Math.max(counter ?? 0, newest ?? 0);
      const items: StoredItem[] = [];
      const unreadable: number[] = [];
      for (let n = 1; n <= last; n += 1) {
        const found = undamaged(() => rows('n = ?', n));
        // Its links may lead to where the file is damaged: then it comes without them.
        const [item] = (found ?? []).flatMap((row) => itemOf(row, undamaged(() => linked(n)) ?? []) ?? []);
        if (item) items.push(item);
        else if (found?.length !== 0) unreadable.push(n);
      }
      return { items, unreadable };
    },
  };
};
