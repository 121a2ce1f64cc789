import { copyFileSync, mkdirSync, mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Place } from './place.ts';
import { gitFailure } from './run-git.ts';

/** A hook runs whenever an index is written, also for a copy (githooks(5), post-index-change). */
const noHooks = ['-c', 'core.hooksPath=/dev/null'];

/**
 * Seconds since the epoch. Of files changed since an index was written git asks what they contain, by the filters the
 * configuration names; of this copy it is only known what is in it.
 */
const farAhead = 4_102_444_800;

/** Git takes a colon for the end of a path, unless it is quoted (git(1), read 2026-11-28). */
const quoted = (path: string): string =>
  path.includes(delimiter) ? `"${path.replace(/["\\]/g, String.raw`\$&`)}"` : path;

/**
 * Hash of the tree that is staged, made of copies: neither the index nor the objects of the repository change.
 * @throws CopilotError exit 2 when paths have conflicts.
 */
export const stagedTree = async ({ git, gitDir, commonDir, env }: Place, signal?: AbortSignal): Promise<string> => {
  const folder = mkdtempSync(join(tmpdir(), 'llm-copilot-index-'));
  try {
    const index = join(folder, 'index');
    const objects = join(folder, 'objects');
    mkdirSync(objects);
    try {
      copyFileSync(env.GIT_INDEX_FILE ?? join(gitDir, 'index'), index);
      utimesSync(index, farAhead, farAhead);
    } catch (error) {
      // Before anything was added there is none.
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
    const own = env.GIT_OBJECT_DIRECTORY ?? join(commonDir, 'objects');
    const others = env.GIT_ALTERNATE_OBJECT_DIRECTORIES;
    const { code, stdout, stderr } = await git([...noHooks, 'write-tree'], {
      env: {
        ...env,
        GIT_INDEX_FILE: index,
        GIT_OBJECT_DIRECTORY: objects,
        GIT_ALTERNATE_OBJECT_DIRECTORIES: [quoted(own), ...(others === undefined ? [] : [others])].join(delimiter),
      },
      signal,
    });
    if (code !== 0) throw gitFailure('write a tree of what is staged', stderr);
    return stdout.toString().trim();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
