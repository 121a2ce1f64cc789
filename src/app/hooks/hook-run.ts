import type { Config } from '../../core/config.ts';
import type { Plugin } from '../../core/plugin.ts';
import type { Repository } from '../../host/git/repository.ts';
import type { Env } from '../../host/paths.ts';

/** What a hook of git is started with. */
export interface HookRun {
  /** As git gave them. */
  args: readonly string[];
  /** Where git started it. */
  cwd: string;
  env: Env;
  repository: Repository;
  settings: Config;
  /** Loaded only where a model is asked. */
  plugins: () => Promise<readonly Plugin[]>;
  /** Of llm-copilot. */
  version: string;
  /** What git writes to the hook. */
  input: () => Promise<string>;
}

/** How a hook ended; nothing but `stops` keeps git from going on. */
export interface HookEnd {
  stops?: boolean;
  /** What was found; shown in CI as well. */
  found?: string[];
  /** What else a person should know; one line each. */
  notices?: string[];
}
