import { existsSync } from 'node:fs';
import type { MemoryItem } from '../../core/memory.ts';
import { localEmbedder } from '../../engine/embedding/local-embedder.ts';
import { memoryPath } from '../../host/memory/memory-bank.ts';
import type { Env } from '../../host/paths.ts';
import { openMemory, type OpenMemory } from './open-memory.ts';
import { storeOfVectors } from './store-of-vectors.ts';

const withMemoryOf = async <T>(env: Env, root: string, use: (memory: OpenMemory) => T): Promise<T | undefined> => {
  if (!existsSync(memoryPath(env)) || !existsSync(root)) return undefined;
  const memory = await openMemory({
    ...{ env, root, redact: (text: string) => text, embedder: localEmbedder() },
    ...{ speaker: { by: 'user' }, vectors: storeOfVectors },
  });
  try {
    return use(memory);
  } finally {
    await memory.close();
  }
};

/** What is remembered of one repository, and holds nowhere else. @throws CopilotError exit 3 */
export const memoryOf = async (env: Env, root: string): Promise<MemoryItem[]> =>
  (await withMemoryOf(env, root, (memory) => memory.list({ scope: 'repo' }))) ?? [];

/** Forgets these items for good. @throws CopilotError exit 3 */
export const forgetMemory = async (env: Env, root: string, items: readonly MemoryItem[]): Promise<void> => {
  const ids = items.map(({ id }) => id);
  if (ids.length > 0) await withMemoryOf(env, root, (memory) => memory.forget(ids));
};
