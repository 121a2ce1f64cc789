import { createHash } from 'node:crypto';
import { existsSync, readdirSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CopilotError, exitCodes, isCopilotError, messageOf } from '../../base/errors.ts';
import { snapshotError } from '../shadow-git.ts';
import { undoSettings } from './undo-settings.ts';
import { alone, sharing } from './undo-store-locks.ts';
import { openObjects } from './undo-store-objects.ts';
import { shownPath, toBytes } from './undo-store-paths.ts';
import {
  leftOutText,
  planRestore,
  shownChange,
  type Remark,
  type RestorePlan,
  type UndoChange,
  type UndoRange,
} from './undo-store-plan.ts';
import { pruneObjects, readJournal, type Pruned, type PruneOptions } from './undo-store-prune.ts';
import { recorder } from './undo-store-recorder.ts';
import { carryOut } from './undo-store-restore.ts';
import { changedPaths, entryAt, fromHex, leftOutPaths, sameEntry } from './undo-store-trees.ts';

export type { Pruned, PruneOptions } from './undo-store-prune.ts';
export type { Remark, RestorePlan, UndoChange, UndoRange } from './undo-store-plan.ts';

/** How to open a store. */
export interface UndoStoreOptions {
  /** The workspace. */
  root: string;
  /** The store is a folder in here. */
  dataDir: string;
  /** Patterns in gitignore's form, with a final `/` for folders only; the usual ones ({@link undoSettings}) when left out. */
  exclude?: readonly string[];
  maxFileBytes?: number;
  /** Absolute real paths of folders outside of the root that are recorded with it. */
  addedFolders?: readonly string[];
  /** What a store that was used prunes itself to, at most once a day; the usual when left out. */
  keep?: { days: number; bytes: number };
  /** Above these a snapshot is refused. */
  most?: { entries: number; bytes: number };
}

/**
 * States of a folder, to go back to. Files git ignores count, and so do modes, links, empty folders and nested
 * repositories; what is left out is known. Every function throws CopilotError `E_SNAPSHOT` when the disk fails.
 */
export interface UndoStore {
  /**
   * Records everything, or these paths (absolute or relative to the root); a path where nothing is counts as such. A
   * folder outside of the root is recorded with what it holds only when its path ends in `/`.
   */
  snapshot(paths?: readonly string[]): Promise<string>;
  /** Records as they are now all paths that the ranges say something of; `paths` when that is not everything. */
  now(ranges: readonly UndoRange[]): Promise<{ snapshot: string; paths?: string[] }>;
  /** False after it was pruned. */
  has(snapshot: string): boolean;
  changes(from: string, to: string): Promise<UndoChange[]>;
  /** What a snapshot names without holding it. */
  skipped(snapshot: string): Promise<Remark[]>;
  /** How to take ranges back, newest first, from `current`, a snapshot of now. Changes nothing. */
  plan(ranges: readonly UndoRange[], current: string, options?: { force?: boolean }): Promise<RestorePlan>;
  /** Carries a plan out, whatever its conflicts. */
  restore(plan: RestorePlan): Promise<void>;
  /** Where a snapshot is not as the plan wanted it. */
  missed(plan: RestorePlan, snapshot: string): Promise<Remark[]>;
  /** Undefined when another process uses the store for longer than a while. */
  prune(options: PruneOptions): Promise<Pruned | undefined>;
  /** Safe to call twice. */
  close(): Promise<void>;
}

const defaultMost = { entries: 300_000, bytes: 2 * 1024 ** 3 };
const dayMs = 24 * 60 * 60 * 1000;
const pruneWaitMs = 30_000;

const hint = (error: unknown): string =>
  error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')
    ? 'Make room on the disk of the data folder: "llm-copilot undo prune" forgets old snapshots.'
    : 'Look at the disk and the data folder with "llm-copilot doctor".';

const smaller = 'Name large folders under undo.exclude in the configuration, or start in a smaller folder.';

const folderOf = (dataDir: string, root: string): string =>
  join(dataDir, 'undo', createHash('sha256').update(root).digest('hex').slice(0, 20));

/**
 * A git object store of our own under `<dataDir>/undo`, written without git: the user's repository is never touched and
 * need not exist. Nothing is made before the first snapshot.
 */
