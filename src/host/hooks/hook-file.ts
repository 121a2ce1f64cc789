import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createHash } from 'node:crypto';
import { dirname } from 'node:path';

/** A file as it lies there. */
export interface HookFile {
  /** Its bytes, each one a character, so that nothing is lost; of a link those of what it points at. */
  text: string;
  /** Permission bits. */
  mode: number;
  /** What it points at, of a link. */
  link?: string;
}

/** Reads a hook; undefined when there is none. A link into nowhere is one without bytes. */
export const readHook = (path: string): HookFile | undefined => {
  const own = lstatSync(path, { throwIfNoEntry: false });
  if (!own) return undefined;
  const link = own.isSymbolicLink() ? readlinkSync(path) : undefined;
  const there = link === undefined ? own : statSync(path, { throwIfNoEntry: false });
  return {
    text: there?.isFile() ? readFileSync(path, 'latin1') : '',
    mode: (there ?? own).mode & 0o7777,
    ...(link === undefined ? {} : { link }),
  };
};

/** Writes a hook whole or not at all: git may start it at any moment. */
export const writeHook = (path: string, { text, mode }: HookFile): void => {
  mkdirSync(dirname(path), { recursive: true });
  const beside = `${path}.llm-copilot-${process.pid}`;
  writeFileSync(beside, text, { encoding: 'latin1', mode });
  // The process's umask took something off.
  chmodSync(beside, mode);
  renameSync(beside, path);
};

/** What a file's bytes are known by. */
export const digestOf = (text: string): string => createHash('sha256').update(text, 'latin1').digest('hex');
