import { lstatSync, statSync } from 'node:fs';
import { copyFile, mkdir, readdir, rename, rm, utimes } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { messageOf } from '../base/errors.ts';
import type { Change } from '../core/sandbox.ts';
import { isRunning } from './sandbox/process.ts';
import {
  openShadow,
  smallerHint,
  snapshotError,
  type GitResult,
  type ShadowGit,
  type ShadowOptions,
} from './shadow-git.ts';

/** States of a folder by content. Every function throws CopilotError `E_SNAPSHOT` when git or the disk fails. */
export interface Snapshots {
  /** Id of the content as it is now: a git tree id. The same files, modes and links give the same id. */
  digest(): Promise<string>;
  /** What differs, by path; a rename is a deletion and an addition. */
  changes(from: string, to: string): Promise<Change[]>;
  /** Unified diff in git's format; binary files are only named. */
  diff(from: string, to: string): Promise<string>;
  /** Writes that state into an empty folder. */
  checkout(digest: string, folder: string): Promise<void>;
  /** Ignored files and folders (relative to the root) whose last name is one of these. */
  ignored(names: readonly string[]): Promise<string[]>;
  /** Folders that hold the objects of these states, for another shadow to read. */
  objectFolders(): Promise<string[]>;
  /** Forgets the temporary index. Safe to call twice. */
  close(): Promise<void>;
}

const emptyTree = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
const emptyBlob = 'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391';
/** A first snapshot that would store more than this is refused: nobody means to record a home folder. */
const maxUntracked = { files: 20_000, bytes: 1024 ** 3 };
const staleMs = 60 * 60 * 1000;
/** Each nested repository without a commit takes a round of its own. */
const maxRounds = 200;
/**
 * Everything new at once goes into one pack instead of a file per object: less than half the time. Not where a
 * repository has most objects already, which git would then compress before it notices.
 */
const intoPack = ['-c', 'core.bigFileThreshold=1', '-c', 'core.compression=1'];
let instances = 0;

/** Tells whether git wrote the index: it renames a new file over it, and only when something changed. */
const stamp = (path: string): string => {
  const info = statSync(path, { bigint: true, throwIfNoEntry: false });
  return info ? `${info.ino}:${info.mtimeNs}:${info.size}` : '';
};

const refuseHuge = async (shadow: ShadowGit, root: string): Promise<void> => {
  const paths = await shadow.untracked();
  let bytes = 0;
  for (const path of paths.length > maxUntracked.files ? [] : paths) {
    bytes += lstatSync(join(root, path), { throwIfNoEntry: false })?.size ?? 0;
  }
  if (paths.length <= maxUntracked.files && bytes <= maxUntracked.bytes) return;
  const much = bytes > 0 ? `${Math.round(bytes / 1024 ** 2)} MB` : `${paths.length} files`;
  throw snapshotError(`${much} in ${root} are neither tracked nor ignored by git.`, undefined, smallerHint);
};

/** Removes what processes that were killed left behind. */
const sweep = async (dir: string): Promise<void> => {
  for (const name of await readdir(dir)) {
    const pid = /^index\.(\d+)\./.exec(name)?.[1];
    if (pid === undefined || isRunning(Number(pid))) continue;
    const path = join(dir, name);
    if (Date.now() - Number(statSync(path, { throwIfNoEntry: false })?.mtimeMs) > staleMs)
      await rm(path, { force: true });
  }
};

/**
 * Snapshots of `root` in a shadow git dir: the user's `.git`, index, objects, hooks and configuration are never written,
 * and it does not matter whether there is a repository, a commit, or a rebase under way.
 *
 * What counts is what git would show: tracked files and those no ignore rule names (`.gitignore`, `.git/info/exclude`,
 * `core.excludesFile`). Bytes count as they are on the disk, without conversion of line endings or filters. Repositories
 * nested in the root count as plain folders of files, their own `.git` aside. Pipes, sockets, devices and files we may
 * not read do not count, nor do empty folders.
 *
 * Each instance has its own index file, so processes do not disturb each other; objects are shared. The last index is
 * kept for the next process, which then does not read unchanged files again.
 */
