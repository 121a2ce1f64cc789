import { statSync } from 'node:fs';
import { CopilotError, exitCodes } from '../../base/errors.ts';
import { onAbort } from '../../base/on-abort.ts';
import type { IndexProgress, IndexReport, SkipReason } from '../../core/code-index.ts';
import type { Database } from '../log/database.ts';
import { checkSuspects } from './check-suspects.ts';
import { checkFiles, knownFiles } from './check-files.ts';
import { updateHistory } from './git-history.ts';
import { listFiles } from './list-files.ts';
import type { CodeStore } from './store.ts';
import { vectorSpaces } from '../vectors/vector-spaces.ts';
import { vectorWriter } from '../vectors/write-vector.ts';
import { batchWriter, type ChunkChanges } from './write-batches.ts';

/** How an index is brought up to date. */
export interface UpdateOptions {
  /** Ends the work between two batches; what was written stays. */
  signal: AbortSignal;
  onProgress?: (progress: IndexProgress) => void;
  /** Threads that parse; as many as pay when left out. */
  workers?: number;
  /** Called within the transaction that changes the rows: ids of chunks that came and went. Vectors of those that went are gone. */
  onChunks?: (chunks: ChunkChanges) => void;
}

const countsOf = (database: Database): { files: number; chunks: number; skipped: IndexReport['skipped'] } => {
  const rows = database
    .prepare<[], { skipped: SkipReason | null; files: number }>(
      'SELECT skipped, count(*) AS files FROM files GROUP BY skipped',
    )
    .all();
  const chunks = database.prepare<[], { chunks: number }>('SELECT count(*) AS chunks FROM chunks').get()?.chunks ?? 0;
  const skipped: IndexReport['skipped'] = {};
  let files = 0;
  for (const row of rows) {
    if (row.skipped === null) files = row.files;
    else skipped[row.skipped] = row.files;
  }
  return { files, chunks, skipped };
};

/** No space keeps the vector of a chunk that went. */
const forgetVectors = (database: Database, removed: readonly number[]): void => {
  if (removed.length === 0) return;
  for (const { name, dimensions } of vectorSpaces(database)) {
    const write = vectorWriter(database, { name, dimensions, storage: 'float32' });
    for (const id of removed) write(id, null);
  }
};

/** Rows of files by store; who asks often need not read them each time. */
const remembered = new WeakMap<CodeStore, { stamp: string; known: ReturnType<typeof knownFiles> }>();

const rowsOf = (store: CodeStore): ReturnType<typeof knownFiles> => {
  const stamp = store.stamp();
  const last = remembered.get(store);
  if (last?.stamp === stamp) return last.known;
  const known = knownFiles(store.database());
  remembered.set(store, { stamp, known });
  return known;
};

/** @throws CopilotError `E_INDEX`, exit 3 */
const checkThere = (root: string): void => {
  if (statSync(root, { throwIfNoEntry: false })?.isDirectory()) return;
  throw new CopilotError(`The folder ${root} is not there any more.`, {
    code: 'E_INDEX',
    exitCode: exitCodes.config,
    hint: 'Go to where the repository is now.',
  });
};

const updateFiles = async (store: CodeStore, options: UpdateOptions) => {
  const { signal, onProgress = () => undefined, onChunks = () => undefined } = options;
  const database = store.database();
  onProgress({ stage: 'listing', done: 0, total: 0 });
  let rows: ReturnType<typeof rowsOf> | undefined;
  const { files, notices } = await listFiles(store.root, signal, { likely: () => (rows = rowsOf(store)).keys() });
  const known = rows ?? rowsOf(store);
  // Dates of a repository elsewhere say nothing about this one.
  const isSameRoot = store.fact('root') === store.root;
  signal.throwIfAborted();
  // Of a folder that went no file is listed.
  checkThere(store.root);
  const { suspects, gone } = checkFiles(files, known);
  const writer = batchWriter(database, (chunks) => {
    forgetVectors(database, chunks.removed);
    onChunks(chunks);
  });
  for (const path of gone) writer.add({ is: 'gone', path });
  writer.flush();
  const doubted = isSameRoot ? suspects : files.map((file) => ({ ...file, isKnown: known.has(file.path) }));
  if (doubted.length > 0)
    await checkSuspects(database, store.root, doubted, writer, { signal, onProgress, workers: options.workers });
  if (!isSameRoot) store.setFact('root', store.root);
  return { written: writer.written, notices };
};

/** Does two things at once; when one fails, the other is told to stop and waited for. */
const together = async <A, B>(
  outer: AbortSignal,
  [one, other]: [(signal: AbortSignal) => Promise<A>, (signal: AbortSignal) => Promise<B>],
): Promise<[A, B]> => {
  outer.throwIfAborted();
  const stop = new AbortController();
  const { signal } = stop;
  const forget = onAbort(outer, () => stop.abort(outer.reason));
  const orStop = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      // Only the first one counts: it is why the other stopped.
      stop.abort(error);
      throw signal.reason;
    }
  };
  const both = await Promise.allSettled([orStop(one(signal)), orStop(other(signal))] as const);
  forget();
  if (both[0].status === 'rejected') throw both[0].reason;
  if (both[1].status === 'rejected') throw both[1].reason;
  return [both[0].value, both[1].value];
};

/**
 * Brings the index up to date with the files and the history there are. Only files whose size or date differ are read;
 * only those whose content differs are parsed. It can be ended at any time and goes on where it stopped; several
 * processes may do it at once.
 * @throws CopilotError `E_INDEX`, exit 3, when the index cannot be kept or the repository is gone.
 */
export const updateIndex = (store: CodeStore, options: UpdateOptions): Promise<IndexReport> =>
  store.mending(async () => {
    const startedAt = performance.now();
    checkThere(store.root);
    const [{ written, notices }, history] = await together(options.signal, [
      (signal) => updateFiles(store, { ...options, signal }),
      (signal) =>
        updateHistory(store.root, store.database(), signal, (done, total) =>
          options.onProgress?.({ stage: 'history', done, total }),
        ),
    ]);
    // Of a folder that went meanwhile every file is one that cannot be read.
    checkThere(store.root);
    return {
      ...countsOf(store.database()),
      ...written,
      commits: history.commits,
      notices: [...store.notices(), ...notices, ...history.notices],
      withoutVector: 0,
      durationMs: performance.now() - startedAt,
    };
  });
