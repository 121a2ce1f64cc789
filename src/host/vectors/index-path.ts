import { createHash } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';

const nameOf = (databasePath: string, space: string): string => {
  const database = basename(databasePath, extname(databasePath)).replaceAll(/[^\w-]/g, '_');
  return `${database}-${createHash('sha256').update(space).digest('hex').slice(0, 12)}`;
};

/** Where the index of a space is saved, without the ending that tells its kind. */
export const indexPath = (folder: string, databasePath: string, space: string): string =>
  join(folder, nameOf(databasePath, space));

/** Deletes saved indexes of spaces this database no longer has. */
export const removeStrayIndexes = async (
  folder: string,
  databasePath: string,
  spaces: readonly string[],
): Promise<void> => {
  const known = new Set(spaces.map((space) => nameOf(databasePath, space)));
  const prefix = nameOf(databasePath, '').slice(0, -12);
  for (const file of await readdir(folder)) {
    const [, name] = /^(.+-[\da-f]{12})\.(?:hnsw|sqlite-vec)(?:\.|$)/.exec(file) ?? [];
    if (name?.length !== prefix.length + 12 || !name.startsWith(prefix) || known.has(name)) continue;
    await rm(join(folder, file), { force: true });
  }
};
