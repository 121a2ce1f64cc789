import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { openRepository, type Repository } from '../../../src/host/git/repository.ts';

/** A folder of its own, with a home without any configuration, in which git and the code under test run. */
export const tempRepository = (name = 'project') => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'llm-copilot-git-')));
  const home = join(folder, 'home');
  const root = join(folder, name);
  mkdirSync(home);
  mkdirSync(root);
  const env = {
    ...{ PATH: process.env.PATH, HOME: home, XDG_CONFIG_HOME: join(home, 'config') },
    ...{ GIT_AUTHOR_NAME: 'Ada', GIT_AUTHOR_EMAIL: 'ada@example.invalid', GIT_AUTHOR_DATE: '2026-01-02T03:04:05Z' },
    ...{
      GIT_COMMITTER_NAME: 'Ada',
      GIT_COMMITTER_EMAIL: 'ada@example.invalid',
      GIT_COMMITTER_DATE: '2026-01-02T03:04:05Z',
    },
    ...{ GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'protocol.file.allow', GIT_CONFIG_VALUE_0: 'always' },
  };
  const gitIn = (cwd: string, ...args: string[]): string =>
    execFileSync('git', args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const git = (...args: string[]): string => gitIn(root, ...args);
  const write = (path: string, content: string | Buffer): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  git('init', '--quiet', '--initial-branch=main');
  return {
    ...{ folder, home, root, env, git, gitIn, write },
    read: (path: string): string => readFileSync(join(root, path), 'utf8'),
    /** Stages everything and commits it. */
    commit: (message: string): string => {
      git('add', '--all');
      git('commit', '--quiet', '--allow-empty', '-m', message);
      return git('rev-parse', 'HEAD').trim();
    },
    open: (cwd = root): Promise<Repository> => openRepository(cwd, env),
    /** Changes when anything writes the index, also with what is in it already. */
    indexState: (): string => {
      const index = join(root, '.git', 'index');
      const { mtimeNs, ino, size } = statSync(index, { bigint: true });
      return `${mtimeNs} ${ino} ${size} ${readFileSync(index, 'latin1')}`;
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
};
