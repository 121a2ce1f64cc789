import { messageOf } from '../../base/errors.ts';
import { defaults } from '../../core/config.ts';
import type { Plugin } from '../../core/plugin.ts';
import type { HookName } from '../../engine/hooks/hook-names.ts';
import { openRepository } from '../../host/git/repository.ts';
import type { Env } from '../../host/paths.ts';
import { loadSettings } from '../settings.ts';
import type { HookEnd, HookRun } from './hook-run.ts';

/** How git started a hook. */
export interface HookCall {
  hook: HookName;
  args: readonly string[];
  cwd: string;
  env: Env;
  version: string;
  plugins: () => Promise<readonly Plugin[]>;
  input: () => Promise<string>;
}

type Body = (run: HookRun, signal: AbortSignal) => Promise<HookEnd>;

const bodies: Record<HookName, () => Promise<Body>> = {
  'pre-commit': async () => (await import('./pre-commit.ts')).preCommit,
  'prepare-commit-msg': async () => (await import('./prepare-commit-msg.ts')).prepareCommitMsg,
  'commit-msg': async () => (await import('./commit-msg.ts')).commitMsg,
  'pre-push': async () => (await import('./pre-push.ts')).prePush,
  'post-merge': async () => (await import('./post-merge.ts')).postMerge,
};

/** The script around a hook kills it after so many seconds; a hook gives up this much before. */
const headStart = 2;

/**
 * Does what a hook is for, within its time. Never throws: what goes wrong is a notice, and git goes on; only findings
 * stop it.
 */
export const runHook = async (call: HookCall): Promise<HookEnd> => {
  const { hook, env, cwd } = call;
  if (env.LLM_COPILOT_SKIP_HOOKS) return {};
  const controller = new AbortController();
  const { signal } = controller;
  let giveUp: (end: HookEnd) => void = () => undefined;
  const lateEnd = new Promise<HookEnd>((resolve) => (giveUp = resolve));
  const limit = Number(env.LLM_COPILOT_HOOK_LIMIT) || Infinity;
  let timer: NodeJS.Timeout | undefined;
  const within = (seconds: number): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      giveUp({ notices: [`${hook} was not done within ${seconds} s; git goes on (hooks.timeoutSeconds).`] });
      controller.abort();
    }, seconds * 1000);
  };
  const work = async (): Promise<HookEnd> => {
    const [repository, load] = await Promise.all([openRepository(cwd, env, signal, { hook: true }), bodies[hook]()]);
    const { value: settings } = await loadSettings(env, repository.root);
    const { timeoutSeconds = defaults.hooks.timeoutSeconds } = settings.hooks ?? {};
    if (timeoutSeconds !== defaults.hooks.timeoutSeconds) within(Math.min(timeoutSeconds, limit - headStart));
    return load({ ...call, repository, settings }, signal);
  };
  within(Math.min(defaults.hooks.timeoutSeconds, limit - headStart));
  try {
    return await Promise.race([work(), lateEnd]);
  } catch (error) {
    return { notices: [`${hook} failed, and git goes on: ${messageOf(error)}`] };
  } finally {
    clearTimeout(timer);
  }
};
