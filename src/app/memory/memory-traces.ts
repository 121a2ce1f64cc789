import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { isWithin } from '../../base/within.ts';
import type { MemoryItem } from '../../core/memory.ts';
import { localEmbedder } from '../../engine/embedding/local-embedder.ts';
import { repoIdentity } from '../../host/memory/repo-identity.ts';
import { memoryPath, type Env } from '../../host/paths.ts';
import { openMemory, type OpenMemory } from './open-memory.ts';
import { storeOfVectors } from './store-of-vectors.ts';

const withMemory = async <T>(env: Env, use: (memory: OpenMemory) => T): Promise<T | undefined> => {
  if (!existsSync(memoryPath(env))) return undefined;
  const memory = await openMemory({
    // Anywhere will do: whatever is looked for is named.
    ...{ env, root: dirname(memoryPath(env)), redact: (text: string) => text, embedder: localEmbedder() },
    ...{ speaker: { by: 'user' }, vectors: storeOfVectors },
  });
  try {
    return use(memory);
  } finally {
    await memory.close();
  }
};

const pathPrefix = 'path:';

/**
 * What is remembered of the repositories at these folders, and of folders in the first one that are or were in no
 * repository, and holds nowhere else.
 * @throws CopilotError exit 3
 */
export const memoryOf = async (env: Env, roots: readonly [string, ...string[]]): Promise<MemoryItem[]> => {
  if (!existsSync(memoryPath(env))) return [];
  const [folder] = roots;
  const known = await Promise.all(roots.filter((root) => existsSync(root)).map((root) => repoIdentity(root, env)));
  const repos = new Set(known.map(({ repo }) => repo));
  const isOf = (repo: string): boolean =>
    repos.has(repo) || (repo.startsWith(pathPrefix) && isWithin(repo.slice(pathPrefix.length), folder));
  const all = await withMemory(env, (memory) => memory.list({ scope: 'repo', everywhere: true }));
  return (all ?? []).filter(({ scope }) => scope.type !== 'user' && isOf(scope.repo));
};

/** Forgets these items for good. @throws CopilotError exit 3 */
export const forgetMemory = async (env: Env, items: readonly MemoryItem[]): Promise<void> => {
  const ids = items.map(({ id }) => id);
  if (ids.length > 0) await withMemory(env, (memory) => memory.forget(ids));
};
