import { join, resolve } from 'node:path';
import type { Place } from './place.ts';
import { gitFailure } from './run-git.ts';

/** A value of git's configuration. */
export const readSetting = async ({ git }: Place, key: string, signal?: AbortSignal): Promise<string | undefined> => {
  const { code, stdout } = await git(['config', '--null', '--get', '--', key], { signal });
  return code === 0 ? stdout.toString().replace(/\0$/, '') : undefined;
};

/** Where git looks for hooks. @throws CopilotError exit 2 when its configuration cannot be read */
export const readHooksPath = async (
  { git, root, commonDir }: Place,
  signal?: AbortSignal,
): Promise<{ path: string; configured: boolean; scope?: string }> => {
  const args = ['config', '--show-scope', '--null', '--type=path', '--get', 'core.hooksPath'];
  const { code, stdout, stderr } = await git(args, { signal });
  if (code === 1) return { path: join(commonDir, 'hooks'), configured: false };
  if (code !== 0) throw gitFailure('read its configuration', stderr);
  const [scope = '', path = ''] = stdout.toString().split('\0');
  return { path: resolve(root, path), configured: true, scope };
};
