import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { takeTurn } from '../../host/hooks/one-at-a-time.ts';
import { dataDir } from '../../host/paths.ts';
import { quietGitEnv } from '../../host/quiet-git.ts';
import { packageDir } from '../../host/templates.ts';
import { indexFolderOf } from '../search/index-folder.ts';
import type { HookEnd, HookRun } from './hook-run.ts';

/** Brings the search index up to date in a process of its own, where there is one; git does not wait for it. */
export const postMerge = async ({ repository, env }: HookRun): Promise<HookEnd> => {
  // Who never searched here wants none.
  if (!existsSync(join(indexFolderOf(env, repository.root), 'code.db'))) return {};
  const name = createHash('sha256').update(repository.root).digest('hex').slice(0, 20);
  takeTurn(join(dataDir(env), 'hooks', `${name}.index`), () => {
    const program = join(packageDir(), 'bin', 'llm-copilot.js');
    const child = spawn(process.execPath, [program, 'index'], {
      cwd: repository.root,
      env: quietGitEnv({ ...env }),
      detached: true,
      stdio: 'ignore',
    });
    child.on('error', () => undefined);
    child.unref();
    if (child.pid !== undefined) lowerPriority(child.pid);
    return child.pid;
  });
  return {};
};

const lowerPriority = (pid: number): void => {
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {
    // Gone already, or the system does not let us.
  }
};
