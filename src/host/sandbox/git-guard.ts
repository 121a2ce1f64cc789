import { existsSync, lstatSync, mkdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Repository } from './git-history.ts';
import { isWithin } from '../../base/within.ts';
import type { Mount } from './mounts.ts';

/** What commands may do with the git repository a workspace belongs to. */
export interface GitGuard {
  mounts: Mount[];
  /** Where its objects, refs and work tree are; undefined without a repository, or where commands do not get it. */
  repository?: Repository;
  notices: string[];
}

/** Each of these makes git run programs, for the user as well as for commands. */
const armed = ['hooks', 'config', 'config.worktree', 'worktrees', 'modules'];

const isRepository = (folder: string): boolean =>
  existsSync(join(folder, 'HEAD')) && existsSync(join(folder, 'objects')) && existsSync(join(folder, 'refs'));

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
};

const real = (path: string): string | undefined => {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
};

/**
 * A git folder commands may write to, without what makes git run programs. It is a mount of its own: otherwise it could
 * be renamed, and another put in its place.
 */
const guarded = (common: string, notices: string[]): Mount[] => {
  const mounts: Mount[] = [{ path: common, kind: 'write' }];
  try {
    // What is not there cannot be protected from being made; git makes an empty one too.
    mkdirSync(join(common, 'hooks'), { recursive: true });
  } catch {
    // Where we cannot, commands cannot.
  }
  for (const name of armed) {
    const path = join(common, name);
    const info = lstatSync(path, { throwIfNoEntry: false });
    if (info?.isSymbolicLink()) notices.push(`${path} is a link: commands could put something else in its place.`);
    else if (info) mounts.push({ path, kind: 'read' });
  }
  return mounts;
};

/** The git folder a `.git` file leads to, when both sides say so: commands could have written the file themselves. */
const linked = (root: string): { folder: string; common: string } | undefined => {
  const file = join(root, '.git');
  const target = /^gitdir: (.+)$/.exec(read(file))?.[1];
  const folder = target === undefined ? undefined : real(resolve(root, target));
  if (folder === undefined) return undefined;
  const isWorktree = read(join(folder, 'gitdir')) === file;
  const common = isWorktree ? dirname(dirname(folder)) : folder;
  const isSubmodule =
    folder.includes('/.git/modules/') &&
    real(resolve(folder, /^\s*worktree = (.+)$/m.exec(read(join(folder, 'config')))?.[1] ?? '')) === root;
  return isRepository(common) && (isWorktree || isSubmodule) ? { folder, common } : undefined;
};

/** A larger repository the folder lies in. */
const above = (root: string): string | undefined => {
  for (let top = dirname(root); dirname(top) !== top; top = dirname(top)) if (existsSync(join(top, '.git'))) return top;
  return undefined;
};

/**
 * Looks at the repository of a workspace as it is now: commands get it, but cannot change what makes git run programs.
 * @param homes a repository that holds one of these (dotfiles) is left out.
 */
export const guardGit = (root: string, homes: readonly string[]): GitGuard => {
  const own = join(root, '.git');
  const info = lstatSync(own, { throwIfNoEntry: false });
  const notices: string[] = [];
  if (info?.isDirectory()) {
    if (isRepository(own)) return { mounts: guarded(own, notices), repository: { common: own, top: root }, notices };
    // Half a repository, such as one that is being made; commands may finish it.
    return { mounts: [], notices };
  }
  if (info?.isFile()) {
    const found = linked(root);
    if (!found) return { mounts: [], notices: [`${own} leads to a place commands do not get: git fails there.`] };
    const { folder, common } = found;
    const mounts: Mount[] = [{ path: own, kind: 'read' }, ...guarded(common, notices)];
    if (folder !== common) {
      mounts.push({ path: folder, kind: 'write' });
      for (const name of ['commondir', 'gitdir', 'config.worktree'].filter((one) => existsSync(join(folder, one))))
        mounts.push({ path: join(folder, name), kind: 'read' });
    }
    return { mounts, repository: { common, top: root }, notices };
  }
  if (info) return { mounts: [], notices: [`${own} is a link: what commands do with it is not looked after.`] };
  const top = above(root);
  const common = top === undefined ? undefined : join(top, '.git');
  if (top === undefined || common === undefined || !isRepository(common)) return { mounts: [], notices };
  if (homes.some((home) => isWithin(home, top)))
    return { mounts: [], notices: [`The repository in ${top} holds a home folder: commands do not get it.`] };
  // Without the rest of its files, git would take them for deleted.
  return { mounts: [{ path: top, kind: 'read' }, ...guarded(common, notices)], repository: { common, top }, notices };
};

/** Looks at a repository without a work tree, whose paths are taken for those of a folder. */
export const guardBare = (common: string, top: string): GitGuard => {
  const notices: string[] = [];
  return { mounts: guarded(common, notices), repository: { common, top }, notices };
};

/**
 * Removes what a command put into a git folder to lead git elsewhere; such a file cannot be protected as long as it is
 * not there. True when there was one.
 */
export const disarmGit = (common: string): boolean => {
  const path = join(common, 'commondir');
  if (!lstatSync(path, { throwIfNoEntry: false })) return false;
  rmSync(path, { recursive: true, force: true });
  return true;
};
