import { execFile } from 'node:child_process';
import { type Dirent, existsSync, lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CopilotError, exitCodes } from '../../base/errors.ts';
import { isDependency } from '../../core/walk.ts';
import { quietGitArgs, quietGitEnv } from '../quiet-git.ts';
import { changedMs } from './parse-path.ts';

/** A file that may be indexed. */
export interface ListedFile {
  /** Relative to the root, with `/`. */
  path: string;
  size: number;
  mtimeMs: number;
}

/** The files of a folder, and what the human should know of those that were left out. */
export interface Listing {
  files: ListedFile[];
  notices: string[];
}

/** Git may wait for what never comes, such as a pipe for an ignore file: then it is done without. */
const maxGitMs = 60_000;

const git = (
  root: string,
  args: readonly string[],
  { signal, timeoutMs }: { signal: AbortSignal; timeoutMs: number },
): Promise<Buffer | 'too late' | undefined> =>
  new Promise((resolve, reject) => {
    const options = {
      ...{ cwd: root, env: quietGitEnv(), signal, timeout: timeoutMs, killSignal: 'SIGKILL' as const },
      ...{ encoding: 'buffer' as const, maxBuffer: 1 << 30 },
    };
    execFile('git', [...quietGitArgs, '-c', 'core.quotepath=false', ...args], options, (error, stdout) => {
      if (signal.aborted) reject(signal.reason as Error);
      else if (error?.killed === true && typeof error.code !== 'string') resolve('too late');
      else resolve(error ? undefined : stdout);
    });
  });

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Names separated by NUL; `undefined` for each that is not UTF-8. */
const names = (output: Buffer): (string | undefined)[] => {
  try {
    return utf8.decode(output).split('\0').slice(0, -1);
  } catch {
    const found: (string | undefined)[] = [];
    for (let start = 0, end; (end = output.indexOf(0, start)) >= 0; start = end + 1) {
      try {
        found.push(utf8.decode(output.subarray(start, end)));
      } catch {
        found.push(undefined);
      }
    }
    return found;
  }
};

/** Counts of what was left out. */
interface LeftOut {
  oddNames: number;
  nested: string[];
  dependencies: number;
}

type Seen = ReadonlyMap<string, ReturnType<typeof statOf>>;

/** Looks at each path on the disk that was not seen yet; what is gone, a link, or behind a link is left out. */
const statAll = (root: string, paths: readonly (string | undefined)[], seen: Seen, left: LeftOut): ListedFile[] => {
  const folders = new Map<string, boolean>([['.', true]]);
  const isRealFolder = (folder: string): boolean => {
    let known = folders.get(folder);
    if (known === undefined) {
      known = isRealFolder(dirname(folder)) && statOf(join(root, folder))?.isDirectory() === true;
      if (known && isBareRepository(join(root, folder))) {
        known = false;
        left.nested.push(folder);
      }
      folders.set(folder, known);
    }
    return known;
  };
  const files: ListedFile[] = [];
  for (const path of paths) {
    if (path === undefined) {
      left.oddNames += 1;
      continue;
    }
    // A repository that is nobody's submodule is listed as a folder.
    if (path.endsWith('/')) {
      left.nested.push(path.slice(0, -1));
      continue;
    }
    if (isDependency(`/${path}`)) {
      left.dependencies += 1;
      continue;
    }
    const slash = path.lastIndexOf('/');
    if (slash > 0 && !isRealFolder(path.slice(0, slash))) continue;
    const stats = seen.get(path) ?? statOf(`${root}/${path}`);
    if (stats?.isFile()) files.push({ path, size: stats.size, mtimeMs: changedMs(stats) });
    else if (stats?.isDirectory()) left.nested.push(path);
  }
  return files;
};

/** What git keeps, without a folder of files beside it. Its settings may hold passwords, and nothing in it is a text. */
const isBareRepository = (folder: string): boolean =>
  ['HEAD', 'objects', 'refs', 'config'].every((name) => existsSync(join(folder, name)));

const statOf = (path: string) => {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
};

/** Nothing where it may not be read: git does the same. */
const textOf = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

