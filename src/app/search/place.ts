import { realpathSync } from 'node:fs';
import type { IndexProgress } from '../../core/code-index.ts';
import type { Plugin } from '../../core/plugin.ts';
import type { Env } from '../../host/paths.ts';
import { remoteParts } from '../embedding/remote-parts.ts';
import { loadSettings } from '../settings.ts';
import type { CodePlace } from './open-code.ts';

/** Where a command that runs no agent searches. */
export interface CommandPlace {
  env: Env;
  cwd: string;
  plugins: readonly Plugin[];
  onProgress?: (progress: IndexProgress) => void;
}

/** The same with the configuration that counts there. @throws CopilotError exit 3 */
export const codePlace = async ({
  env,
  cwd,
  plugins,
  onProgress,
}: CommandPlace): Promise<CodePlace & { configNotices: readonly string[] }> => {
  const root = realpathSync(cwd);
  const loaded = await loadSettings(env, root);
  const settings = loaded.value;
  return {
    ...{ env, root, settings, plugins },
    remote: () => remoteParts({ env, root, plugins }, settings),
    ...(onProgress && { onProgress }),
    configNotices: loaded.notices,
  };
};
