import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { CopilotError, exitCodes } from '../base/errors.ts';

/** How a git command ended. */
export interface GitResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** A git dir of our own beside the user's, and how to call git with it. */
export interface ShadowGit {
  /** The git dir. */
  readonly dir: string;
  /** Top of the work tree: that of the repository the root lies in, or the root itself. */
  readonly top: string;
  /** The root as a path below `top`, ending in `/`; empty when they are the same. */
  readonly prefix: string;
  /** Object folders git may read besides our own. */
  readonly alternates: readonly string[];
  /** Files the user's repository tracks although its rules ignore them, relative to the root. */
  readonly pinned: readonly string[];
  /** Files git does not track yet, relative to the root: those a first snapshot has to store. */
  untracked(): Promise<string[]>;
  /** Runs git on the shadow with an index file; `cwd` is the root when left out. */
  run(index: string, args: readonly string[], options?: GitOptions): Promise<GitResult>;
}

/** What differs from call to call. */
export interface GitOptions {
  cwd?: string;
  /** The work tree; `top` when left out. */
  workTree?: string;
  stdin?: string;
}

/** How to open a shadow. */
export interface ShadowOptions {
  root: string;
  dataDir: string;
  /** Ignored besides what git's own rules say; gitignore patterns anchored at the root. */
  exclude?: readonly string[];
  /** More object folders. */
  alternates?: readonly string[];
}

/** The one error of this module's callers: exit 7. */
export const snapshotError = (what: string, cause?: unknown, hint?: string): CopilotError =>
  new CopilotError(`The workspace could not be recorded: ${what}`, {
    code: 'E_SNAPSHOT',
    exitCode: exitCodes.sandbox,
    hint: hint ?? 'Check the disk and `git status` in this folder; `--verify never` works without snapshots.',
    cause,
  });

/** What helps when a workspace is too large. */
export const smallerHint = 'Start in a smaller folder, or name large folders in .gitignore.';

const maxGitOutputBytes = 256 * 1024 * 1024;
/** Longer than this nobody waits before a command starts. */
const maxGitMs = 60_000;

/** @throws CopilotError E_SNAPSHOT when git itself cannot be started or answers without end. */
const runGit = (args: readonly string[], cwd: string, env: NodeJS.ProcessEnv, stdin?: string): Promise<GitResult> =>
  new Promise((resolveResult, reject) => {
    const child = execFile(
      'git',
      args,
      { cwd, env, maxBuffer: maxGitOutputBytes, timeout: maxGitMs },
      (error, stdout, stderr) => {
        if (error === null) resolveResult({ code: 0, stdout, stderr });
        else if (typeof error.code === 'number') resolveResult({ code: error.code, stdout, stderr });
        else if (String(error.code) === 'ENOENT' && lstatSync(cwd, { throwIfNoEntry: false }) !== undefined) {
          reject(snapshotError('git is not installed.', error, 'Install git and make sure it is on the PATH.'));
        } else if (error.killed === true && error.code === undefined) {
          reject(snapshotError(`git took longer than ${maxGitMs / 1000} s.`, error, smallerHint));
        } else
          reject(
            snapshotError(`git ${args.find((arg) => /^[a-z]+(?:-[a-z]+)*$/.test(arg)) ?? ''}: ${error.message}`, error),
          );
      },
    );
    // A git that ended early closes its stdin; its exit code tells why.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(stdin ?? '');
  });

/** In a hook git sets GIT_DIR and the like; they must reach neither the user's repository nor the shadow. */
const environment = (keep: RegExp, added: Record<string, string>): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_') || keep.test(name))),
  ...added,
  LC_ALL: 'C',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_TERMINAL_PROMPT: '0',
});

/** What the user's git knows of the root. */
interface Surroundings {
  top: string;
  prefix: string;
  /** Undefined when there is no repository or its objects cannot be shared. */
  objects: string | undefined;
  isRepository: boolean;
  exclude: string;
  excludesFile: string | undefined;
  pinned: string[];
}

/** Asks the user's own git, with the user's configuration. */
const askIn =
  (root: string) =>
  (...args: string[]): Promise<GitResult> =>
    runGit(['-c', 'core.fsmonitor=false', ...args], root, environment(/^GIT_(CONFIG|CEILING)/, {}));

