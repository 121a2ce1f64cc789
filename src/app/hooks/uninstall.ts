import { existsSync, rmdirSync, renameSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { hasBlock, withoutBlock } from '../../engine/hooks/hook-block.ts';
import { hookNames, type HookName } from '../../engine/hooks/hook-names.ts';
import { digestOf, readHook, writeHook } from '../../host/hooks/hook-file.ts';
import { hooksPlace } from '../../host/hooks/hooks-place.ts';
import { lefthookPath, readRecord, writeRecord, type PlacedFile } from '../../host/hooks/install-record.ts';
import type { Env } from '../../host/paths.ts';
import { findHook, lefthookHooks, movedEndings } from './find-hook.ts';
import { writeJobs } from './lefthook-jobs.ts';

/** What became of one file. */
export interface RemovedHook {
  hook: string;
  path: string;
  /** `restored`: to the byte; `removed`: there was none before; `cut`: it changed since, so only our lines went; `left`: it is not ours any more. */
  how: 'restored' | 'removed' | 'cut' | 'left';
  /** Where the one that was there before is still kept. */
  kept?: string;
}

const removeIfEmpty = (folder: string): void => {
  try {
    rmdirSync(folder);
  } catch {
    // Not empty, or not there.
  }
};

/** True when nothing but a first line and white space is left. */
const isBare = (text: string): boolean => text.replace(/^#!.*/, '').trim() === '';

const putBack = (file: PlacedFile, path: string): void => {
  const { moved, link, before } = file;
  if (moved !== undefined) {
    if (existsSync(path)) unlinkSync(path);
    if (link === undefined) renameSync(moved, path);
    else {
      symlinkSync(link, path);
      unlinkSync(moved);
    }
    removeIfEmpty(dirname(moved));
  } else if (before) {
    writeHook(path, { text: Buffer.from(before.base64, 'base64').toString('latin1'), mode: before.mode });
  } else rmSync(path, { force: true });
};

const isThere = (file: PlacedFile): boolean => file.moved === undefined || readHook(file.moved) !== undefined;

const takeBack = (file: PlacedFile): RemovedHook => {
  const { hook } = file;
  // Other managers move a hook away that is not theirs; it is cleaned up where it is.
  const paths = file.way === 'lefthook' ? [file.path] : movedEndings.map((ending) => file.path + ending);
  const path = paths.find((one) => hasBlock(readHook(one)?.text ?? '')) ?? file.path;
  const now = readHook(path);
  const isNew = file.before === undefined && file.moved === undefined;
  const keptAt = file.moved !== undefined && isThere(file) ? { kept: file.moved } : {};
  const isOurs = now !== undefined && digestOf(now.text) === file.digest;
  const rest = now && withoutBlock(now.text);
  if (isThere(file) && (isOurs || (now && rest !== now.text && isNew && isBare(rest ?? '')) || (!now && file.moved))) {
    putBack(file, path);
    if (file.madeFolder) removeIfEmpty(dirname(path));
    return { hook, path, how: isNew ? 'removed' : 'restored' };
  }
  if (!now || rest === undefined || rest === now.text) return { hook, path, how: 'left', ...keptAt };
  writeHook(path, { text: rest, mode: now.mode });
  return { hook, path, how: 'cut', ...keptAt };
};

/**
 * Takes llm-copilot out of git's hooks; what was there before is there again, to the byte.
 * @throws CopilotError exit 2 outside a repository; exit 3 when the record of what was there is damaged
 */
export const uninstallHooks = async (
  env: Env,
  cwd: string,
  hooks: readonly HookName[] = hookNames,
): Promise<RemovedHook[]> => {
  const place = await hooksPlace(cwd, env);
  const record = readRecord(place.commonDir);
  const isAll = hooks.length === hookNames.length;
  const told = lefthookHooks(place.commonDir);
  const stay = told.filter((name) => !hooks.includes(name));
  const endsLefthook = stay.length === 0;
  const removed: RemovedHook[] = [];
  // The newest first: of two for one file it is the one in force.
  for (const file of record.files.toReversed()) {
    const isWanted = file.way === 'lefthook' ? endsLefthook : (hooks as readonly string[]).includes(file.hook);
    if (!isAll && !isWanted) continue;
    removed.push(takeBack(file));
    record.files = record.files.filter((one) => one !== file);
    if (record.files.length > 0 || !isAll) writeRecord(place.commonDir, record);
  }
  if (!endsLefthook && stay.length < told.length) {
    writeJobs(stay, place.commonDir);
    for (const hook of told)
      if (hooks.includes(hook)) removed.push({ hook, path: lefthookPath(place.commonDir), how: 'removed' });
  }
  const isShared = /^(?:global|system)$/.test(place.configured?.scope ?? '');
  for (const { hook, path, file } of hooks.map((name) => findHook(place, name))) {
    // Somebody else's install, such as a hook that was committed. In a folder for all repositories others need it.
    if (!file || isShared || !hasBlock(file.text)) continue;
    writeHook(path, { text: withoutBlock(file.text), mode: file.mode });
    removed.push({ hook, path, how: 'cut' });
  }
  writeRecord(place.commonDir, record);
  return removed;
};
