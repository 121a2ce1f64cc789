import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dataDir, type Env } from '../paths.ts';

/** Passed checks that are remembered; the oldest is forgotten first. */
const most = 200;

const pathOf = (env: Env): string => join(dataDir(env), 'hooks', 'passed.json');

/** What a verdict depends on, as one name. */
export const verdictKey = (parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);

const passed = (env: Env): string[] => {
  try {
    const value: unknown = JSON.parse(readFileSync(pathOf(env), 'utf8'));
    return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
  } catch {
    // Not there, or damaged: then it is made anew.
    return [];
  }
};

/** True when this was looked at before and let through. */
export const hasPassed = (env: Env, key: string): boolean => passed(env).includes(key);

/** Remembers that it was let through; where that cannot be written, it is looked at again. */
export const rememberPassed = (env: Env, key: string): void => {
  const path = pathOf(env);
  try {
    mkdirSync(join(dataDir(env), 'hooks'), { recursive: true, mode: 0o700 });
    writeFileSync(`${path}.${process.pid}`, JSON.stringify([...passed(env), key].slice(-most)), { mode: 0o600 });
    renameSync(`${path}.${process.pid}`, path);
  } catch {
    // A full or read-only disk is no reason to stop a commit.
  }
};
