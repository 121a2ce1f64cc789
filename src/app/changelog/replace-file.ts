import { chmodSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { configError, messageOf } from '../../base/errors.ts';

/**
 * Writes a file whole or not at all; its mode stays. A link is replaced, never written through: in a folder of others it can
 * lead anywhere. Pipes and devices are written to.
 * @throws CopilotError exit 3
 */
export const replaceFile = (path: string, text: string): void => {
  const beside = `${path}.${process.pid}.new`;
  try {
    const there = statSync(path, { throwIfNoEntry: false });
    if ((there && !there.isFile()) || /^\/(?:dev|proc)\//.test(path)) {
      writeFileSync(path, text);
      return;
    }
    writeFileSync(beside, text, { flag: 'wx' });
    if (there) chmodSync(beside, there.mode);
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw configError(`${path} cannot be written: ${messageOf(error)}`, 'Check the folder it lies in.', error);
  }
};
