import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { SkipReason } from '../../core/code-index.ts';
import type { ParsedFile } from '../../core/parsed-file.ts';
import { binaryPrefix, decode, judge, kindOf, maxFileBytes, skipByName } from './file-kind.ts';
import { linesOf } from './chunk-lines.ts';

/** A file's content as its hash and its state on the disk name it. */
export interface FileState {
  /** SHA-1 as git makes it of a blob, 20 bytes; zeros of a file that was not read. */
  hash: Uint8Array;
  size: number;
  /** When content or anything else of it changed last, as {@link changedMs} says. */
  mtimeMs: number;
}

/** A file that was read and taken apart. */
export interface ParsedPath extends FileState {
  lines: number;
  kind: 'code' | 'doc';
  parsed: ParsedFile;
}

/** A file that is not indexed. */
export interface SkippedPath extends FileState {
  skipped: SkipReason;
}

/** A date that can be set back (`cp -p`, `tar x`) does not hide a change: that of the entry itself cannot be. */
export const changedMs = ({ mtimeMs, ctimeMs }: { mtimeMs: number; ctimeMs: number }): number =>
  Math.max(mtimeMs, ctimeMs);

const unread: FileState = { hash: new Uint8Array(20), size: 0, mtimeMs: 0 };

/** A file of which nothing is known. */
export const unreadPath: SkippedPath = { ...unread, skipped: 'unreadable' };

/** The SHA-1 that git gives a blob of these bytes. */
export const blobHash = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest());

// A link is not followed, and a pipe nobody writes to does not hold us up.
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Reads a file of a repository, bounded and through no link; what may not be read says why. @throws Error of the file system */
export const readPath = (root: string, path: string): (FileState & { bytes: Uint8Array }) | SkippedPath => {
  const skipped = skipByName(path);
  const folder = join(root, dirname(path));
  if (path.startsWith('/') || path.split('/').includes('..') || realpathSync.native(folder) !== folder)
    return unreadPath;
  const file = openSync(join(root, path), flags);
  try {
    const stats = fstatSync(file);
    const state = { ...unread, size: stats.size, mtimeMs: changedMs(stats) };
    if (!stats.isFile()) return { ...state, skipped: 'unreadable' };
    if (skipped) return { ...state, skipped };
    // One byte more: it may grow while it is read. Of what is too large only the kind is looked at.
    const isLarge = stats.size > maxFileBytes;
    const buffer = Buffer.allocUnsafe(isLarge ? binaryPrefix : stats.size + 1);
    let length = 0;
    for (let got = -1; got !== 0 && length < buffer.length; length += got)
      got = readSync(file, buffer, length, buffer.length - length, null);
    if (isLarge)
      return { ...state, skipped: decode(buffer.subarray(0, length)) === undefined ? 'binary' : 'too large' };
    // It grew; what was read is no state of it.
    if (length > stats.size) return { ...state, skipped: 'unreadable' };
    const bytes = buffer.subarray(0, length);
    return { ...state, hash: blobHash(bytes), bytes };
  } finally {
    closeSync(file);
  }
};

/**
 * Reads a file, judges it and takes it apart. Never throws: what cannot be read is `unreadable`.
 * @param root absolute and without links.
 * @param onRead called once it is read, before it is parsed.
 */
export const parsePath = async (
  root: string,
  path: string,
  parse: (path: string, text: string) => ParsedFile | Promise<ParsedFile>,
  onRead?: () => void,
): Promise<ParsedPath | SkippedPath> => {
  let source: ReturnType<typeof readPath>;
  try {
    source = readPath(root, path);
  } catch {
    return unreadPath;
  }
  onRead?.();
  if ('skipped' in source) return source;
  const { bytes, ...state } = source;
  const judged = judge(path, bytes);
  if ('skipped' in judged) return { ...state, skipped: judged.skipped };
  const parsed = await parse(path, judged.text);
  return { ...state, lines: linesOf(judged.text).length, kind: kindOf(path), parsed };
};
