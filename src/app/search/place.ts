import { realpathSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { usageError } from '../../base/errors.ts';
import { isWithin } from '../../base/within.ts';
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

/**
 * A path as somebody types it, seen from the folder that is searched, with `/`.
 * @throws CopilotError exit 2 when nothing is there, or it lies elsewhere
 */
export const belowRoot = (cwd: string, root: string, path: string): string => {
  let real: string;
  try {
    real = realpathSync(resolve(cwd, path));
  } catch {
    throw usageError(`There is no ${path === '' ? 'path without a name' : path}.`);
  }
  if (!isWithin(real, root)) throw usageError(`${path} lies outside of ${root}.`, 'Go to the folder that holds it.');
  return relative(root, real) || '.';
};

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
