import { existsSync, readFileSync } from 'node:fs';
import { hookNames, type HookName } from '../../engine/hooks/hook-names.ts';
import { hooksPlace, type HookManager } from '../../host/hooks/hooks-place.ts';
import { readRecord, runnerPath } from '../../host/hooks/install-record.ts';
import type { Env } from '../../host/paths.ts';
import { findHook } from './find-hook.ts';

/** How one hook is. */
export interface HookStatus {
  hook: HookName;
  /** `gone`: it was installed, and something wrote over it; `idle`: its lines are there, but nothing here answers them. */
  state: 'installed' | 'idle' | 'gone' | 'none';
  path: string;
  manager?: HookManager;
  /** Something of somebody else's is there, too. */
  others: boolean;
  note?: string;
}

/** How the hooks of a repository are. */
export interface HooksReport {
  folder: string;
  hooks: HookStatus[];
  /** What hooks start; left out when nothing is installed. */
  program?: { node: string; script: string; isThere: boolean };
  notes: string[];
}

const unquoted = (line: string | undefined): string => (line ?? '').replace(/^'|'$/g, '').replaceAll(`'\\''`, "'");

/** Says which hooks are installed and whether they work. @throws CopilotError exit 2 outside a repository; exit 3 */
export const hooksStatus = async (env: Env, cwd: string): Promise<HooksReport> => {
  const place = await hooksPlace(cwd, env);
  const record = readRecord(place.commonDir);
  const runner = runnerPath(place.commonDir);
  const script = existsSync(runner) ? readFileSync(runner, 'utf8') : undefined;
  const hooks = hookNames.map((hook): HookStatus => {
    const { path, file, manager, by } = findHook(place, hook);
    const recorded = record.files.find((one) => one.path === path);
    const isRun = manager === 'husky' || by !== 'itself' || ((file?.mode ?? 0) & 0o111) !== 0;
    const state =
      by === undefined ? (recorded ? 'gone' : 'none') : script === undefined || !isRun ? 'idle' : 'installed';
    const others = file !== undefined && (by !== 'itself' || recorded?.way !== 'new');
    const note =
      state === 'gone'
        ? `${manager ?? 'something'} wrote over it; to have it back: llm-copilot hooks install`
        : state === 'idle'
          ? isRun
            ? 'here nobody ran llm-copilot hooks install'
            : 'the file is not executable, so git does not run it'
          : undefined;
    return { hook, state, path, others, ...(manager && { manager }), ...(note === undefined ? {} : { note }) };
  });
  const notes: string[] = [];
  const elsewhere = record.files.filter(
    ({ path, way }) => way !== 'lefthook' && !hooks.some((hook) => hook.path === path) && existsSync(path),
  );
  if (elsewhere.length > 0 && hooks.every(({ state }) => state === 'none'))
    notes.push(
      `Hooks were installed in another folder, but git looks for them in ${place.folder} now. To install them there: llm-copilot hooks install`,
    );
  if (script === undefined) return { folder: place.folder, hooks, notes };
  const node = unquoted(/^node=(.*)$/m.exec(script)?.[1]);
  const program = unquoted(/^program=(.*)$/m.exec(script)?.[1]);
  const isThere = existsSync(node) && existsSync(program);
  if (!isThere)
    notes.push('llm-copilot is no longer where it was when the hooks were installed: llm-copilot hooks install');
  return { folder: place.folder, hooks, program: { node, script: program, isThere }, notes };
};
