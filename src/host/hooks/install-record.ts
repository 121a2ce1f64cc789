import { existsSync, mkdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configError, messageOf } from '../../base/errors.ts';

/** A file that was made or changed, and how it was before. */
export interface PlacedFile {
  hook: string;
  path: string;
  /** `new`: there was none; `block`: lines in the one that was there; `beside`: that one was moved; `lefthook`: its own local file. */
  way: 'new' | 'block' | 'beside' | 'lefthook';
  /** Of what was written. */
  digest: string;
  /** What was there, in base64, with its permission bits; left out where there was nothing. */
  before?: { base64: string; mode: number };
  /** Where the one that was there is now. */
  moved?: string;
  /** What it pointed at, as it was written, when it was a link. */
  link?: string;
  /** The folder was made as well. */
  madeFolder?: true;
}

/** Everything `hooks install` did in a repository. */
export interface InstallRecord {
  files: PlacedFile[];
}

const folderOf = (commonDir: string): string => join(commonDir, 'llm-copilot');
const recordPath = (commonDir: string): string => join(folderOf(commonDir), 'hooks.json');

/** The script that all hooks hand over to. */
export const runnerPath = (commonDir: string): string => join(folderOf(commonDir), 'hook');

/** What lefthook is told to run. */
export const lefthookPath = (commonDir: string): string => join(folderOf(commonDir), 'lefthook.yml');

/** Reads what was installed; nothing where nothing was. @throws CopilotError exit 3 when it is damaged */
export const readRecord = (commonDir: string): InstallRecord => {
  const path = recordPath(commonDir);
  if (!existsSync(path)) return { files: [] };
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as Partial<InstallRecord> | null;
    if (Array.isArray(value?.files)) return { files: value.files };
  } catch (error) {
    throw configError(`${path} is damaged: ${messageOf(error)}`, repair, error);
  }
  throw configError(`${path} is no record of hooks.`, repair);
};

const repair =
  'It says how the hooks were before. Move it away and take the lines between the marks of llm-copilot out of the hooks.';

/** Keeps what was installed; the folder goes with the last of it. */
export const writeRecord = (commonDir: string, record: InstallRecord): void => {
  const path = recordPath(commonDir);
  if (record.files.length > 0) {
    mkdirSync(folderOf(commonDir), { recursive: true });
    writeFileSync(`${path}.${process.pid}`, `${JSON.stringify(record, undefined, 2)}\n`);
    renameSync(`${path}.${process.pid}`, path);
    return;
  }
  for (const one of [path, runnerPath(commonDir), lefthookPath(commonDir)]) rmSync(one, { force: true });
  try {
    rmdirSync(folderOf(commonDir));
  } catch {
    // Not there, or somebody else's things lie in it.
  }
};
