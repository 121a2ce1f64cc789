import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { configError, messageOf } from '../../base/errors.ts';
import { isRunning } from '../sandbox/process.ts';
import { alone } from '../undo/undo-store-locks.ts';

/** A folder we keep, and what it takes on the disk. */
export interface KeptFolder {
  path: string;
  bytes: number;
}

const waitMs = 30_000;
/** Of one workspace each, by a name made of its path: snapshots for undo, the digest's objects, and the search index. */
const byWorkspace = ['undo', 'shadow', 'index'];
/** Of all workspaces: copies of git objects without hidden files, folders of commands, each named by its process, and memory. */
const shared = ['history', 'scratch', 'memory'];
/** Vectors of texts, of all workspaces. */
const sharedFiles = ['embeddings.db', 'embeddings.db-wal', 'embeddings.db-shm'];
const owner = /^scratch\/(\d+)-/;

const bytesIn = (path: string): number => {
  const info = lstatSync(path, { throwIfNoEntry: false });
  if (!info?.isDirectory()) return info?.size ?? 0;
  return readdirSync(path).reduce((sum, name) => sum + bytesIn(join(path, name)), 0);
};

const withSize = (path: string): KeptFolder => ({ path, bytes: bytesIn(path) });

/** The workspaces of which files are kept, also those no session is left of. */
export const keptWorkspaces = (dataDir: string): string[] =>
  byWorkspace
    .map((kind) => join(dataDir, kind))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name, 'workspace')))
    .filter((path) => existsSync(path))
    .map((path) => readFileSync(path, 'utf8').replace(/\n$/, ''));

/** What is kept of files of these workspaces. */
export const foldersOf = (dataDir: string, roots: readonly string[]): KeptFolder[] =>
  roots
    .map((root) => createHash('sha256').update(root).digest('hex').slice(0, 20))
    .flatMap((name) => byWorkspace.map((kind) => join(dataDir, kind, name)))
    .filter((path) => existsSync(path))
    .map(withSize);

/** What is kept of files of any workspace. */
export const allFolders = (dataDir: string): KeptFolder[] =>
  [...byWorkspace, ...shared]
    .filter((kind) => existsSync(join(dataDir, kind)))
    .flatMap((kind) => readdirSync(join(dataDir, kind)).map((name) => `${kind}/${name}`))
    // A process that runs removes its own when it ends.
    .filter((name) => !isRunning(Number(owner.exec(name)?.[1] ?? NaN)))
    .concat(sharedFiles.filter((name) => existsSync(join(dataDir, name))))
    .map((name) => withSize(join(dataDir, name)));

/**
 * Removes a file or folder for good; a store that somebody uses is waited for.
 * @throws CopilotError exit 3 when it is in use for too long or cannot be removed.
 */
export const removeKept = async (path: string): Promise<void> => {
  const remove = async (): Promise<boolean> => {
    rmSync(path, { recursive: true, force: true });
    return true;
  };
  try {
    const isFolder = lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
    const removed = isFolder ? await alone(path, waitMs, remove) : await remove();
    if (removed) return;
  } catch (error) {
    throw configError(`${path} cannot be removed: ${messageOf(error)}`, 'Mend that and erase again.', error);
  }
  throw configError(`${path} is in use by another process.`, 'Wait for it to end and erase again.');
};