const lookAround = async (root: string): Promise<Surroundings> => {
  const ask = askIn(root);
  const [where, excludes, pinned] = await Promise.all([
    ask('rev-parse', '--show-object-format', '--show-toplevel', '--git-path', 'objects', '--git-path', 'info/exclude'),
    ask('config', '--type=path', '--get', 'core.excludesFile'),
    ask('ls-files', '-z', '--cached', '--ignored', '--exclude-standard'),
  ]);
  const alone = { top: root, prefix: '', objects: undefined, isRepository: false, exclude: '', pinned: [] };
  const excludesFile = excludes.code === 0 ? excludes.stdout.trimEnd() : undefined;
  const [format = '', top = '', objects = '', exclude = '', ...rest] = where.stdout.trimEnd().split('\n');
  if (where.code !== 0 || rest.length > 0) return { ...alone, excludesFile };
  const prefix = top === root ? '' : `${relative(top, root)}${sep}`;
  // A root its repository ignores (a build folder, a home folder kept in git) stands alone: it would look empty.
  if (prefix !== '' && (await ask('check-ignore', '-q', '.')).code === 0) return { ...alone, excludesFile };
  return {
    top,
    prefix,
    isRepository: true,
    objects: format === 'sha1' ? resolve(root, objects) : undefined,
    exclude: await readFile(resolve(root, exclude), 'utf8').catch(() => ''),
    excludesFile,
    pinned: pinned.stdout.split('\0').filter((path) => path !== ''),
  };
};

const writeIfOther = async (path: string, content: string): Promise<void> => {
  if ((await readFile(path, 'utf8').catch(() => undefined)) === content) return;
  const temporary = `${path}.${randomBytes(4).toString('hex')}`;
  await writeFile(temporary, content);
  await rename(temporary, path);
};

// Written by hand and not by `git init`: one process less, and no template of the user's brings hooks in.
// protectNTFS and protectHFS refuse names that are harmless here; quotePath would garble names in diffs.
const config = `[core]
\trepositoryFormatVersion = 0
\tbare = false
\tfileMode = true
\tignoreCase = ${process.platform === 'linux' ? 'false' : 'true'}
\tprecomposeUnicode = ${process.platform === 'darwin' ? 'true' : 'false'}
\tprotectNTFS = false
\tprotectHFS = false
\tquotePath = false
\tautocrlf = false
\tfsmonitor = false
\tfsync = none
\thooksPath = /dev/null
\tattributesFile = /dev/null
[gc]
\tauto = 0
[advice]
\taddEmbeddedRepo = false
`;

// Bytes go in as they are, whatever .gitattributes says: the digest is over what is on the disk.
const attributes = '* -text -eol -crlf -filter -ident !working-tree-encoding\n';

/** A pattern that matches exactly this path below the root. */
export const excludePattern = (path: string): string => `/${path.replace(/[\\*?[\]!# ]/g, '\\$&')}`;

const quoted = (path: string): string => (/[:"\\\n]/.test(path) ? JSON.stringify(path) : path);

/**
 * Opens (and makes, the first time) the shadow of a root under `<dataDir>/shadow/`. The user's repository is only read.
 * @throws CopilotError E_SNAPSHOT
 */
export const openShadow = async (options: ShadowOptions): Promise<ShadowGit> => {
  const { root } = options;
  const around = await lookAround(root);
  const dir = join(options.dataDir, 'shadow', createHash('sha256').update(root).digest('hex').slice(0, 20));
  const inside = relative(root, dirname(dirname(dir)));
  const ownData = inside !== '' && !inside.startsWith('..') ? [excludePattern(inside)] : [];
  const anchor = excludePattern(around.prefix).slice(0, -1);
  const exclude = [around.exclude.trimEnd(), ...[...(options.exclude ?? []), ...ownData].map((line) => anchor + line)];
  try {
    for (const folder of ['objects', 'refs', 'info']) await mkdir(join(dir, folder), { recursive: true, mode: 0o700 });
    await Promise.all([
      writeIfOther(join(dir, 'HEAD'), 'ref: refs/heads/none\n'),
      writeIfOther(join(dir, 'config'), config),
      // Whoever erases what is kept of a folder must find it when no session names it any more.
      writeIfOther(join(dir, 'workspace'), `${root}\n`),
      writeIfOther(join(dir, 'info', 'attributes'), attributes),
      writeIfOther(join(dir, 'info', 'exclude'), `${exclude.join('\n')}\n`),
    ]);
  } catch (error) {
    throw snapshotError(`${dir} cannot be written.`, error);
  }
  const alternates = [...(around.objects === undefined ? [] : [around.objects]), ...(options.alternates ?? [])];
  const env = environment(/^$/, {
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ALTERNATE_OBJECT_DIRECTORIES: alternates.map(quoted).join(':'),
  });
  const settings = around.excludesFile === undefined ? [] : ['-c', `core.excludesFile=${around.excludesFile}`];
  const run: ShadowGit['run'] = (index, args, { cwd = root, workTree = around.top, stdin } = {}) =>
    runGit(
      [...settings, `--git-dir=${dir}`, `--work-tree=${workTree}`, ...args],
      cwd,
      { ...env, GIT_INDEX_FILE: index },
      stdin,
    );
  return {
    dir,
    top: around.top,
    prefix: around.prefix,
    alternates,
    pinned: around.pinned,
    untracked: async () => {
      const listing = ['ls-files', '-z', '--others', '--exclude-standard'];
      const result = await (around.isRepository ? askIn(root)(...listing) : run(join(dir, 'index.none'), listing));
      return result.stdout.split('\0').filter((path) => path !== '');
    },
    run,
  };
};
