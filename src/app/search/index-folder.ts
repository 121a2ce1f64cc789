import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configError, messageOf } from '../../base/errors.ts';
import { dataDir, type Env } from '../../host/paths.ts';

/** Where the indexes of all folders lie, one folder each. */
export const indexesFolder = (env: Env): string => join(dataDir(env), 'index');

/** Where the index of a folder lies; it need not be there. */
export const indexFolderOf = (env: Env, top: string): string =>
  join(indexesFolder(env), createHash('sha256').update(top).digest('hex').slice(0, 20));

/** Makes that folder and writes down whose it is. @throws CopilotError exit 3 */
export const makeIndexFolder = (env: Env, top: string): string => {
  const folder = indexFolderOf(env, top);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const owner = join(folder, 'workspace');
    if (!existsSync(owner)) writeFileSync(owner, `${top}\n`, { mode: 0o600 });
  } catch (error) {
    throw configError(
      `The index cannot be kept in ${folder}: ${messageOf(error)}`,
      'Check that the data folder is writable and has room (llm-copilot doctor), or set LLM_COPILOT_DATA_DIR.',
      error,
    );
  }
  return folder;
};

/** The folder an index was made for; undefined when that was not written down. */
export const indexedBy = (folder: string): string | undefined => {
  const owner = join(folder, 'workspace');
  return existsSync(owner) ? readFileSync(owner, 'utf8').replace(/\n$/, '') : undefined;
};
