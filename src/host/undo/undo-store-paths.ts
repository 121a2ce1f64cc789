import { isAbsolute } from 'node:path';

const highBytes = /[\x80-\xff]/;
const strict = new TextDecoder('utf-8', { fatal: true });

/** A path of the program's as the disk has it: one character per byte, so that names that are no UTF-8 survive. */
export const toBytes = (path: string): string => Buffer.from(path, 'utf8').toString('latin1');

/** What `node:fs` must be given for such an absolute path; the empty one is the top of the file system. */
export const onDisk = (bytes: string): string | Buffer => {
  if (bytes === '') return '/';
  return highBytes.test(bytes) ? Buffer.from(bytes, 'latin1') : bytes;
};

/** Such a path for the human and for JSON; bytes that are no UTF-8 come out as `\xNN`. */
export const shownPath = (bytes: string): string => {
  if (bytes === '') return '.';
  if (!highBytes.test(bytes)) return bytes;
  try {
    return strict.decode(Buffer.from(bytes, 'latin1'));
  } catch {
    return bytes.replace(/[\x80-\xff]/g, (char) => `\\x${char.charCodeAt(0).toString(16)}`);
  }
};

/** A path below a folder; the empty path is the folder itself. */
export const below = (folder: string, path: string): string => (path === '' ? folder : `${folder}/${path}`);

/** The folders above a path, outermost first: of `a/b/c` the empty path (the root), `a` and `a/b`; of `/x/y` only `/x`. */
export const foldersAbove = (path: string): string[] => {
  const above = path === '' || isAbsolute(path) ? [] : [''];
  for (let at = path.indexOf('/', 1); at > 0; at = path.indexOf('/', at + 1)) above.push(path.slice(0, at));
  return above;
};
