import { closeSync, constants, lstatSync, openSync, readFileSync, readlinkSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { DiffLine, FileDiff } from '../../core/diff.ts';
import { diffLimits } from '../../core/parse-diff.ts';
import type { Place } from './place.ts';
import { gitFailure } from './run-git.ts';

/** Bytes in which a binary file is looked for a NUL, as git does. */
const binaryPrefix = 8000;
/** Bytes of a file too large to keep in which lines are counted. */
const mostCounted = 256 << 20;

const linesOf = (text: string): DiffLine[] => {
  const ends = text.endsWith('\n');
  const lines = text.split('\n');
  if (ends) lines.pop();
  return lines.map((line, at) => ({
    kind: 'added',
    text: line,
    newLine: at + 1,
    ...(at === lines.length - 1 && !ends ? { noNewline: true as const } : {}),
  }));
};

const added = (path: string, newMode: string, content: FileDiff['content']): FileDiff => ({
  ...{ path, status: 'added', newMode, content, hunks: [], added: 0, deleted: 0 },
});

const withText = (file: FileDiff, text: string): FileDiff => {
  if (text === '') return file;
  const lines = linesOf(text);
  if (lines.length > diffLimits.fileLines) return { ...file, added: lines.length, omitted: 'too large' };
  const hunk = { oldStart: 0, oldLines: 0, newStart: 1, newLines: lines.length, section: '', lines };
  return { ...file, added: lines.length, hunks: [hunk] };
};

/** Lines of a file too large to keep, by its line ends; those of a prefix when it is larger still. */
const countLines = async (path: string, signal?: AbortSignal): Promise<number> => {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const piece = Buffer.alloc(1 << 20);
    let lines = 0;
    for (let left = mostCounted; left > 0; left -= piece.length) {
      signal?.throwIfAborted();
      const { bytesRead } = await file.read(piece, 0, piece.length);
      if (bytesRead === 0) break;
      for (let at = piece.indexOf(10); at >= 0 && at < bytesRead; at = piece.indexOf(10, at + 1)) lines += 1;
    }
    return lines;
  } finally {
    await file.close();
  }
};

const readPrefix = (path: string): Buffer => {
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const prefix = Buffer.alloc(binaryPrefix);
    return prefix.subarray(0, readSync(file, prefix, 0, binaryPrefix, 0));
  } finally {
    closeSync(file);
  }
};

const read = async (path: string, whole: string, room: number, signal?: AbortSignal): Promise<FileDiff | undefined> => {
  const info = lstatSync(whole);
  if (info.isSymbolicLink()) return withText(added(path, '120000', 'symlink'), readlinkSync(whole));
  // Pipes, sockets and devices are not what git would take.
  if (!info.isFile()) return undefined;
  const file = added(path, (info.mode & 0o100) === 0 ? '100644' : '100755', 'text');
  if (readPrefix(whole).includes(0)) return { ...file, content: 'binary' };
  if (info.size > Math.min(diffLimits.fileChars, room))
    return { ...file, added: await countLines(whole, signal), omitted: 'too large' };
  return withText(file, readFileSync(whole, 'utf8'));
};

/** What the index does not tell as other files: those it does not know, and those with a conflict. */
export interface OtherFiles {
  /** As added ones, those not ignored. What cannot be read is left out. */
  untracked: FileDiff[];
  /** Paths. */
  unmerged: string[];
}

/** Lists both with one question. */
export const otherFiles = async (
  { git, root }: Place,
  paths: readonly string[],
  signal?: AbortSignal,
): Promise<OtherFiles> => {
  const args = ['ls-files', '-t', '--others', '--unmerged', '--exclude-standard', '-z', '--', ...paths];
  const { code, stdout, stderr } = await git(args, { signal });
  if (code !== 0) throw gitFailure('list untracked files', stderr);
  const untracked: FileDiff[] = [];
  const unmerged = new Set<string>();
  let room = diffLimits.totalChars;
  let seen = 0;
  for (const entry of stdout.toString().split('\0')) {
    if (entry.startsWith('M ')) unmerged.add(entry.slice(entry.indexOf('\t') + 1));
    // A repository within this one is told as a folder.
    if (!entry.startsWith('? ') || entry.endsWith('/')) continue;
    seen += 1;
    // Thousands of files must not keep an interrupt waiting.
    if (seen % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
    const path = entry.slice(2);
    const file = await read(path, join(root, path), room, signal).catch(() => undefined);
    if (file === undefined) continue;
    room -= file.hunks.reduce((sum, { lines }) => lines.reduce((all, { text }) => all + text.length, sum), 0);
    untracked.push(file);
  }
  return { untracked, unmerged: [...unmerged] };
};
