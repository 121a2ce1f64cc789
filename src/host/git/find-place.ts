import { existsSync, realpathSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CopilotError, exitCodes } from '../../base/errors.ts';
import { findProgram } from '../find-program.ts';
import type { Env } from '../paths.ts';
import { quietGitEnv } from '../quiet-git.ts';
import type { Place } from './place.ts';
import { gitAt } from './run-git.ts';

const noRepository = (message: string, hint: string): CopilotError =>
  new CopilotError(message, { code: 'E_NO_REPOSITORY', exitCode: exitCodes.usage, hint });

/** What git tells a hook: which repository and which index a commit is made of. */
const hookPaths = ['GIT_DIR', 'GIT_COMMON_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE', 'GIT_OBJECT_DIRECTORY'] as const;

const hookEnv = (cwd: string, env: Env): Env => {
  const told = hookPaths.flatMap((name) => {
    const path = env[name];
    return path === undefined || path === '' ? [] : [[name, resolve(cwd, path)] as const];
  });
  const others = env.GIT_ALTERNATE_OBJECT_DIRECTORIES;
  return {
    ...Object.fromEntries(told),
    ...(others === undefined ? {} : { GIT_ALTERNATE_OBJECT_DIRECTORIES: others }),
  };
};

/** What git's refusal means to a person. */
const refusal = (cwd: string, told: string, stderr: string): CopilotError => {
  const owned = /detected dubious ownership in repository at '(.*)'/.exec(stderr)?.[1];
  if (owned !== undefined)
    return noRepository(
      `${owned} belongs to somebody else, so git does not read it.`,
      `When you trust it: git config --global --add safe.directory '${owned.replaceAll("'", String.raw`'\''`)}'`,
    );
  if (told.startsWith('true'))
    return noRepository(`${cwd} is a bare repository: it has no work tree.`, 'Go to a clone of it.');
  if (stderr.includes('must be run in a work tree'))
    return noRepository(`${cwd} is within git's own folder, not in a work tree.`, 'Go to the folder that .git is in.');
  if (stderr.includes('not a git repository'))
    return noRepository(`${cwd} is in no git repository.`, 'git init makes one.');
  const line = stderr.trim().split('\n')[0] ?? '';
  return noRepository(`git cannot open ${cwd}: ${line.replace(/^fatal: /, '')}`, 'git status tells more.');
};

/** The repository a folder is in, asked with one process. @throws CopilotError exit 2 `E_NO_REPOSITORY` */
export const findPlace = async (cwd: string, env: Env, isHook: boolean, signal?: AbortSignal): Promise<Place> => {
  const program = findProgram('git', env.PATH ?? process.env.PATH);
  if (program === undefined)
    throw noRepository('git is not installed, or not on the PATH.', 'Install it: https://git-scm.com/downloads');
  if (!statSync(cwd, { throwIfNoEntry: false })?.isDirectory())
    throw noRepository(`${cwd} is no folder.`, 'Name one that is there.');
  const quiet: Env = {
    ...quietGitEnv({ ...env }),
    ...(isHook ? hookEnv(cwd, env) : {}),
    // A path is the name of one file, whatever it contains.
    GIT_LITERAL_PATHSPECS: '1',
  };
  const ask = gitAt(program, cwd, quiet);
  const asked = [
    '--is-bare-repository',
    '--is-shallow-repository',
    '--path-format=absolute',
    '--git-dir',
    '--git-common-dir',
  ];
  const { code, stdout, stderr } = await ask(['rev-parse', ...asked, '--show-toplevel'], { signal });
  let lines = stdout.toString().split('\n').slice(0, -1);
  if (code !== 0) throw refusal(cwd, lines[0] ?? '', stderr);
  if (lines.length !== 5) {
    // A path with a line break in it.
    const one = async (name: string): Promise<string> =>
      (await ask(['rev-parse', '--path-format=absolute', name], { signal })).stdout.toString().replace(/\n$/, '');
    lines = [...lines.slice(0, 2), await one('--git-dir'), await one('--git-common-dir'), await one('--show-toplevel')];
  }
  const [, shallow, gitDir = '', commonDir = '', top = ''] = lines;
  const root = realpathSync(top);
  // Whoever wrote the configuration could make any folder the work tree, and have its files looked at.
  if (quiet.GIT_DIR === undefined && !existsSync(join(root, '.git')))
    throw noRepository(
      `The configuration of ${cwd} names another work tree: ${root}.`,
      'When that is not meant: git config --unset core.worktree',
    );
  return { git: gitAt(program, root, quiet), root, gitDir, commonDir, isShallow: shallow === 'true', env: quiet };
};
