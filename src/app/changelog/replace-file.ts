import { chmodSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { configError, messageOf } from '../../base/errors.ts';

/** Writes a file whole or not at all; its mode stays. @throws CopilotError exit 3 */
export const replaceFile = (path: string, text: string): void => {
  const beside = `${path}.${process.pid}.new`;
  try {
    const mode = statSync(path, { throwIfNoEntry: false })?.mode;
    writeFileSync(beside, text, { flag: 'wx' });
    if (mode !== undefined) chmodSync(beside, mode);
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw configError(`${path} cannot be written: ${messageOf(error)}`, undefined, error);
  }
};
