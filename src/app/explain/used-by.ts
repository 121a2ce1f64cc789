import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isCopilotError } from '../../base/errors.ts';
import type { Env } from '../../host/paths.ts';
import { indexFolderOf } from '../search/index-folder.ts';

/** How many other files use what a file defines, by path; empty where the repository has no index. It is not brought up to date. */
export const usedBy = async (env: Env, root: string, paths: readonly string[]): Promise<Map<string, number>> => {
  const path = join(indexFolderOf(env, root), 'code.db');
  if (!existsSync(path)) return new Map();
  const [{ openCodeStore }, { codeReferences }] = await Promise.all([
    import('../../host/code-index/store.ts'),
    import('../../host/code-index/reference-graph.ts'),
  ]);
  try {
    const store = openCodeStore({ path, root });
    try {
      const { paths: known, names, definitions, uses } = codeReferences(store.database());
      const wanted = new Set(paths);
      const definers = new Uint32Array(names.length);
      for (const name of definitions.name) definers[name] = (definers[name] ?? 0) + 1;
      const ownerOf = new Map<number, number>();
      for (const [at, name] of definitions.name.entries()) {
        const file = definitions.file[at] ?? 0;
        // A name that several files define says nothing about which is meant.
        if (definers[name] === 1 && (names[name] ?? '').length > 2 && wanted.has(known[file] ?? ''))
          ownerOf.set(name, file);
      }
      const users = new Map<number, Set<number>>();
      for (const [at, name] of uses.name.entries()) {
        const owner = ownerOf.get(name);
        const user = uses.file[at] ?? 0;
        if (owner === undefined || owner === user) continue;
        const found = users.get(owner);
        if (found) found.add(user);
        else users.set(owner, new Set([user]));
      }
      return new Map([...users].map(([file, found]) => [known[file] ?? '', found.size]));
    } finally {
      store.close();
    }
  } catch (error) {
    // An index that cannot be read is as good as none here.
    if (isCopilotError(error)) return new Map();
    throw error;
  }
};
