import { existsSync, mkdirSync, renameSync, statSync, symlinkSync, unlinkSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { CopilotError, exitCodes, usageError } from '../../base/errors.ts';
import { isWithin } from '../../base/within.ts';
import { hookBlock, shellOf, withBlock } from '../../engine/hooks/hook-block.ts';
import { usualHooks, type HookName } from '../../engine/hooks/hook-names.ts';
import { digestOf, readHook, writeHook, type HookFile } from '../../host/hooks/hook-file.ts';
import { hooksPlace, lefthookLocal, type HookManager, type HooksPlace } from '../../host/hooks/hooks-place.ts';
import { lefthookPath, readRecord, runnerPath, writeRecord, type PlacedFile } from '../../host/hooks/install-record.ts';
import type { Env } from '../../host/paths.ts';
import { packageDir, readTemplates } from '../../host/templates.ts';
import { loadSettings } from '../settings.ts';
import { findHook, lefthookHooks, type FoundHook } from './find-hook.ts';
import { writeJobs } from './lefthook-jobs.ts';

/** What `hooks install` is asked for. */
export interface InstallWish {
  env: Env;
  cwd: string;
  /** The usual ones when left out. */
  hooks?: readonly HookName[] | undefined;
  dryRun?: boolean | undefined;
  /** A hooks folder that serves more than this repository may be changed. */
  shared?: boolean | undefined;
}

/** What was done, or would be, to one hook. */
export interface InstalledHook {
  hook: HookName;
  path: string;
  way: PlacedFile['way'] | 'kept';
  manager?: HookManager;
}

/** What `hooks install` did. */
export interface InstallReport {
  hooks: InstalledHook[];
  notes: string[];
}

const beforeFolder = 'llm-copilot-before';

/** How a hook is installed; nothing is changed yet. */
const wayOf = (place: HooksPlace, found: FoundHook): PlacedFile['way'] => {
  const { file, manager } = found;
  if (!file) return 'new';
  if (manager === 'husky') return 'block';
  if (manager === 'lefthook') {
    const local = lefthookLocal(place.root);
    // A second `extends` would be an error, and the file is a person's: then its own hook gets the lines.
    if (local && !/^extends\s*:/m.test(readHook(local.path)?.text.replace(/^# >>>[^]*?^# <<<.*$/m, '') ?? ''))
      return 'lefthook';
  }
  // git runs no hook that is not executable; with our lines in it that would have to change.
  const isRun = (file.mode & 0o111) !== 0;
  return isRun && file.link === undefined && shellOf(file.text) !== undefined ? 'block' : 'beside';
};

const kept = (file: HookFile): { before: { base64: string; mode: number } } => ({
  before: { base64: Buffer.from(file.text, 'latin1').toString('base64'), mode: file.mode },
});

const placeHook = (found: FoundHook, way: 'new' | 'block' | 'beside'): PlacedFile => {
  const { hook, path, file } = found;
  if (way === 'block' && file) {
    const startedWith = found.manager === 'husky' ? 'sh -e' : (shellOf(file.text) ?? 'sh');
    const text = withBlock(file.text, hookBlock(hook, { script: '"$0"', startedWith }));
    writeHook(path, { text, mode: file.mode });
    return { hook, path, way, digest: digestOf(text), ...kept(file) };
  }
  const moved = join(dirname(path), beforeFolder, hook);
  const script = `"$(dirname "$0")/${beforeFolder}/${hook}"`;
  const text = `#!/bin/sh\n${hookBlock(hook, way === 'beside' ? { script, startedWith: '' } : undefined)}`;
  const digest = digestOf(text);
  if (way === 'beside') {
    mkdirSync(dirname(moved), { recursive: true });
    if (existsSync(moved)) throw usageError(`${moved} is in the way.`, 'See what it is, and move it elsewhere.');
    const { link } = file ?? {};
    if (link === undefined) renameSync(path, moved);
    else {
      symlinkSync(isAbsolute(link) ? link : join('..', link), moved);
      unlinkSync(path);
    }
    writeHook(path, { text, mode: 0o755 });
    return { hook, path, way, digest, moved, ...(link === undefined ? {} : { link }) };
  }
  const madeFolder = !existsSync(dirname(path));
  writeHook(path, { text, mode: 0o755 });
  return { hook, path, way, digest, ...(madeFolder ? { madeFolder } : {}) };
};

/** Tells lefthook, in its file for what only one person wants. */
const placeInLefthook = (place: HooksPlace, hooks: readonly HookName[]): PlacedFile | undefined => {
  const local = lefthookLocal(place.root);
  if (!local) return undefined;
  const path = lefthookPath(place.commonDir);
  writeJobs(hooks, place.commonDir);
  const file = readHook(local.path);
  const block = `# >>> llm-copilot >>>\nextends:\n  - ${JSON.stringify(path)}\n# <<< llm-copilot <<<\n`;
  if (file?.text.includes(block)) return undefined;
  const before = file?.text ?? '';
  const text = `${before}${before === '' || before.endsWith('\n') ? '' : '\n'}${block}`;
  writeHook(local.path, { text, mode: file?.mode ?? 0o644 });
  return { hook: 'lefthook', path: local.path, way: 'lefthook', digest: digestOf(text), ...(file && kept(file)) };
};

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/** How much longer than a hook's own time the process may take before it is killed, in seconds. */
const grace = 5;

const writeRunner = (place: HooksPlace, timeoutSeconds: number): void => {
  const script = readTemplates('hooks', '.sh').get('hook') ?? '';
  const values: Record<string, string> = {
    node: quoted(process.execPath),
    program: quoted(join(packageDir(), 'bin', 'llm-copilot.js')),
    limit: String(Math.ceil(timeoutSeconds) + grace),
  };
  const text = script.replace(/@(\w+)@/g, (_all, name: string) => values[name] ?? '');
  // Paths of this machine may hold any letter; hooks are written byte by byte.
  writeHook(runnerPath(place.commonDir), { text: Buffer.from(text).toString('latin1'), mode: 0o755 });
};

/**
 * Makes git's hooks hand over to llm-copilot, after what is there already.
 * @throws CopilotError exit 2 outside a repository, or `E_HOOKS_SHARED` where the hooks serve others too; exit 3
 */
export const installHooks = async (wish: InstallWish): Promise<InstallReport> => {
  const { env, cwd, dryRun = false } = wish;
  const place = await hooksPlace(cwd, env);
  const { configured } = place;
  if (configured && !wish.shared && /^(?:global|system)$/.test(configured.scope))
    throw new CopilotError(
      `core.hooksPath (${configured.scope}) leads git to ${place.folder} in all your repositories.`,
      {
        code: 'E_HOOKS_SHARED',
        exitCode: exitCodes.usage,
        hint: 'To change the hooks there: --shared (they do nothing where llm-copilot is not installed). To give this repository its own: git config core.hooksPath .git/hooks',
      },
    );
  if (statSync(place.written, { throwIfNoEntry: false })?.isDirectory() === false)
    throw usageError(
      `core.hooksPath leads git to ${place.written}, which is no folder: hooks are switched off here.`,
      'To switch them on: git config --unset core.hooksPath',
    );
  const record = readRecord(place.commonDir);
  const found = (wish.hooks ?? usualHooks).map((hook) => findHook(place, hook));
  const plan = found.map((one) => ({ one, way: one.by === undefined ? wayOf(place, one) : ('kept' as const) }));
  const hooks = plan.map(({ one: { hook, path, manager }, way }): InstalledHook => ({
    hook,
    path,
    way,
    ...(manager && { manager }),
  }));
  const usesLefthook = plan.some(({ way }) => way === 'lefthook');
  const notes: string[] = [];
  if (usesLefthook)
    notes.push('lefthook-local.yml now tells lefthook about it; that file is yours alone and belongs into .gitignore.');
  else if (isWithin(place.written, place.root) && !isWithin(place.written, place.commonDir))
    notes.push(
      'The hooks are files of the work tree: committed, they do nothing for whoever did not run llm-copilot hooks install.',
    );
  if (dryRun) return { hooks, notes };

  const { value } = await loadSettings(env, place.root);
  writeRunner(place, value.hooks?.timeoutSeconds ?? 10);
  const add = (placed: PlacedFile | undefined): void => {
    if (!placed) return;
    // What was moved beside can still be put back; anything else about this file is past.
    record.files = record.files.filter((file) => file.path !== placed.path || file.way === 'beside');
    record.files.push(placed);
    // After each one: what is not recorded could not be taken back.
    writeRecord(place.commonDir, record);
  };
  for (const { one, way } of plan) if (way !== 'kept' && way !== 'lefthook') add(placeHook(one, way));
  if (usesLefthook)
    add(
      placeInLefthook(place, [
        ...new Set([...lefthookHooks(place.commonDir), ...plan.map(({ one: { hook } }) => hook)]),
      ]),
    );
  return { hooks, notes };
};