const walkFolder = async (root: string, left: LeftOut, signal: AbortSignal): Promise<string[]> => {
  const { default: ignore } = await import('ignore');
  interface Level {
    folder: string;
    rules: ReturnType<typeof ignore>;
  }
  const paths: string[] = [];
  const isIgnored = (path: string, levels: readonly Level[]): boolean => {
    for (const { folder, rules } of levels.toReversed()) {
      const { ignored, unignored } = rules.test(path.slice(folder.length));
      if (ignored || unignored) return ignored;
    }
    return false;
  };
  const below = (folder: string, above: readonly Level[]): void => {
    signal.throwIfAborted();
    let entries: Dirent<Buffer>[];
    try {
      entries = readdirSync(join(root, folder), { withFileTypes: true, encoding: 'buffer' });
    } catch {
      return;
    }
    let levels = above;
    if (entries.some((entry) => entry.name.toString() === '.gitignore' && entry.isFile())) {
      levels = [...above, { folder, rules: ignore().add(textOf(join(root, folder, '.gitignore'))) }];
    }
    for (const entry of entries) {
      let name: string;
      try {
        name = utf8.decode(entry.name);
      } catch {
        left.oddNames += 1;
        continue;
      }
      const path = folder + name;
      if (name === '.git' || isDependency(`/${path}`)) continue;
      if (entry.isDirectory()) {
        if (isIgnored(`${path}/`, levels)) continue;
        if (existsSync(join(root, path, '.git')) || isBareRepository(join(root, path))) left.nested.push(path);
        else below(`${path}/`, levels);
      } else if (entry.isFile() && !isIgnored(path, levels)) paths.push(path);
    }
  };
  below('', []);
  return paths;
};

const noticesOf = ({ oddNames, nested, dependencies }: LeftOut): string[] => {
  const notices: string[] = [];
  if (oddNames > 0)
    notices.push(`${oddNames} ${oddNames === 1 ? 'file is' : 'files are'} left out: the name is not UTF-8`);
  if (dependencies > 0)
    notices.push(
      `${dependencies} ${dependencies === 1 ? 'file of dependencies is' : 'files of dependencies are'} left out (node_modules and the like)`,
    );
  if (nested.length > 0) {
    const shown = nested.slice(0, 3).join(', ');
    const more = nested.length > 3 ? ` and ${nested.length - 3} more` : '';
    notices.push(
      `not entered: ${shown}${more} (${nested.length === 1 ? 'a repository' : 'repositories'} of their own)`,
    );
  }
  return notices;
};

/**
 * The files below a folder that its owner did not ask git to ignore, sorted by path. Outside a repository, or without
 * git, `.gitignore` files are read all the same.
 * @param root absolute.
 * @param options.gitMs how long git may take.
 * @param options.likely paths that are probably among them, asked for once git is at work.
 * @throws CopilotError `E_USAGE` when there is no such folder.
 */
export const listFiles = async (
  root: string,
  signal: AbortSignal,
  { gitMs = maxGitMs, likely = () => [] }: { gitMs?: number; likely?: () => Iterable<string> } = {},
): Promise<Listing> => {
  signal.throwIfAborted();
  if (!statSync(root, { throwIfNoEntry: false })?.isDirectory())
    throw new CopilotError(`${root} is not there any more, or is no folder`, {
      code: 'E_USAGE',
      exitCode: exitCodes.usage,
      hint: 'run the command in the folder to be searched, or name it with -C',
    });
  if (isBareRepository(root))
    return { files: [], notices: ['a bare repository: there are no files here, only its commits can be searched'] };
  const left: LeftOut = { oddNames: 0, nested: [], dependencies: 0 };
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate'];
  const listing = git(root, args, { signal, timeoutMs: gitMs });
  // Should `likely` fail, nobody waits for it any more.
  listing.catch(() => undefined);
  // Git takes about as long to find the names as we take to look at those that are likely among them.
  const seen: Seen = new Map([...likely()].map((path) => [path, statOf(`${root}/${path}`)]));
  const listed = await listing;
  const isLate = listed === 'too late';
  // A folder that a repository around it ignores is listed by ourselves.
  const paths = listed && !isLate && listed.length > 0 ? names(listed) : await walkFolder(root, left, signal);
  const files = statAll(root, paths, seen, left).sort((a, b) => (a.path < b.path ? -1 : 1));
  const late = isLate ? [`git did not list the files within ${gitMs / 1000} s; they were looked for without it`] : [];
  return { files, notices: [...late, ...noticesOf(left)] };
};
