import { accessSync, constants, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';

/** Absolute path of a program on a search path; relative entries are left out, as they depend on where one stands. */
export const findProgram = (name: string, searchPath = ''): string | undefined => {
  for (const folder of searchPath.split(':').filter((entry) => isAbsolute(entry))) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      if (statSync(path).isFile()) return path;
    } catch {
      // Not there.
    }
  }
  return undefined;
};