export const openSnapshots = (options: ShadowOptions): Snapshots => {
  instances += 1;
  const instance = instances;
  let opened: Promise<{ shadow: ShadowGit; index: string }> | undefined;
  let queue: Promise<unknown> = Promise.resolve();
  let last: { stamp: string; digest: string } | undefined;
  let rulesChanged = false;
  let closed = false;

  const open = async (): Promise<{ shadow: ShadowGit; index: string }> => {
    const shadow = await openShadow(options);
    const index = join(shadow.dir, `index.${process.pid}.${instance}`);
    const kept = join(shadow.dir, 'index');
    await sweep(shadow.dir).catch(() => undefined);
    try {
      const writtenAt = Math.floor(statSync(kept).mtimeMs / 1000 - 1);
      await copyFile(kept, index);
      // git looks twice at files changed since the index was written; the copy must not look younger than it is.
      await utimes(index, writtenAt, writtenAt);
      rulesChanged = true;
    } catch {
      await rm(index, { force: true });
      await refuseHuge(shadow, options.root);
    }
    return { shadow, index };
  };
  const ready = async (): Promise<{ shadow: ShadowGit; index: string }> => {
    if (closed) throw snapshotError('the sandbox is closed.');
    opened ??= open();
    try {
      return await opened;
    } catch (error) {
      opened = undefined;
      throw error;
    }
  };
  /** One git command at a time may use the index. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = queue.then(work);
    queue = result.catch(() => undefined);
    return result;
  };
  const failed = (what: string, result: GitResult): Error =>
    snapshotError(`${what}: ${result.stderr.trim().split('\n').slice(-3).join(' ') || `git exited ${result.code}`}`);
  const must = async (
    args: readonly string[],
    extra?: { cwd?: string; workTree?: string; stdin?: string; index?: string },
  ) => {
    const { shadow, index } = await ready();
    const result = await shadow.run(extra?.index ?? index, args, extra);
    if (result.code !== 0) throw failed(`git ${args[0] ?? ''}`, result);
    return result.stdout;
  };
  const paths = (listing: string): string[] => listing.split('\0').filter((path) => path !== '');
  const tree = (digest: string): string => {
    if (!/^[0-9a-f]{40}$/.test(digest)) throw snapshotError(`"${digest}" is not the id of a state.`);
    return digest;
  };

  /** Brings the index up to date, meeting what `git add` refuses: nested repositories, pipes, files that vanish. */
  const addAll = async (): Promise<void> => {
    const { shadow, index } = await ready();
    let lenient = false;
    let vanished = 0;
    for (let round = 0; ; round += 1) {
      const add = [
        ...(stamp(index) === '' && shadow.alternates.length === 0 ? intoPack : []),
        'add',
        '--all',
        '--verbose',
        ...(lenient ? ['--ignore-errors'] : []),
        '--',
        '.',
      ];
      const result = await shadow.run(index, add);
      if (/\.gitignore'$/m.test(result.stdout)) rulesChanged = true;
      const found = (pattern: RegExp) =>
        [...result.stderr.matchAll(pattern)].map((match) => match[1] ?? match[2] ?? '');
      const nested = found(/^warning: adding embedded git repository: (.*)$|^error: '(.*)\/' does not have a commit/gm);
      if (round > maxRounds) throw failed('git add', result);
      if (nested.length > 0) {
        // git descends into a folder of which it knows a file; this one does not exist and is gone after the next add.
        const known = nested.flatMap((path) => ['--cacheinfo', `100644,${emptyBlob},${path}/.llm-copilot-descend`]);
        await must(['update-index', '--add', '--replace', ...known], { cwd: shadow.top });
        continue;
      }
      if (result.code === 0) return;
      const odd = found(/^error: (.*): can only add regular files/gm);
      const errors = found(/^error: (.*)$/gm);
      if (odd.length > 0) {
        const stdin = odd.join('\0');
        await must(['update-index', '--force-remove', '-z', '--stdin'], { cwd: shadow.top, stdin });
      } else if (vanished < 5 && errors.some((line) => /No such file|short read|file changed/.test(line))) {
        vanished += 1;
      } else if (errors.every((line) => /^open\(.*\): Permission denied$|^unable to index file/.test(line))) {
        if (lenient) return;
        lenient = true;
      } else throw failed('git add', result);
    }
  };

  /** Forgets files that a changed rule ignores now, and keeps those the user's repository tracks all the same. */
  const applyRules = async (): Promise<void> => {
    const { shadow } = await ready();
    const pinned = new Set(shadow.pinned);
    if (rulesChanged) {
      const ignored = paths(await must(['ls-files', '-z', '--cached', '--ignored', '--exclude-standard']));
      const gone = ignored.filter((path) => !pinned.has(path));
      if (gone.length > 0) await must(['update-index', '--force-remove', '-z', '--stdin'], { stdin: gone.join('\0') });
      rulesChanged = false;
    }
    const usable = [...pinned].filter((path) => {
      const info = lstatSync(join(options.root, path), { throwIfNoEntry: false });
      return !info || info.isFile() || info.isSymbolicLink();
    });
    if (usable.length > 0)
      await must(['update-index', '--add', '--remove', '-z', '--stdin'], { stdin: usable.join('\0') });
  };

  const writeTree = async (): Promise<string> => {
    const { shadow, index } = await ready();
    if (shadow.prefix === '') return (await must(['write-tree'])).trim();
    const result = await shadow.run(index, ['write-tree', `--prefix=${shadow.prefix}`]);
    if (result.code === 0) return result.stdout.trim();
    if (/prefix .* not found/.test(result.stderr)) return emptyTree;
    throw failed('git write-tree', result);
  };

  const takeDigest = async (): Promise<string> => {
    const { index } = await ready();
    await addAll();
    await applyRules();
    const now = stamp(index);
    if (last?.stamp === now) return last.digest;
    last = { stamp: now, digest: await writeTree() };
    return last.digest;
  };

  return {
    digest: () =>
      inTurn(async () => {
        const { index } = await ready();
        try {
          return await takeDigest();
        } catch (error) {
          // A broken index, or objects the user's own gc removed: read everything anew, once.
          if (stamp(index) === '' || !/index|object|corrupt|unable to read/.test(messageOf(error))) throw error;
          await rm(index, { force: true });
          await rm(`${index}.lock`, { force: true });
          return takeDigest();
        }
      }),
    changes: async (from, to) => {
      if (tree(from) === tree(to)) return [];
      const fields = paths(await must(['diff-tree', '-r', '-z', '--no-renames', from, to]));
      const kinds: Readonly<Record<string, Change['kind']>> = { A: 'added', D: 'deleted' };
      return fields.flatMap((path, at) =>
        at % 2 === 0 ? [] : [{ kind: kinds[fields[at - 1]?.slice(-1) ?? ''] ?? 'modified', path }],
      );
    },
    diff: (from, to) =>
      must([
        'diff-tree',
        '-r',
        '-p',
        '--no-renames',
        '--no-color',
        '--no-ext-diff',
        '--no-textconv',
        tree(from),
        tree(to),
      ]),
    checkout: async (digest, folder) => {
      const { index: own } = await ready();
      instances += 1;
      const index = `${own}.${instances}`;
      await mkdir(folder, { recursive: true });
      try {
        await must(['read-tree', '--reset', '-u', tree(digest)], { cwd: folder, workTree: folder, index });
      } finally {
        await rm(index, { force: true });
      }
    },
    ignored: (names) =>
      inTurn(async () => {
        const listing = paths(
          await must(['ls-files', '-z', '--others', '--ignored', '--exclude-standard', '--directory']),
        );
        return listing.map((path) => path.replace(/\/$/, '')).filter((path) => names.includes(basename(path)));
      }),
    objectFolders: async () => {
      const { shadow } = await ready();
      return [join(shadow.dir, 'objects'), ...shadow.alternates];
    },
    close: () =>
      inTurn(async () => {
        const own = await opened?.catch(() => undefined);
        if (closed || !own) {
          closed = true;
          return;
        }
        closed = true;
        await rename(own.index, join(own.shadow.dir, 'index')).catch(() => undefined);
        await rm(`${own.index}.lock`, { force: true });
      }),
  };
};
