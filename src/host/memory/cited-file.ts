import { lstatSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { messageOf } from '../../base/errors.ts';
import { isWithin } from '../../base/within.ts';
import { ToolError } from '../../core/tool.ts';

/** Larger files are no sources: nobody cites lines of them, and they would be read at every recall. */
const maxBytes = 4 << 20;

/** A cited file as it is now. `stamp` is the same while nobody wrote to it. */
export type CitedFile = { text: string; stamp: string } | { gone: string };

/**
 * Reads a file by its path below the top of the repository, without following a link out of it.
 * @param path relative, with `/`.
 * @param before what it was when it was last read: given back where nobody wrote to it since.
 */
export const citedFile = (top: string, path: string, before?: CitedFile): CitedFile => {
  const absolute = join(top, path);
  try {
    if (!isWithin(realpathSync(absolute), top)) return { gone: 'the path leads out of the repository' };
    const info = statSync(absolute);
    if (!info.isFile()) return { gone: 'it is no file' };
    if (info.size > maxBytes) return { gone: 'the file is too large to be looked at' };
    const stamp = `${info.mtimeMs} ${info.ctimeMs} ${info.size} ${info.dev} ${info.ino}`;
    if (before && 'stamp' in before && before.stamp === stamp) return before;
    return { text: readFileSync(absolute, 'utf8'), stamp };
  } catch (error) {
    const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
    const isGone = code === 'ENOENT' || code === 'ENOTDIR';
    return { gone: isGone ? 'the file is gone' : `the file cannot be read (${code})` };
  }
};

/**
 * The path of a source below the top of the repository, as it is kept, from a path as somebody in `root` gives it.
 * @throws ToolError when it leads out of the root, also through a link, or is no file.
 */
export const citedPath = (root: string, top: string, path: string): string => {
  if (path.trim() === '' || path.includes('\0')) throw new ToolError('A source needs the path of a file.');
  const absolute = isAbsolute(path) ? resolve(path) : resolve(root, path);
  if (!isWithin(absolute, root))
    throw new ToolError(`${path} is not in ${root}: only files of the workspace are sources.`);
  try {
    const real = realpathSync(absolute);
    if (!isWithin(real, root))
      throw new ToolError(`${path} is a link out of ${root}: only files of the workspace are sources.`);
    if (!lstatSync(real).isFile()) throw new ToolError(`${path} is no file.`);
    return relative(top, real).split(sep).join('/');
  } catch (error) {
    if (error instanceof ToolError) throw error;
    const isMissing =
      error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
    throw new ToolError(isMissing ? `There is no file ${path}.` : `${path} cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
};
