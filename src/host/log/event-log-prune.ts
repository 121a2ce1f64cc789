import type { Database } from './database.ts';
import type { SessionRow } from './event-log-chain.ts';

/** Old sessions: those that can go, forks before what they were forked from, and those that must stay. */
export interface PrunePlan {
  due: SessionRow[];
  kept: { row: SessionRow; neededBy: string[] }[];
}

const dayMs = 24 * 60 * 60 * 1000;
/** Nobody notices a gap like this in a log that is in use; a clock that is wrong makes one. */
const longestGapMs = 30 * dayMs;

/** Sessions ordered so that each comes before the one it was forked from. */
export const forksFirst = (rows: readonly SessionRow[]): SessionRow[] => {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const depth = new Map<string, number>();
  const depthOf = (row: SessionRow): number => {
    const known = depth.get(row.id);
    if (known !== undefined) return known;
    // Said before it is known: a table somebody made circular must not hang us.
    depth.set(row.id, 0);
    const parent = row.fork_of === null ? undefined : byId.get(row.fork_of);
    const own = parent ? depthOf(parent) + 1 : 0;
    depth.set(row.id, own);
    return own;
  };
  return rows.toSorted((a, b) => depthOf(b) - depthOf(a) || a.created_at - b.created_at);
};

/** Ids of the sessions forked from each session. */
export const forksOf = (database: Database): Map<string, string[]> => {
  const forks = new Map<string, string[]>();
  for (const { id, fork_of: parent } of database
    .prepare<[], { id: string; fork_of: string }>('SELECT id, fork_of FROM sessions WHERE fork_of IS NOT NULL')
    .all())
    forks.set(parent, [...(forks.get(parent) ?? []), id]);
  return forks;
};

/** Which sessions are due whose last event is older than `beforeMs`. */
export const planPrune = (database: Database, beforeMs: number): PrunePlan => {
  // A clock that went back can leave the last event older than the one before it: the newest time of the two counts.
  const old = database
    .prepare<[number, number], SessionRow>(
      `SELECT * FROM sessions WHERE updated_at < ? AND coalesce(
         (SELECT at FROM events WHERE session = sessions.id ORDER BY seq DESC LIMIT 1), 0) < ?`,
    )
    .all(beforeMs, beforeMs);
  const forks = forksOf(database);
  const staying = new Set([...forks.values()].flat());
  for (const { id } of old) staying.delete(id);
  const due: SessionRow[] = [];
  const kept: PrunePlan['kept'] = [];
  for (const row of forksFirst(old)) {
    const neededBy = (forks.get(row.id) ?? []).filter((id) => staying.has(id));
    if (neededBy.length === 0) due.push(row);
    else {
      kept.push({ row, neededBy });
      staying.add(row.id);
    }
  }
  return { due, kept };
};

/**
 * True once a day at most, to the one process that then prunes; called within a transaction that has begun to write.
 *
 * A clock that jumped far ahead makes every session look old. So when the newest event is more than 30 days old nothing
 * is pruned now nor in the next 30 days: by then either the clock is right again or people have worked with it for a
 * month. A date further ahead than that was written by such a clock and is not heeded.
 */
export const claimDailyPrune = (database: Database, nowMs: number): boolean => {
  const next =
    database.prepare<[], { next_at: number }>("SELECT next_at FROM upkeep WHERE what = 'prune'").get()?.next_at ?? 0;
  if (nowMs < next && next - nowMs <= longestGapMs) return false;
  const newest =
    database.prepare<[], { at: number | null }>('SELECT max(updated_at) AS at FROM sessions WHERE events > 0').get()
      ?.at ?? nowMs;
  const isGap = nowMs - newest > longestGapMs;
  database
    .prepare("INSERT OR REPLACE INTO upkeep (what, next_at) VALUES ('prune', ?)")
    .run(nowMs + (isGap ? longestGapMs : dayMs));
  return !isGap;
};
