import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '../../host/find-program.ts';
import { openRepository, type Repository } from '../../host/git/repository.ts';
import { gitAt, gitFailure } from '../../host/git/run-git.ts';
import type { Env } from '../../host/paths.ts';
import { quietGitEnv, withoutFilters } from '../../host/quiet-git.ts';

/** A repository as it would be after `git add --update`, in an index and object store of its own. */
export interface StagedAll {
  repository: Repository;
  /** Removes both. */
  close: () => void;
}

/** In a list of folders one with a colon is quoted (git(1), GIT_ALTERNATE_OBJECT_DIRECTORIES, read 2026-11-28). */
const listedFolder = (path: string): string =>
  /[:"\\\n]/.test(path) ? `"${path.replace(/["\\]/g, String.raw`\$&`).replaceAll('\n', String.raw`\n`)}"` : path;

/**
 * What `git commit --all` would commit, without touching the index or the objects of the repository.
 * @throws CopilotError exit 2
 */
export const stageAll = async (repository: Repository, env: Env, signal?: AbortSignal): Promise<StagedAll> => {
  const folder = mkdtempSync(join(tmpdir(), 'llm-copilot-commit-'));
  const close = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const { root, gitDir, commonDir } = repository;
    const index = join(folder, 'index');
    const objects = join(folder, 'objects');
    mkdirSync(objects);
    if (existsSync(join(gitDir, 'index'))) copyFileSync(join(gitDir, 'index'), index);
    const placed: Env = {
      ...quietGitEnv({ ...env }),
      GIT_DIR: gitDir,
      GIT_WORK_TREE: root,
      GIT_INDEX_FILE: index,
      GIT_OBJECT_DIRECTORY: objects,
      GIT_ALTERNATE_OBJECT_DIRECTORIES: listedFolder(join(commonDir, 'objects')),
    };
    const program = findProgram('git', env.PATH ?? process.env.PATH) ?? 'git';
    const git = gitAt(program, root, await withoutFilters(root, placed));
    const { code, stderr } = await git(['add', '--update'], { signal });
    if (code !== 0) throw gitFailure('look at the changed files', stderr);
    return { repository: await openRepository(root, placed, signal, { hook: true }), close };
  } catch (error) {
    close();
    throw error;
  }
};