export const openUndoStore = (options: UndoStoreOptions): UndoStore => {
  const root = realpathSync(options.root);
  const rootBytes = root === '/' ? '' : toBytes(root);
  const dir = folderOf(options.dataDir, root);
  const objects = openObjects(join(dir, 'objects'));
  const { exclude, maxFileBytes, keep } = { ...undoSettings(), ...options };
  const record = recorder({
    root,
    rootBytes,
    dir,
    dataDir: options.dataDir,
    objects,
    exclude,
    maxFileBytes,
    added: (options.addedFolders ?? []).map((folder) => `${folder}/`),
    most: options.most ?? defaultMost,
  });
  let isUsed = false;
  let journal: { stamp: string; ids: Set<string> } | undefined;
  let queue: Promise<unknown> = Promise.resolve();

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = queue.then(work);
    queue = result.catch(() => undefined);
    return result;
  };
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (isCopilotError(error)) throw error;
      throw snapshotError(`${messageOf(error)}.`, error, error instanceof RangeError ? smaller : hint(error));
    }
  };
  const readable = (snapshot: string): string => {
    const id = /^[0-9a-f]{40}$/.test(snapshot) ? fromHex(snapshot) : '';
    if (id !== '' && existsSync(dir) && objects.has(id)) return id;
    objects.refresh();
    if (id !== '' && objects.has(id)) return id;
    throw new CopilotError(`Snapshot ${snapshot.slice(0, 10)} is not there any more.`, {
      code: 'E_UNDO_PRUNED',
      exitCode: exitCodes.notAchieved,
      hint: `Snapshots are kept for ${keep.days} days; undo.keepDays and undo.maxSizeMB in the configuration change that.`,
    });
  };
  const prune = (pruning: PruneOptions): Promise<Pruned | undefined> =>
    guarded(async () => {
      if (!existsSync(join(dir, 'objects'))) return { kept: 0, dropped: 0, bytesBefore: 0, bytesAfter: 0 };
      const pruned = await alone(dir, pruneWaitMs, () => pruneObjects(dir, objects, pruning));
      if (pruned) writeFileSync(join(dir, 'pruned'), '', { mode: 0o600 });
      return pruned;
    });
  /** Stores of workspaces nobody used for so long go as a whole. */
  const pruneOthers = (): void => {
    const all = join(dir, '..');
    for (const name of readdirSync(all)) {
      const other = join(all, name);
      const used = statSync(join(other, 'journal'), { throwIfNoEntry: false });
      if (other !== dir && used && Date.now() - used.mtimeMs > keep.days * dayMs)
        rmSync(other, { recursive: true, force: true });
    }
  };

  const snapshot = (paths?: readonly string[]): Promise<string> =>
    inTurn(() =>
      guarded(async () => {
        isUsed = true;
        return record.take(paths);
      }),
    );
  /** Folders outside of the root that a snapshot recorded with what they hold. */
  const deepFolders = (id: string): string[] => {
    const entry = objects.readTree(readable(id)).find(({ name }) => name === 'added');
    return entry ? objects.read(entry.id).toString().split('\0') : [];
  };

  return {
    snapshot,
    now: (ranges) =>
      guarded(async () => {
        const all = new Set<string>();
        for (const range of ranges) {
          for (const path of range.paths ?? ['.']) all.add(path);
          for (const folder of deepFolders(range.before)) all.add(folder);
        }
        const paths = [...all];
        return paths.length === 1 && paths[0] === '.'
          ? { snapshot: await snapshot() }
          : { snapshot: await snapshot(paths), paths };
      }),
    has: (snapshot) => {
      const info = statSync(join(dir, 'journal'), { throwIfNoEntry: false });
      const stamp = info ? `${info.ino} ${info.mtimeMs} ${info.size}` : '';
      if (journal?.stamp !== stamp) journal = { stamp, ids: new Set(readJournal(dir).map((line) => line.id)) };
      return journal.ids.has(snapshot) && objects.has(fromHex(snapshot));
    },
    changes: (from, to) =>
      guarded(async () => {
        const changes = [...changedPaths(readable(from), readable(to), objects.readTree)];
        return changes.flatMap((change) => shownChange(change) ?? []);
      }),
    skipped: (snapshot) =>
      guarded(async () =>
        [...leftOutPaths(readable(snapshot), objects.readTree)].map(({ path, mode }) => ({
          path: shownPath(path),
          why: leftOutText(mode),
        })),
      ),
    plan: (ranges, current, { force = false } = {}) =>
      guarded(async () => {
        const known = ranges.map(({ before, after, paths }) => ({
          before: readable(before),
          after: after === undefined ? undefined : readable(after),
          paths,
        }));
        return planRestore(rootBytes, known, readable(current), force, objects.readTree);
      }),
    missed: (plan, id) =>
      guarded(async () => {
        const tree = readable(id);
        return plan.actions.flatMap(({ path, to }) =>
          sameEntry(entryAt(tree, path, objects.readTree), to)
            ? []
            : [{ path: shownPath(path), why: 'is not as it should be' }],
        );
      }),
    restore: (plan) =>
      inTurn(async () => {
        try {
          await sharing(dir, () => carryOut(rootBytes, plan.actions, objects.read));
        } catch (error) {
          throw new CopilotError(`Not everything could be restored: ${messageOf(error)}.`, {
            code: 'E_UNDO',
            exitCode: exitCodes.sandbox,
            hint: 'What was done is a step of its own: "llm-copilot undo --list" shows it, and it can be undone.',
            cause: error,
          });
        }
      }),
    prune: (pruning) => inTurn(() => prune(pruning)),
    close: () => {
      record.stop();
      return inTurn(async () => {
        if (!isUsed) {
          objects.close();
          return;
        }
        isUsed = false;
        try {
          await record.end();
          const last = statSync(join(dir, 'pruned'), { throwIfNoEntry: false })?.mtimeMs;
          const made = statSync(join(dir, 'HEAD'), { throwIfNoEntry: false })?.mtimeMs;
          if (Date.now() - (last ?? made ?? Date.now()) > dayMs) {
            await prune({ keepDays: keep.days, maxBytes: keep.bytes });
            pruneOthers();
          }
        } catch {
          // Nothing anybody asked for failed.
        }
        objects.close();
      });
    },
  };
};
