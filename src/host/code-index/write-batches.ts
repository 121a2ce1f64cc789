import type { Database } from '../log/database.ts';
import type { SkipReason } from '../../core/code-index.ts';
import type { ParsedFile } from '../../core/parsed-file.ts';
import { codeRows, type FileRow } from './rows.ts';

/** What was found out about a file, to be written. */
export type FileChange =
  | { is: 'parsed'; file: FileRow & { lines: number; kind: 'code' | 'doc' }; parsed: ParsedFile }
  | { is: 'skipped'; file: FileRow; why: SkipReason }
  | { is: 'same'; file: FileRow }
  | { is: 'gone'; path: string };

/** Ids of chunks that came and went. */
export interface ChunkChanges {
  added: number[];
  removed: number[];
}

/** Counts of files that are searched. */
export interface Written {
  added: number;
  changed: number;
  removed: number;
}

// So that another process waits for a moment only, and what a killed one loses is little.
const maxFiles = 200;
const maxBytes = 2 << 20;

/** Gathers changes and writes them in short transactions. */
export interface BatchWriter {
  /** @returns how many files another process had written meanwhile, when this call wrote. */
  add(change: FileChange): number;
  flush(): number;
  readonly written: Written;
}

const isEqual = (one: Uint8Array, other: Uint8Array): boolean => Buffer.compare(one, other) === 0;

/** @param onChunks is called within each transaction. */
export const batchWriter = (database: Database, onChunks: (chunks: ChunkChanges) => void): BatchWriter => {
  const rows = codeRows(database);
  const knownOf = database.prepare<[string], { hash: Uint8Array; skipped: string | null }>(
    'SELECT hash, skipped FROM files WHERE path = ?',
  );
  const written: Written = { added: 0, changed: 0, removed: 0 };
  let batch: FileChange[] = [];
  let bytes = 0;

  const write = database.transaction((changes: readonly FileChange[]) => {
    const chunks: ChunkChanges = { added: [], removed: [] };
    const count: Written = { added: 0, changed: 0, removed: 0 };
    let overtaken = 0;
    const removeRows = (path: string): void => {
      for (const id of rows.remove(path)) chunks.removed.push(id);
    };
    for (const change of changes) {
      if (change.is === 'gone') {
        const known = knownOf.get(change.path);
        if (known?.skipped === null) count.removed += 1;
        removeRows(change.path);
        continue;
      }
      const { path, hash, size, mtimeMs } = change.file;
      // What is there now counts, not what was there when the file was read.
      const known = knownOf.get(path);
      const why = change.is === 'skipped' ? change.why : null;
      if (known && isEqual(known.hash, hash) && (change.is === 'same' || known.skipped === why)) {
        if (change.is !== 'same') overtaken += 1;
        rows.touch(path, size, mtimeMs);
        continue;
      }
      // Another process saw other content: the date this one saw shall not vouch for it.
      if (change.is === 'same') continue;
      const was = known?.skipped === null;
      if (change.is === 'parsed') count[was ? 'changed' : 'added'] += 1;
      else if (was) count.removed += 1;
      removeRows(path);
      if (change.is === 'skipped') rows.skip(change.file, change.why);
      else for (const id of rows.put(change.file, change.parsed)) chunks.added.push(id);
    }
    if (chunks.added.length > 0 || chunks.removed.length > 0) onChunks(chunks);
    return { count, overtaken };
  });

  const flush = (): number => {
    if (batch.length === 0) return 0;
    const { count, overtaken } = write.immediate(batch);
    batch = [];
    bytes = 0;
    written.added += count.added;
    written.changed += count.changed;
    written.removed += count.removed;
    return overtaken;
  };

  return {
    written,
    flush,
    add: (change) => {
      batch.push(change);
      bytes += change.is === 'parsed' ? change.file.size : 0;
      return batch.length >= maxFiles || bytes >= maxBytes ? flush() : 0;
    },
  };
};
