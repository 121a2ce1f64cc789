import { exitCodes } from '../base/errors.ts';
import { printableName } from '../base/printable.ts';
import { runHook } from '../app/hooks/run-hook.ts';
import type { Plugin } from '../core/plugin.ts';
import type { HookName } from '../app/hooks/names.ts';
import type { Io } from './io.ts';

export { isHookName } from '../app/hooks/names.ts';

/**
 * Does what a hook is for and gives the exit code: 1 when git is to stop, else 0. In CI only findings are told.
 * @param args git's, behind the name
 * @param plugins loaded only where a model may be asked
 */
export const hookProcess = async (
  io: Pick<Io, 'stdin' | 'stderr' | 'env' | 'cwd'>,
  hook: HookName,
  args: readonly string[],
  version: string,
  plugins: () => Promise<readonly Plugin[]>,
): Promise<number> => {
  const { env, cwd } = io;
  // Nobody reads it any more; what was found counts all the same.
  io.stderr.on('error', () => undefined);
  const input = async (): Promise<string> => {
    if (io.stdin.isTTY) return '';
    let text = '';
    for await (const chunk of io.stdin) text += String(chunk);
    return text;
  };
  const { stops, found = [], notices = [] } = await runHook({ hook, args, env, cwd, version, plugins, input });
  const told = env.CI ? [] : notices.map((notice) => `llm-copilot: ${printableName(notice)}`);
  for (const line of [...found, ...told]) io.stderr.write(`${line}\n`);
  return stops ? exitCodes.notAchieved : exitCodes.done;
};
