import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CopilotError, exitCodes } from '../../base/errors.ts';
import { findProgram } from '../../host/find-program.ts';
import type { Repository } from '../../host/git/repository.ts';
import type { Env } from '../../host/paths.ts';

/** How git is to commit. */
export interface CommitCall {
  /** Left out: git's own, as for a merge. */
  message?: string;
  all: boolean;
  amend: boolean;
  edit: boolean;
  signoff: boolean;
}

/** Where git's questions and answers go. */
export interface CommitStreams {
  /** Git, its editor and its hooks have the terminal themselves. */
  inherit: boolean;
  /** Git's output goes to standard error, since standard output is somebody else's. */
  quiet: boolean;
  /** Hears what git and its hooks say when they have no terminal. */
  output: (chunk: Buffer, isError: boolean) => void;
}

/** The user's own environment; only which repository it is about was decided by where we are. */
const commitEnv = (env: Env): Env =>
  Object.fromEntries(
    Object.entries(env).filter(
      ([name]) => !/^GIT_(?:DIR|WORK_TREE|INDEX_FILE|COMMON_DIR|OBJECT_DIRECTORY|PREFIX|NAMESPACE)$/.test(name),
    ),
  );

const isSaved = (path: string, message = ''): boolean => {
  const [header = ''] = message.split('\n', 1);
  try {
    return header !== '' && readFileSync(path, 'utf8').includes(header);
  } catch {
    return false;
  }
};

/**
 * Commits with git itself: hooks run, signing and the editor are the user's own. Gives the hash.
 * @throws CopilotError exit 1 `E_COMMIT` when git, a hook or the human refuses; nothing is committed then
 */
export const commitWith = async (
  repository: Repository,
  { message, all, amend, edit, signoff }: CommitCall,
  { env, streams, signal }: { env: Env; streams: CommitStreams; signal: AbortSignal },
): Promise<string> => {
  const folder = mkdtempSync(join(tmpdir(), 'llm-copilot-message-'));
  const file = join(folder, 'message');
  try {
    if (message !== undefined) writeFileSync(file, message, { mode: 0o600 });
    const args = [
      'commit',
      ...(message === undefined
        ? edit
          ? []
          : ['--no-edit', '--cleanup=strip']
        : ['-F', file, ...(edit ? ['--edit'] : [])]),
      ...(all ? ['--all'] : []),
      ...(amend ? ['--amend'] : []),
      ...(signoff ? ['--signoff'] : []),
    ];
    const program = findProgram('git', env.PATH ?? process.env.PATH) ?? 'git';
    signal.throwIfAborted();
    const code = await new Promise<number>((resolve, reject) => {
      const { inherit, quiet, output } = streams;
      const child = spawn(program, args, {
        cwd: repository.root,
        env: commitEnv(env),
        stdio: inherit ? ['inherit', quiet ? 2 : 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
      });
      child.stdout?.on('data', (chunk: Buffer) => output(chunk, quiet));
      child.stderr?.on('data', (chunk: Buffer) => output(chunk, true));
      child.on('error', reject);
      child.on('close', (ended) => resolve(ended ?? -1));
    });
    if (code !== 0) {
      // Git may have ended before it wrote it; then an older one lies there.
      const saved = isSaved(join(repository.gitDir, 'COMMIT_EDITMSG'), message);
      throw new CopilotError(`git did not commit (it ended with ${code}); what it or a hook said stands above.`, {
        code: 'E_COMMIT',
        exitCode: exitCodes.notAchieved,
        hint: saved
          ? 'The message is kept: git commit -F "$(git rev-parse --git-path COMMIT_EDITMSG)" takes it.'
          : 'Nothing was committed.',
      });
    }
    return await repository.resolve('HEAD');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
