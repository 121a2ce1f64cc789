import { existsSync } from 'node:fs';
import type { Config } from '../core/config.ts';
import { configPaths, loadConfig, setConfig, type LoadedConfig } from '../host/config/config.ts';
import type { Env } from '../host/paths.ts';
import { upToRepository } from '../host/surroundings.ts';
import { trustOf } from '../host/config/trust.ts';

/** The nearest folder up to the repository's top that has a project configuration; `root` when none has. */
export const projectFolder = (env: Env, root: string): string =>
  upToRepository(root).find((folder) => existsSync(configPaths(env, folder).project)) ?? root;

/** Flags that matter while configuration is read. */
export interface SettingsOptions {
  flags?: Config;
  /** `--trust`: what the project's files say counts this once. */
  trust?: boolean;
  /** Where the machine's administrator sets things, and who is at work; both are found when left out. */
  managed?: string;
  user?: string;
}

/** Reads every layer of the configuration for a workspace. @throws CopilotError exit 3. */
export const loadSettings = async (env: Env, root: string, options: SettingsOptions = {}): Promise<LoadedConfig> => {
  const folder = projectFolder(env, root);
  const state = options.trust ? 'trusted' : trustOf(env, folder);
  const loaded = await loadConfig(env, folder, { ...options, trusted: state === 'trusted' });
  if (state === 'changed')
    loaded.notices.unshift(
      `${folder}: what steers agents here changed since you trusted it, so it may only narrow permissions again. Look at it, then: llm-copilot trust add`,
    );
  return loaded;
};

/** The files' paths for a workspace. */
export const settingsPaths = (env: Env, root: string): { user: string; project: string; folder: string } =>
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
  // The database is loaded only by who writes to it.
  const { journal } = await import('./journal.ts');
  const takeBack = journal(env, root, `config set ${key}`, [{ type: 'config.changed', key, file: path }]);
  try {
    await setConfig(path, key, word);
  } catch (error) {
    takeBack();
    throw error;
  }
  return path;
};
