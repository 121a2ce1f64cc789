import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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

const check = async (value: unknown, path: string): Promise<ModelTable> => {
  const { schemaChecker } = await import('./json-schema.ts');
  const schema = readFileSync(join(packageDir(), 'templates', 'schemas', 'models.schema.json'), 'utf8');
  const problems = schemaChecker(JSON.parse(schema) as object)(value);
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

/**
 * The user's own tables of these names; without any this is one look at the file system. They are checked against
 * `templates/schemas/models.schema.json`.
 * @throws CopilotError exit 3 with the file and the place inside.
 */
export const userTables = async (env: Env, names: Iterable<string>): Promise<ReadonlyMap<string, ModelTable>> => {
  const tables = new Map<string, ModelTable>();
  if (!existsSync(userTablesDir(env))) return tables;
  for (const name of new Set(names)) {
    const path = userTablePath(env, name);
    if (!existsSync(path)) continue;
    let value: unknown;
    try {
      value = JSON.parse(readFileSync(path, 'utf8'));
    } catch (error) {
      throw configError(`${path} cannot be read: ${messageOf(error)}`, 'Mend it or remove the file.', error);
    }
    tables.set(name, await check(value, path));
  }
  return tables;
};

/** Writes a table of the user's own; the file is replaced whole. */
export const saveUserTable = async (env: Env, name: string, table: ModelTable): Promise<void> => {
  const path = userTablePath(env, name);
  const making = `${path}.${process.pid}.tmp`;
  await mkdir(userTablesDir(env), { recursive: true, mode: 0o700 });
  await writeFile(making, `${JSON.stringify(table, null, 2)}\n`);
  await rename(making, path);
};
