import { hash as digest } from 'node:crypto';
import type { MemoryItem, MemoryKind, MemoryScope, MemorySource } from '../../core/memory.ts';
import type { Origin } from '../../core/message.ts';

/** An item with what only its keeper knows. */
export interface StoredItem extends MemoryItem {
  /** The id of its words and vectors. */
  n: number;
  textHash: string;
  /** Why it is only proposed. */
  reason: string | null;
  /** When its cited lines were first seen changed or gone, ms since the epoch; it is not recalled while they are. */
  staleSince: number | null;
  staleWhy: string | null;
}

/** A row of `items`. */
export interface ItemRow {
  n: number;
  id: string;
  kind: string;
  text: string;
  text_hash: string;
  scope: string;
  repo: string | null;
  branch: string | null;
  sources: string;
  confidence: number;
  uses: number;
  helped: number;
  harmed: number;
  created_at: number;
  updated_at: number;
  used_at: number | null;
  expires_at: number | null;
  status: string;
  reason: string | null;
  stale_since: number | null;
  stale_why: string | null;
  origin: string | null;
  rev: number;
}

/** The hash under which a text is known. */
export const textHash = (text: string): string => digest('sha256', text);

const kinds: readonly string[] = ['fact', 'strategy', 'episode', 'skill'];
const origins: readonly string[] = ['user', 'file', 'web', 'github', 'mcp'];

const scopeOf = (row: ItemRow): MemoryScope | undefined => {
  if (row.scope === 'user') return { type: 'user' };
  if (row.repo === null) return undefined;
  if (row.scope === 'repo') return { type: 'repo', repo: row.repo };
  if (row.scope === 'branch' && row.branch !== null) return { type: 'branch', repo: row.repo, branch: row.branch };
  return undefined;
};

const isSource = (one: unknown): one is MemorySource => {
  if (typeof one !== 'object' || one === null || !('type' in one)) return false;
  switch (one.type) {
    case 'user':
      return true;
    case 'session':
      return 'session' in one && typeof one.session === 'string' && 'seq' in one && typeof one.seq === 'number';
    case 'commit':
      return 'commit' in one && typeof one.commit === 'string';
    case 'file': {
      const { path, startLine, endLine, hash, copies = 2 } = one as Record<string, unknown>;
      const isPlaced = typeof path === 'string' && typeof startLine === 'number' && typeof endLine === 'number';
      return isPlaced && typeof hash === 'string' && typeof copies === 'number';
    }
    default:
      return false;
  }
};

const sourcesOf = (json: string): MemorySource[] | undefined => {
  try {
    const list: unknown = JSON.parse(json);
    return Array.isArray(list) && list.every(isSource) ? list : undefined;
  } catch {
    return undefined;
  }
};

/** The item of a row; undefined when the row is not as it was written, which costs nothing but this one item. */
export const itemOf = (row: ItemRow, contradicts: string[] = []): StoredItem | undefined => {
  const [scope, sources] = [scopeOf(row), sourcesOf(row.sources)];
  const isWhole =
    kinds.includes(row.kind) &&
    (row.status === 'accepted' || row.status === 'proposed') &&
    typeof row.text === 'string' &&
    row.text_hash === textHash(row.text) &&
    [row.confidence, row.uses, row.helped, row.harmed, row.created_at, row.updated_at].every(Number.isFinite) &&
    [row.used_at, row.expires_at, row.stale_since].every((time) => time === null || Number.isFinite(time)) &&
    (row.origin === null || origins.includes(row.origin));
  if (!isWhole || !scope || !sources) return undefined;
  return {
    n: row.n,
    id: row.id,
    kind: row.kind as MemoryKind,
    text: row.text,
    textHash: row.text_hash,
    scope,
    sources,
    confidence: row.confidence,
    uses: row.uses,
    helped: row.helped,
    harmed: row.harmed,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    usedAt: row.used_at,
    expiresAt: row.expires_at,
    status: row.status === 'accepted' ? 'accepted' : 'proposed',
    contradicts,
    reason: row.reason,
    staleSince: row.stale_since,
    staleWhy: row.stale_why,
    ...(row.origin === null ? {} : { origin: row.origin as Origin }),
  };
};
