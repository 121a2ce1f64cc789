import { cp, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CopilotError, exitCodes } from '../base/errors.ts';
import { runProgram } from './programs.ts';
import { packageDir } from './templates.ts';

/** A real repository with a real failing test, and a data folder beside it. */
export interface DemoProject {
  root: string;
  /** Data and configuration of the demo's own, so that nothing of the user's is touched. */
  home: string;
  /** What changed since the start, in git's format. */
  diff(colour: boolean): Promise<string>;
  remove(): Promise<void>;
}

/** Makes the demo's repository in a temporary folder. @throws CopilotError exit 3 when git is missing. */
export const demoProject = async (): Promise<DemoProject> => {
  const home = await realpath(await mkdtemp(join(tmpdir(), 'llm-copilot-demo-')));
  const root = join(home, 'tea-shop');
  const git = (...args: string[]): Promise<string> =>
    runProgram(
      'git',
      ['-c', 'user.name=Demo', '-c', 'user.email=demo@example.invalid', '-c', 'commit.gpgsign=false', ...args],
      {
        cwd: root,
      },
    );
  await cp(join(packageDir(), 'templates', 'demo'), root, { recursive: true });
  try {
    await git('init', '--quiet', '--initial-branch=main');
    await git('add', '--all');
    await git('commit', '--quiet', '--message=A tea shop');
  } catch (cause) {
    throw new CopilotError('The demo needs git, and it cannot be run.', {
      code: 'E_GIT',
      exitCode: exitCodes.config,
      hint: 'Install git and try again.',
      cause,
    });
  }
  return {
    root,
    home,
    diff: (colour) => git('diff', `--color=${colour ? 'always' : 'never'}`),
    remove: () => rm(home, { recursive: true, force: true }),
  };
};
