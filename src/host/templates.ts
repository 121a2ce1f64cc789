import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The package's own folder: the nearest one above this file that holds a package.json and templates. */
export const packageDir = (): string => {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'templates')) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
};

/** The texts of every file of one kind in `templates/<folder>`, by name without its ending. */
export const readTemplates = (folder: string, ending: string): Map<string, string> => {
  const path = join(packageDir(), 'templates', folder);
  if (!existsSync(path)) return new Map();
  return new Map(
    readdirSync(path)
      .filter((name) => name.endsWith(ending))
      .map((name) => [name.slice(0, -ending.length), readFileSync(join(path, name), 'utf8')]),
  );
};
