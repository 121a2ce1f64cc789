import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { onAbort } from '../../base/on-abort.ts';
import type { IndexProgress } from '../../core/code-index.ts';
import type { Database } from '../log/database.ts';
import { contentState, isUnchanged, knownFiles, trustedDate, type KnownFile, type Suspect } from './check-files.ts';
import { maxFileBytes } from './file-kind.ts';
import { parserPool, type ParserPool } from './parser-pool.ts';
import type { BatchWriter, FileChange } from './write-batches.ts';

/** Finds out what became of a file. */
const look = async (
  root: string,
  suspect: Suspect,
  known: (path: string) => Uint8Array | undefined,
  pool: () => ParserPool,
): Promise<FileChange> => {
  const { path } = suspect;
  const readAt = Date.now();
  const before = suspect.isKnown ? known(path) : undefined;
  if (before !== undefined && suspect.size <= maxFileBytes) {
    const now = await contentState(join(root, path), before);
    if (now) return { is: 'same', file: { path, ...now, mtimeMs: trustedDate(now.mtimeMs, readAt) } };
  }
  const answer = await pool().parse(path);
  const mtimeMs = trustedDate(answer.mtimeMs, readAt);
  const file = { path, hash: answer.hash, size: answer.size, mtimeMs };
  if ('skipped' in answer) return { is: 'skipped', file, why: answer.skipped };
  return { is: 'parsed', file: { ...file, lines: answer.lines, kind: answer.kind }, parsed: answer.parsed };
};

/** So many at a time that the parsers have something to do while a batch is written. */
const atOnce = 256;

/**
 * Looks at all suspects and hands what became of them to the writer.
 * @param options.workers threads that parse.
 * @throws what the signal says, once what was found out is written.
 */
export const checkSuspects = async (
  database: Database,
  root: string,
  suspects: readonly Suspect[],
  writer: BatchWriter,
  options: { signal: AbortSignal; onProgress: (progress: IndexProgress) => void; workers?: number | undefined },
): Promise<void> => {
  const { signal, onProgress, workers = Math.min(2, availableParallelism()) } = options;
  let pool: ParserPool | undefined;
  const openPool = (): ParserPool => (pool ??= parserPool(root, { workers }));
  const hashRow = database.prepare<[string], { hash: Uint8Array }>('SELECT hash FROM files WHERE path = ?');
  const known = (path: string): Uint8Array | undefined => hashRow.get(path)?.hash;
  const versionRow = database.prepare<[], { data_version: number }>('PRAGMA data_version');
  const version = (): number | undefined => versionRow.get()?.data_version;
  const queue = suspects.toReversed();
  let others = version();
  let rows: ReadonlyMap<string, KnownFile> = new Map();
  let done = 0;
  let failure: { error: unknown } | undefined;

  const keep = (change: FileChange): void => {
    done += 1;
    // Another process is at the same files: the two meet in the middle.
    if (writer.add(change) > 0) queue.reverse();
    if (version() !== others) {
      others = version();
      rows = knownFiles(database);
    }
    onProgress({ stage: 'reading', done, total: suspects.length });
  };
  const work = async (): Promise<void> => {
    for (;;) {
      const suspect = queue.pop();
      if (!suspect) return;
      if (isUnchanged(suspect, rows.get(suspect.path))) {
        done += 1;
        continue;
      }
      try {
        const change = await look(root, suspect, known, openPool);
        // Nothing is written any more once something went wrong: who asked may have begun again.
        if (failure) return;
        keep(change);
      } catch (error) {
        failure ??= { error };
      }
      if (failure ?? signal.aborted) {
        queue.length = 0;
        await pool?.close();
      }
    }
  };
  const forget = onAbort(signal, () => void pool?.close());
  await Promise.all(Array.from({ length: Math.min(queue.length, atOnce) }, work));
  forget();
  await pool?.close();
  if (failure && !signal.aborted) throw failure.error;
  writer.flush();
  signal.throwIfAborted();
};
