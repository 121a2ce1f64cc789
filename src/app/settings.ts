import { existsSync } from 'node:fs';
import type { Config } from '../core/config.ts';
import { configPaths, loadConfig, setConfig, type LoadedConfig } from '../host/config.ts';
import type { Env } from '../host/paths.ts';
import { upToRepository } from '../host/surroundings.ts';

/** The nearest folder up to the repository's top that has a project configuration; `root` when none has. */
const projectFolder = (env: Env, root: string): string =>
  upToRepository(root).find((folder) => existsSync(configPaths(env, folder).project)) ?? root;

/** Reads every layer of the configuration for a workspace. @throws CopilotError exit 3. */
export const loadSettings = (env: Env, root: string, flags: Config = {}): Promise<LoadedConfig> =>
  loadConfig(env, projectFolder(env, root), flags);

/** The two files' paths for a workspace. */
export const settingsPaths = (env: Env, root: string): { user: string; project: string } =>
  configPaths(env, projectFolder(env, root));

/** Sets a key in the user's file, or in the project's. @throws CopilotError exit 3. Gives the file's path. */
export const setSetting = async (
  env: Env,
  root: string,
  key: string,
  word: string,
  project: boolean,
): Promise<string> => {
  const paths = settingsPaths(env, root);
  const path = project ? paths.project : paths.user;
  await setConfig(path, key, word);
  return path;
};
