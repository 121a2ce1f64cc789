import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, open, readdir, readlink, realpath, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { messageOf } from '../../base/errors.ts';
import type { FileInfo } from '../../core/sandbox.ts';
import { ToolError } from '../../core/tool.ts';

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EEXIST: 'a file is where a folder should be',
  EISDIR: 'is a directory',
  ENOTDIR: 'is not a directory, or is below a file',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EROFS: 'the file system is read-only',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the name is too long',
  ENOSPC: 'no space left on the disk',
  ERR_FS_FILE_TOO_LARGE: 'too large to be read at once',
};

/** The error of a file operation, told in words a model can act on. */
const fileError = (path: string, error: unknown): ToolError =>
  error instanceof ToolError
    ? error
    : new ToolError(`${path}: ${reasons[codeOf(error) ?? ''] ?? messageOf(error)}`, { cause: error });

const isMissing = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '');

/**
 * Absolute path with the symlinks of its longest existing part resolved. `..` is taken lexically first; a symlink that
 * points to nothing is followed to where a write would create the file.
 * @throws ToolError when the path holds a null byte.
 */
export const resolvePath = async (path: string, hops = 0): Promise<string> => {
  if (path.includes('\0')) throw new ToolError('a path cannot hold a null byte');
  try {
    return await realpath(path);
  } catch {
    const parent = dirname(path);
    if (parent === path) return path;
    const folder = await resolvePath(parent, hops);
    const here = join(folder, basename(path));
    // 40 is where Linux gives up on links too.
    const target = hops < 40 ? await readlink(here).catch(() => undefined) : undefined;
    return target === undefined ? here : resolvePath(resolve(folder, target), hops + 1);
  }
};

/** What is at a resolved path; undefined when there is nothing. @throws ToolError */
export const statPath = async (path: string): Promise<FileInfo | undefined> => {
  try {
    const info = await stat(path);
    return { kind: info.isFile() ? 'file' : info.isDirectory() ? 'directory' : 'other', size: info.size };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw fileError(path, error);
  }
};

/** Sorted names in a folder; folders end in `/`, links to folders do not. @throws ToolError */
export const listFolder = async (path: string): Promise<string[]> => {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name)).sort();
  } catch (error) {
    throw codeOf(error) === 'ENOTDIR' ? new ToolError(`${path}: is not a directory`) : fileError(path, error);
  }
};

const readRange = async (file: FileHandle, range: { offsetBytes: number; limitBytes: number }): Promise<Uint8Array> => {
  const buffer = Buffer.alloc(range.limitBytes);
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, range.offsetBytes + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
};

/** The bytes of a regular file at a resolved path, or a part of them. Never waits on a pipe. @throws ToolError */
export const readBytes = async (
  path: string,
  range?: { offsetBytes: number; limitBytes: number },
): Promise<Uint8Array> => {
  let file: FileHandle | undefined;
  try {
    const info = await statPath(path);
    if (info?.kind === 'directory') throw new ToolError(`${path}: is a directory`);
    if (info?.kind === 'other') throw new ToolError(`${path}: is not a regular file (a pipe, socket or device)`);
    // O_NONBLOCK: should a pipe take its place between the two calls, the open must not wait for a writer.
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    return await (range ? readRange(file, range) : file.readFile());
  } catch (error) {
    throw fileError(path, error);
  } finally {
    await file?.close();
  }
};

/**
 * Replaces the file at a resolved path as a whole: written beside it, then renamed over it. Mode and owner stay,
 * missing folders are made. Not flushed to the disk: a power cut may lose it, a crash of ours cannot.
 * @throws ToolError
 */
export const writeBytes = async (path: string, data: Uint8Array | string): Promise<void> => {
  const folder = dirname(path);
  const temporary = join(folder, `.llm-copilot-${randomBytes(6).toString('hex')}.tmp`);
  try {
    const before = await stat(path).catch((error: unknown) => {
      if (isMissing(error)) return undefined;
      throw error;
    });
    if (before?.isDirectory()) throw new ToolError(`${path}: is a directory`);
    if (before && !before.isFile()) throw new ToolError(`${path}: is not a regular file (a pipe, socket or device)`);
    // A rename would get round the file's own protection.
    if (before) await access(path, constants.W_OK);
    else await mkdir(folder, { recursive: true });
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(data);
      if (before) {
        if (before.uid !== process.getuid?.()) await file.chown(before.uid, before.gid).catch(() => undefined);
        await file.chmod(before.mode & 0o7777);
      }
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw fileError(path, error);
  }
};
