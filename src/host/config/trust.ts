import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { configError, messageOf } from '../../base/errors.ts';
import { configDir, type Env } from '../paths.ts';

/** A folder whose configuration the user trusts, as it was then. */
export interface TrustEntry {
  folder: string;
  /** Of everything in it that steers an agent. */
  hash: string;
  /** Milliseconds since the epoch. */
  at: number;
}

const maxFiles = 1000;
const maxBytes = 8 * 1024 * 1024;

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? filesBelow(path) : [path];
    });

const tooMuch = (folder: string): Error =>
  configError(
    `${folder} holds more than ${maxFiles} files or ${maxBytes / 1024 ** 2} MB: that is not read to be trusted.`,
  );

/**
 * Hex SHA-256 over what steers an agent in a project: everything in `.llm-copilot/` (configuration, rules, agents,
 * hooks, plugin lists) and the instruction files beside it. Undefined when there is nothing of the kind.
 * @throws CopilotError exit 3 when it is too much or cannot be read.
 */
export const trustHash = (folder: string): string | undefined => {
  const own = join(folder, '.llm-copilot');
  const hash = createHash('sha256');
  try {
    const inOwn = statSync(own, { throwIfNoEntry: false })?.isDirectory() ? filesBelow(own) : [];
    const beside = ['AGENTS.md', 'CLAUDE.md'].map((name) => join(folder, name));
    const files = [...inOwn, ...beside.filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile())];
    if (files.length > maxFiles) throw tooMuch(own);
    let bytes = 0;
    for (const path of files) {
      // What is no file (a pipe, a link to a folder) steers nothing, and must not be waited for.
      const info = statSync(path, { throwIfNoEntry: false });
      if (!info?.isFile()) continue;
      bytes += info.size;
      if (bytes > maxBytes) throw tooMuch(own);
      const content = readFileSync(path);
      const link = lstatSync(path).isSymbolicLink() ? 'link' : 'file';
      hash.update(`${link}\0${path.slice(folder.length)}\0${content.length}\0`).update(content);
    }
    return files.length > 0 ? hash.digest('hex') : undefined;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'E_CONFIG') throw error;
    throw configError(`${own} cannot be read: ${messageOf(error)}`, undefined, error);
  }
};

const storePath = (env: Env): string => join(configDir(env), 'trust.json');

const isEntry = (value: unknown): value is TrustEntry =>
  typeof value === 'object' &&
  value !== null &&
  'folder' in value &&
  typeof value.folder === 'string' &&
  'hash' in value &&
  typeof value.hash === 'string' &&
  'at' in value &&
  typeof value.at === 'number';

/** Folders the user trusts. @throws CopilotError exit 3 when the list is damaged: then nothing is trusted. */
export const trustedFolders = (env: Env): TrustEntry[] => {
  const path = storePath(env);
  if (!existsSync(path)) return [];
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (Array.isArray(value) && value.every(isEntry)) return value;
  } catch (error) {
    throw configError(
      `${path} is damaged: ${messageOf(error)}`,
      'Remove it; folders must then be trusted anew.',
      error,
    );
  }
  throw configError(`${path} is no list of folders.`, 'Remove it; folders must then be trusted anew.');
};

const save = (env: Env, entries: readonly TrustEntry[]): void => {
  const path = storePath(env);
  mkdirSync(configDir(env), { recursive: true, mode: 0o700 });
  writeFileSync(`${path}.${process.pid}`, `${JSON.stringify(entries, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.${process.pid}`, path);
};

/** Trusts a folder as it is now. @throws CopilotError exit 3 */
export const addTrust = (env: Env, folder: string): TrustEntry => {
  const entry = { folder, hash: trustHash(folder) ?? '', at: Date.now() };
  save(env, [...trustedFolders(env).filter((one) => one.folder !== folder), entry]);
  return entry;
};

/** Takes trust back; false when there was none. @throws CopilotError exit 3 */
export const revokeTrust = (env: Env, folder: string): boolean => {
  const before = trustedFolders(env);
  const after = before.filter((one) => one.folder !== folder);
  if (after.length < before.length) save(env, after);
  return after.length < before.length;
};

/** Whether a folder is trusted: not when anything in it that steers an agent changed since. */
export const trustOf = (env: Env, folder: string): 'trusted' | 'changed' | 'untrusted' => {
  const entry = trustedFolders(env).find((one) => one.folder === folder);
  if (!entry) return 'untrusted';
  return entry.hash === (trustHash(folder) ?? '') ? 'trusted' : 'changed';
};
