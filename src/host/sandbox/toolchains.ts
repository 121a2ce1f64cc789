import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { lstatSync, realpathSync, statSync } from 'node:fs';
import type { ProcessEnv } from './launcher.ts';
import { isWithin } from '../../base/within.ts';
import type { Mount } from './mounts.ts';

/** Below a home folder: programs and their libraries, and what git is told; nothing that holds credentials. */
const shown = [
  ...['.nvm', '.fnm', '.local/share/fnm', '.volta', '.nodenv', '.n', '.asdf', '.local/share/mise', '.proto'],
  ...['.local/bin', '.local/lib', '.local/share/pnpm', '.local/share/uv', '.local/share/pipx', '.local/pipx', 'bin'],
  ...['.cargo/bin', '.cargo/env', '.cargo/registry', '.cargo/git', '.rustup', 'go', '.goenv', '.deno/bin', '.bun/bin'],
  ...['.pyenv', '.rbenv', '.rvm', 'miniconda3', 'anaconda3', 'miniforge3', '.sdkman', '.jenv', '.m2/repository'],
  ...['.cache/ms-playwright', '.cache/node/corepack', '.nix-profile', '.linuxbrew'],
  ...['.gitconfig', '.config/git/config', '.config/git/ignore', '.config/git/attributes'],
];

/** Folders of toolchains that variables name, and what of them is shown. */
const named: Readonly<Record<string, string>> = {
  NVM_DIR: '.',
  VOLTA_HOME: '.',
  PYENV_ROOT: '.',
  CARGO_HOME: 'bin',
  RUSTUP_HOME: '.',
  GOROOT: '.',
  GOPATH: '.',
  JAVA_HOME: '.',
  VIRTUAL_ENV: '.',
  CONDA_PREFIX: '.',
  ASDF_DATA_DIR: '.',
  MISE_DATA_DIR: '.',
  PNPM_HOME: '.',
};

/** Hidden where a home folder itself has to be bound because the workspace is it, or lies above it. */
const secret = [
  ...['.ssh', '.gnupg', '.aws', '.azure', '.kube', '.docker', '.config/gcloud', '.config/gh', '.config/hub'],
  ...['.netrc', '.npmrc', '.pypirc', '.git-credentials', '.config/git/credentials', '.cargo/credentials.toml'],
  ...['.password-store', '.local/share/keyrings', '.mozilla', '.config/google-chrome', '.config/chromium'],
  ...['.bash_history', '.zsh_history', '.psql_history', '.node_repl_history', '.python_history', '.pgpass', '.my.cnf'],
];

/** Never a home to hide, whatever HOME says: nothing would run. */
const systemFolders = new Set([
  '/',
  '/usr',
  '/etc',
  '/bin',
  '/sbin',
  '/lib',
  '/lib64',
  '/var',
  '/opt',
  '/dev',
  '/proc',
]);

const real = (path: string): string | undefined => {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
};

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/** Home folders of this machine, those of other users too. */
const homesOf = (env: ProcessEnv): { own: string[]; all: string[] } => {
  const own = [env.HOME, homedir()].flatMap((path) =>
    path !== undefined && isAbsolute(path) ? (real(path) ?? []) : [],
  );
  const all = [...own, ...['/root', '/home'].flatMap((path) => real(path) ?? [])];
  const fit = (paths: string[]): string[] =>
    [...new Set(paths)].filter((path) => !systemFolders.has(path) && isFolder(path));
  return { own: fit(own), all: fit(all) };
};

/** Where the program that runs us is installed, with its libraries. */
const ownPrefix = (homes: readonly string[]): string => {
  const folder = dirname(process.execPath);
  const prefix = dirname(folder);
  return basename(folder) === 'bin' && !homes.includes(prefix) ? prefix : folder;
};

/**
 * What commands see of home folders: nothing, but for toolchains, which they can only read. `bound` are folders commands
 * have anyway; what lies in those is left as it is, but for well-known places of credentials of a home within.
 */
export const homeMounts = (env: ProcessEnv, bound: readonly string[]): Mount[] => {
  const { own, all } = homesOf(env);
  const isBound = (path: string): boolean => bound.some((folder) => isWithin(path, folder));
  const hidden = all.filter((home) => !isBound(home));
  const mounts: Mount[] = hidden.map((path) => ({ path, kind: 'empty' }));
  const candidates = [
    ...own.flatMap((home) => shown.map((name) => join(home, name))),
    ...Object.entries(named).flatMap(([name, part]) => (env[name] === undefined ? [] : join(env[name], part))),
    ...(env.PATH ?? '').split(':'),
    ownPrefix(all),
    '/home/linuxbrew/.linuxbrew',
  ];
  const isUseful = (path: string): boolean =>
    isAbsolute(path) &&
    !isBound(path) &&
    hidden.some((home) => isWithin(path, home) && path !== home) &&
    !hidden.includes(path);
  const shortestFirst = [...new Set(candidates.map((one) => one.replace(/\/+$/, '')))].sort(
    (a, b) => a.length - b.length,
  );
  for (const path of shortestFirst) {
    // A folder that is shown brings along what lies in it.
    const isShown = mounts.some(
      ({ path: above, kind, from }) => kind === 'read' && from === above && isWithin(path, above),
    );
    const from = isUseful(path) && !isShown ? real(path) : undefined;
    // A link to a home folder would bring back all that was hidden.
    if (from !== undefined && !all.some((home) => isWithin(home, from))) mounts.push({ path, kind: 'read', from });
  }
  for (const home of all.filter(isBound)) {
    for (const path of secret.map((name) => join(home, name))) {
      const info = lstatSync(path, { throwIfNoEntry: false });
      if (!info || bound.includes(path)) continue;
      const target = info.isSymbolicLink() ? real(path) : path;
      if (target !== undefined) mounts.push({ path: target, kind: isFolder(target) ? 'folder' : 'file' });
    }
  }
  return mounts;
};
