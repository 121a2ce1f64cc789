import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configError, messageOf } from '../../base/errors.ts';
import { dataDir, type Env } from '../paths.ts';

const keyBytes = 32;

const read = (path: string): Buffer | undefined => {
  try {
    const key = readFileSync(path);
    return key.length === keyBytes ? key : undefined;
  } catch {
    return undefined;
  }
};

/**
 * The key under which secrets get the names that models and the log see instead of them. Made at first use; nothing is
 * lost with it but that names differ from then on. @throws CopilotError exit 3 when it can be neither read nor made.
 */
export const redactionKey = (env: Env): Buffer => {
  const path = join(dataDir(env), 'redaction.key');
  const known = read(path);
  if (known) return known;
  const made = `${path}.${process.pid}`;
  try {
    mkdirSync(dataDir(env), { recursive: true, mode: 0o700 });
    writeFileSync(made, randomBytes(keyBytes), { mode: 0o600 });
    linkSync(made, path);
  } catch (error) {
    // Whoever comes second takes the key of the first.
    const theirs = read(path);
    if (theirs) return theirs;
    if (existsSync(path))
      throw configError(`${path} is damaged.`, 'Remove it: secrets get other names in new sessions, no more.', error);
    throw configError(
      `${path} cannot be made: ${messageOf(error)}`,
      'Check that the data folder is writable (llm-copilot doctor), or set LLM_COPILOT_DATA_DIR.',
      error,
    );
  } finally {
    rmSync(made, { force: true });
  }
  return read(path) ?? randomBytes(keyBytes);
};
