import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { binary } from './binary.ts';

/** A finished process. */
export interface Said {
  code: number | null;
  /** Both streams. */
  text: string;
  stdout: string;
}

/** A secret in the shape of a real one; put together here, so that this file holds none. */
export const madeUpToken = ['ghp', 'R4nD0mT0k3nF0rT3st1ngH00ks0fG1tX9aZ'].join('_');

/** A temporary repository in which real git runs real hooks, with a data folder of its own. */
export const hookedRepository = (options: { folder?: string; name?: string } = {}) => {
  const top = options.folder ?? realpathSync(mkdtempSync(join(tmpdir(), 'llm-copilot-hooks-')));
  const root = join(top, options.name ?? 'repo');
  const env: Record<string, string | undefined> = {
    PATH: process.env.PATH,
    HOME: top,
    XDG_CONFIG_HOME: join(top, 'config'),
    LLM_COPILOT_DATA_DIR: join(top, 'data'),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: join(top, 'gitconfig'),
    GIT_EDITOR: 'true',
  };
  writeFileSync(
    join(top, 'gitconfig'),
    '[user]\n\tname = Ada\n\temail = ada@example.org\n[init]\n\tdefaultBranch = main\n[protocol "file"]\n\tallow = always\n',
  );
  const start = (
    program: string,
    args: readonly string[],
    {
      cwd = root,
      env: more = {},
      input,
    }: { cwd?: string; env?: Record<string, string | undefined>; input?: string } = {},
  ): Said => {
    const { status, stdout, stderr, error } = spawnSync(program, args, {
      cwd,
      env: { ...env, ...more },
      encoding: 'utf8',
      timeout: 60_000,
      ...(input === undefined ? {} : { input }),
    });
    if (error) throw error;
    return { code: status, stdout, text: stdout + stderr };
  };
  const at = (path: string): string => join(root, path);
  const repository = {
    top,
    root,
    env,
    at,
    start,
    /** Runs git, whatever comes of it. */
    tryGit: (args: readonly string[], more?: Parameters<typeof start>[2]) => start('git', args, more),
    /** Runs git; a failure ends the test. */
    git: (...args: string[]): string => {
      const said = start('git', args);
      if (said.code !== 0) throw new Error(`git ${args.join(' ')}: ${said.text}`);
      return said.stdout.trimEnd();
    },
    lca: (args: readonly string[], more?: Parameters<typeof start>[2]) =>
      start(process.execPath, [binary, ...args], more),
    write: (path: string, text: string, mode?: number): void => {
      mkdirSync(dirname(at(path)), { recursive: true });
      writeFileSync(at(path), text);
      if (mode !== undefined) chmodSync(at(path), mode);
    },
    read: (path: string): string => readFileSync(at(path), 'utf8'),
    /** Every file of a folder with its kind, mode and bytes. */
    picture: (folder: string): Record<string, string> =>
      Object.fromEntries(
        readdirSync(at(folder), { recursive: true, encoding: 'utf8' })
          .sort()
          .map((name) => {
            const path = join(at(folder), name);
            const info = lstatSync(path);
            const what = info.isSymbolicLink()
              ? `-> ${readlinkSync(path)}`
              : info.isDirectory()
                ? '/'
                : readFileSync(path, 'base64');
            return [name, `${(info.mode & 0o7777).toString(8)} ${what}`];
          }),
      ),
    /** Stages a file and commits it, past the hooks. */
    commit: (path: string, text: string, message = 'feat: add a thing'): void => {
      repository.write(path, text);
      repository.git('add', '--all');
      repository.git('commit', '--quiet', '--no-verify', '-m', message);
    },
    remove: (): void => rmSync(top, { recursive: true, force: true }),
  };
  mkdirSync(root, { recursive: true });
  repository.git('init', '--quiet');
  return repository;
};
