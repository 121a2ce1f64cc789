import { existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { configError, messageOf } from '../base/errors.ts';
import type { Manifest } from '../core/capabilities.ts';
import { configDir, type Env } from './paths.ts';
import { packageDir } from './templates.ts';

/** What is known of one provider's models. */
export interface ModelTable {
  /** Where it was read, and when (`YYYY-MM-DD`). */
  source: string;
  readAt: string;
  /** Holds for every model of the table. */
  defaults?: Manifest;
  /** Holds for models that are not in the table. */
  unknown?: Manifest;
  /** By the id the provider knows. */
  models: Record<string, Manifest>;
}

/** The shipped table of a provider; undefined when there is none. */
export const shippedTable = (name: string): ModelTable | undefined => {
  const file = join(packageDir(), 'templates', 'models', `${name}.json`);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as ModelTable) : undefined;
};

const userTablesDir = (env: Env): string => join(configDir(env), 'models');

/** Where the user's own table of that name lies. */
export const userTablePath = (env: Env, name: string): string => join(userTablesDir(env), `${name}.json`);

const patternsIn = ({ defaults, unknown, models }: ModelTable): [string, string][] =>
  Object.entries({ defaults, unknown, ...models }).flatMap(([name, manifest]) => {
    const pattern = manifest?.constraints?.messages?.tool_call_id;
    return pattern === undefined ? [] : [[name, pattern]];
  });

type Check = (value: unknown) => string[];

const tableCheck = async (): Promise<Check> => {
  const { schemaChecker } = await import('./json-schema.ts');
  const schema = readFileSync(join(packageDir(), 'templates', 'schemas', 'models.schema.json'), 'utf8');
  return schemaChecker(JSON.parse(schema) as object);
};

const checked = (value: unknown, path: string, check: Check): ModelTable => {
  const problems = check(value);
  const fail = (
    problem: string,
    hint = 'Mend it or remove the file; templates/README.md says what it may hold.',
  ): never => {
    throw configError(`${path}: ${problem}`, hint);
  };
  const [first, ...more] = problems;
  if (first !== undefined) fail(more.length > 0 ? `${first} (and ${more.length} more)` : first);
  const table = value as ModelTable;
  for (const [name, pattern] of patternsIn(table))
    try {
      new RegExp(pattern);
    } catch {
      fail(`${name}: tool_call_id is no regular expression`);
    }
  return table;
};

/** Hundreds of thousands of models; what is larger is something else. */
const maxBytes = 64 * 1024 * 1024;

/** JSON as editors write it, also with a mark of its byte order in front. @throws SyntaxError */
export const parseJsonFile = (text: string): unknown => JSON.parse(text.replace(/^\ufeff/, ''));

/** True also for a link that leads nowhere, and for what may not be looked at: both are meant to count. */
const isThere = (path: string): boolean => {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true;
  }
};

/** The table in a file; undefined when there is none. */
const readTable = (path: string, check: Check): ModelTable | undefined => {
  if (!isThere(path)) return undefined;
  let value: unknown;
  try {
    const info = statSync(path);
    // A pipe by that name would be waited for without end.
    if (!info.isFile()) throw new Error('it is not a regular file');
    if (info.size > maxBytes) throw new Error('it is larger than 64 MB');
    value = parseJsonFile(readFileSync(path, 'utf8'));
  } catch (error) {
    throw configError(`${path} cannot be read: ${messageOf(error)}`, 'Mend it or remove the file.', error);
  }
  return checked(value, path, check);
};

/**
 * The user's own tables of these names; without any this is one look at the file system. They are checked against
 * `templates/schemas/models.schema.json`.
 * @throws CopilotError exit 3 with the file and the place inside.
 */
export const userTables = async (env: Env, names: Iterable<string>): Promise<ReadonlyMap<string, ModelTable>> => {
  const tables = new Map<string, ModelTable>();
  if (!isThere(userTablesDir(env))) return tables;
  const paths = [...new Set(names)].map((name) => [name, userTablePath(env, name)] as const);
  const there = paths.filter(([, path]) => isThere(path));
  if (there.length === 0) return tables;
  const check = await tableCheck();
  for (const [name, path] of there) {
    const table = readTable(path, check);
    if (table) tables.set(name, table);
  }
  return tables;
};

/** A change takes less than a second or two: who holds the lock for longer is gone. */
const staleMs = 30_000;
const pollMs = 20;

/** Does something at once while no other process changes the file. A lock nobody holds any more is taken away. */
const alone = async (path: string, work: () => void): Promise<void> => {
  const lock = `${path}.lock`;
  for (;;)
    try {
      writeFileSync(lock, '', { flag: 'wx', mode: 0o600 });
      break;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST'))
        throw configError(`${path} cannot be written: ${messageOf(error)}`, undefined, error);
      const info = statSync(lock, { throwIfNoEntry: false });
      if (info && Date.now() - info.mtimeMs > staleMs) rmSync(lock, { force: true });
      else await sleep(pollMs);
    }
  try {
    work();
  } finally {
    rmSync(lock, { force: true });
  }
};

/**
 * Changes a table of the user's own; the file is replaced whole, and of two changes at once none is lost.
 * @throws CopilotError exit 3 when the table is damaged, would be too large to be read again, or cannot be written.
 */
export const changeUserTable = async (
  env: Env,
  name: string,
  change: (own: ModelTable | undefined) => ModelTable,
): Promise<void> => {
  const path = userTablePath(env, name);
  const check = await tableCheck();
  mkdirSync(userTablesDir(env), { recursive: true, mode: 0o700 });
  await alone(path, () => {
    const text = `${JSON.stringify(change(readTable(path, check)), null, 2)}\n`;
    if (Buffer.byteLength(text) > maxBytes)
      throw configError(`${path} would be larger than 64 MB.`, 'Take over a shorter list.');
    const making = `${path}.${process.pid}.tmp`;
    writeFileSync(making, text);
    renameSync(making, path);
  });
};
