import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Lookups } from '../core/shell.ts';
import { quietGit, quietGitArgs } from './quiet-git.ts';

const maxScriptBytes = 256 * 1024;
/** More entries than this are not looked through for one decision. */
const maxEntries = 50_000;
const maxLinks = 40;

const attempt = <T>(look: () => T): T | undefined => {
  try {
    return look();
  } catch {
    return undefined;
  }
};

/** The path with links of its longest existing part resolved; a dangling link leads to where it points. */
export const realPath = (path: string): string => {
  let rest = '';
  let at = resolve(path);
  for (let links = 0; links < maxLinks;) {
    const real = attempt(() => realpathSync.native(at));
    if (real !== undefined) return rest === '' ? real : join(real, rest);
    const target = attempt(() => readlinkSync(at));
    if (target !== undefined) {
      at = resolve(dirname(at), target);
      links += 1;
      continue;
    }
    if (dirname(at) === at) break;
    rest = rest === '' ? basename(at) : join(basename(at), rest);
    at = dirname(at);
  }
  return resolve(path);
};

/**
 * An existing path in or below a folder that fits, links by their own name; undefined when none does. When there is too
 * much to look through, the folder itself is given: what cannot be ruled out counts as there.
 */
export const findBelow = (folder: string, fits: (path: string) => boolean): string | undefined => {
  let left = maxEntries;
  const search = (at: string): string | undefined => {
    for (const entry of attempt(() => readdirSync(at, { withFileTypes: true })) ?? []) {
      left -= 1;
      if (left < 0) return folder;
      const path = at === '/' ? `/${entry.name}` : `${at}/${entry.name}`;
      if (fits(path)) return path;
      const found = entry.isDirectory() ? search(path) : undefined;
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return fits(folder) ? folder : search(folder);
};

/** Other names of a file with more than one, below the root; bounded. */
const linksOf = (path: string, root: string): readonly string[] => {
  const info = attempt(() => statSync(path));
  if (!info?.isFile() || info.nlink < 2) return [];
  const names: string[] = [];
  findBelow(root, (one) => {
    const other = attempt(() => lstatSync(one));
    if (other?.ino === info.ino && other.dev === info.dev && one !== path) names.push(one);
    return names.length >= info.nlink - 1;
  });
  return names;
};

const gitLines = (root: string, args: readonly string[], separator: string): string[] | undefined => {
  const options = {
    cwd: root,
    encoding: 'utf8',
    timeout: 5000,
    maxBuffer: 256 * 1024 * 1024,
    stdio: 'pipe',
    env: { ...process.env, ...quietGit },
  } as const;
  const listing = attempt(() => execFileSync('git', [...quietGitArgs, ...args], options));
  return listing?.split(separator).filter((line) => line !== '');
};

/** Tells whether the index or any ref changed. */
const stampOf = (root: string): string =>
  ['index', 'HEAD', 'packed-refs', 'logs/HEAD', 'refs/heads', 'FETCH_HEAD']
    .map((name) => attempt(() => statSync(join(root, '.git', name)).mtimeMs) ?? 0)
    .join(' ');

/** Look-ups on this machine for one workspace. Git is asked once, and again when its index or refs changed. */
export const lookups = (root: string): Required<Lookups> => {
  const remembered = (ask: () => readonly string[]): (() => readonly string[]) => {
    let known: { stamp: string; paths: readonly string[] } | undefined;
    return () => {
      const stamp = stampOf(root);
      if (known?.stamp !== stamp) known = { stamp, paths: ask() };
      return known.paths;
    };
  };
  return {
    list: (folder) => attempt(() => readdirSync(folder)),
    real: realPath,
    read: (path) =>
      attempt(() => {
        const info = statSync(path);
        return info.isFile() && info.size <= maxScriptBytes ? readFileSync(path, 'utf8') : undefined;
      }),
    links: (path) => linksOf(path, root),
    tracked: remembered(() => gitLines(root, ['ls-files', '-z'], '\0') ?? []),
    history: remembered(() => {
      if (!existsSync(join(root, '.git'))) return [];
      const objects = gitLines(root, ['rev-list', '--objects', '--all', '--reflog', '--indexed-objects'], '\n');
      const paths = objects?.flatMap((line) => line.slice(line.indexOf(' ') + 1 || line.length) || []);
      // Too much to look through in time: then any file may be in it.
      return paths === undefined ? ['*'] : [...new Set(paths)];
    }),
  };
};
