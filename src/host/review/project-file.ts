import { lstatSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { configError, messageOf } from '../../base/errors.ts';
import { isWithin } from '../../base/within.ts';

const maxBytes = 20_000_000;

/** Text of a file the project keeps for reviews; undefined when there is none. @throws CopilotError exit 3 */
export const readProjectFile = (root: string, path: string): string | undefined => {
  try {
    const file = join(root, path);
    const info = lstatSync(file, { throwIfNoEntry: false });
    if (!info) return undefined;
    if (!info.isFile()) throw new Error('it is no ordinary file');
    if (info.size > maxBytes) throw new Error('it is larger than 20 MB');
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw configError(`${path} cannot be read: ${messageOf(error)}`, undefined, error);
  }
};

/** Writes such a file, whole or not at all. @throws CopilotError exit 3 */
export const writeProjectFile = (root: string, path: string, text: string): void => {
  const file = join(root, path);
  const beside = `${file}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(file), { recursive: true });
    if (!isWithin(realpathSync(dirname(file)), realpathSync(root))) throw new Error('a link leads out of the project');
    writeFileSync(beside, text, { flag: 'wx' });
    renameSync(beside, file);
  } catch (error) {
    rmSync(beside, { force: true });
    throw configError(`${path} cannot be written: ${messageOf(error)}`, 'Check that the folder is writable.', error);
  }
};

/** Text of a file of the work tree; undefined of what is no ordinary file, not there, or too large to be code. */
export const readWorkFile = (root: string, path: string, most = 1_000_000): string | undefined => {
  try {
    const file = join(root, path);
    const info = lstatSync(file, { throwIfNoEntry: false });
    return info?.isFile() && info.size <= most ? readFileSync(file, 'utf8') : undefined;
  } catch {
    return undefined;
  }
};
