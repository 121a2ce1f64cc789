import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** Environment variables by name. */
export type Env = Readonly<Record<string, string | undefined>>;

const absolute = (value: string | undefined): string | undefined =>
  value !== undefined && isAbsolute(value) ? value : undefined;

/** Where the user's configuration lives: `$XDG_CONFIG_HOME/llm-copilot` (a relative value counts as unset, as XDG says). */
export const configDir = (env: Env): string =>
  join(absolute(env.XDG_CONFIG_HOME) ?? join(env.HOME ?? homedir(), '.config'), 'llm-copilot');

/** Where data lives: `$LLM_COPILOT_DATA_DIR`, else `$XDG_DATA_HOME/llm-copilot`. */
export const dataDir = (env: Env): string =>
  absolute(env.LLM_COPILOT_DATA_DIR) ??
  join(absolute(env.XDG_DATA_HOME) ?? join(env.HOME ?? homedir(), '.local', 'share'), 'llm-copilot');

/** Where the vault of secrets lies. */
export const vaultPath = (env: Env): string => join(dataDir(env), 'vault.json');

/** Where memory lies. */
export const memoryPath = (env: Env): string => join(dataDir(env), 'memory', 'memory.db');
