import { existsSync, realpathSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { usageError } from '../base/errors.ts';
import { configPaths } from '../host/config/config.ts';
import type { Env } from '../host/paths.ts';
import { addTrust, revokeTrust, trustedFolders, trustHash, trustOf } from '../host/config/trust.ts';
import { journal } from './journal.ts';
import { projectFolder } from './settings.ts';

const folderAt = (env: Env, path: string): string => {
  if (!existsSync(path) || !statSync(path).isDirectory()) throw usageError(`There is no folder ${path}.`);
  return projectFolder(env, realpathSync(path));
};

/** A change of trust, recorded before it is made. */
const recording = <T>(env: Env, folder: string, change: 'added' | 'revoked', make: () => T): T => {
  const takeBack = journal(env, folder, change === 'added' ? 'trust add' : 'trust revoke', [
    { type: 'trust.changed', folder, change },
  ]);
  try {
    return make();
  } catch (error) {
    takeBack();
    throw error;
  }
};

const revoke = (env: Env, folder: string): boolean =>
  trustedFolders(env).some((entry) => entry.folder === folder) &&
  recording(env, folder, 'revoked', () => revokeTrust(env, folder));

/** Trusts the project a folder belongs to, as it is now. @throws CopilotError exit 2 or 3 */
export const trustFolder = (env: Env, path: string): { folder: string; covers: string } => {
  const folder = folderAt(env, path);
  recording(env, folder, 'added', () => addTrust(env, folder));
  const config = existsSync(configPaths(env, folder).project);
  const nothing = trustHash(folder) === undefined;
  return {
    folder,
    covers: nothing
      ? 'there is nothing in it yet that steers an agent'
      : `${config ? '.llm-copilot/ and ' : ''}its instruction files`,
  };
};

/** Trusted folders and whether they still are as they were. @throws CopilotError exit 3 */
export const listTrust = (env: Env): { folder: string; at: number; state: 'trusted' | 'changed' | 'gone' }[] =>
  trustedFolders(env).map(({ folder, at }) => {
    if (!existsSync(folder)) return { folder, at, state: 'gone' };
    return { folder, at, state: trustOf(env, folder) === 'trusted' ? 'trusted' : 'changed' };
  });

/** Takes trust back; false when there was none. @throws CopilotError exit 3 */
export const revokeFolder = (env: Env, path: string): boolean => {
  // A folder that is gone can still be taken off the list.
  if (!existsSync(path)) return revoke(env, resolve(path));
  return revoke(env, folderAt(env, path));
};
