import { isAbsolute, join, relative } from 'node:path';
import type { Sandbox } from './sandbox.ts';
import { isToolError } from './tool.ts';

/** The rules of one ignore file; paths are relative to its folder, those of folders end in `/`. */
export interface IgnoreRules {
  test(path: string): { ignored: boolean; unignored: boolean };
}

const dependencies =
  /\/(?:node_modules|bower_components|\.venv|venv|site-packages|dist-packages|vendor\/bundle|\.cargo\/registry|\.yarn\/cache|\.pnpm-store)(?:\/|$)/i;

/** True for code and texts of others that package managers put into a workspace or a system. */
export const isDependency = (path: string): boolean => dependencies.test(path);

/** A path as patterns see it: relative to the root, or from the top of the file system when it lies outside. */
export const patternPath = (root: string, path: string): string => {
  const below = relative(root, path);
  return below === '..' || below.startsWith('../') || isAbsolute(below) ? path.replace(/^\/+/, '') : below;
};

/**
 * Files below a folder, by absolute path, in the order of their names; not those that `.gitignore` files from the root
 * down ignore, nor `.git`. Links are passed over. Folders that may not be read count as empty.
 * @param folder an absolute, resolved path.
 * @param parse reads an ignore file (the parser is handed in).
 */
export async function* walk(
  sandbox: Sandbox,
  folder: string,
  parse: (content: string) => IgnoreRules,
  signal: AbortSignal,
): AsyncGenerator<string, void> {
  interface Level {
    folder: string;
    rules: IgnoreRules;
  }
  const levelOf = async (at: string): Promise<Level[]> => {
    try {
      const content = Buffer.from(await sandbox.readFile(join(at, '.gitignore'))).toString();
      return [{ folder: at, rules: parse(content) }];
    } catch (error) {
      if (isToolError(error)) return [];
      throw error;
    }
  };
  const isIgnored = (path: string, levels: readonly Level[]): boolean => {
    for (const level of levels.toReversed()) {
      const { ignored, unignored } = level.rules.test(relative(level.folder, path) + (path.endsWith('/') ? '/' : ''));
      if (ignored || unignored) return ignored;
    }
    return false;
  };
  async function* below(at: string, above: readonly Level[]): AsyncGenerator<string, void> {
    signal.throwIfAborted();
    const names = await sandbox.list(at).catch((error: unknown): string[] => {
      if (isToolError(error)) return [];
      throw error;
    });
    const levels = names.includes('.gitignore') ? [...above, ...(await levelOf(at))] : above;
    for (const name of names) {
      const path = join(at, name);
      if (name === '.git' || name === '.git/' || isIgnored(path, levels)) continue;
      if (name.endsWith('/')) yield* below(path.slice(0, -1), levels);
      // A link may lead to where nobody allowed us to look.
      else if ((await sandbox.resolve(path)) === path) yield path;
    }
  }

  const above: Level[] = [];
  const steps = relative(sandbox.root, folder).split('/').filter(Boolean);
  if (steps[0] !== '..') {
    for (let depth = 0; depth < steps.length; depth += 1) {
      above.push(...(await levelOf(join(sandbox.root, ...steps.slice(0, depth)))));
    }
  }
  yield* below(folder, above);
}
