import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { disarmGit, guardGit } from './git-guard.ts';
import { historyGuard, type HiddenHistory, type HistoryGuard, type Repository } from './git-history.ts';
import type { Confinement } from './launcher.ts';
import type { Mount } from './mounts.ts';

/** What commands get of all repositories they can write to, for one command. */
export interface GuardedRepositories {
  mounts: Mount[];
  notices: string[];
  /** Added to the command's environment. */
  env: Readonly<Record<string, string>>;
  /** Called after the command: takes back what cannot be prevented, and says what it was. */
  mend(): string[];
}

const maxDepth = 3;
const maxFolders = 2_000;
const skipped = new Set(['node_modules', '.git', '.venv', 'venv', 'vendor', 'target']);

/** Folders with a `.git` in and below a folder, a few levels deep. */
const repositoriesIn = (root: string): string[] => {
  const found = [root];
  let left = maxFolders;
  const search = (folder: string, depth: number): void => {
    let entries;
    try {
      entries = readdirSync(folder, { withFileTypes: true });
    } catch {
      return;
    }
    for (const entry of entries) {
      if (!entry.isDirectory() || skipped.has(entry.name) || (left -= 1) < 0) continue;
      const path = join(folder, entry.name);
      if (lstatSync(join(path, '.git'), { throwIfNoEntry: false })) found.push(path);
      if (depth < maxDepth) search(path, depth + 1);
    }
  };
  search(root, 1);
  return found;
};

/**
 * Looks after the repositories of the workspace and of added folders: the returned function is called before every
 * command. Those below are looked for once, three levels deep.
 * @param homes a repository that holds one of these is left out.
 */
export const guardRepositories = (
  { root, folders, hidden, dataDir }: Confinement,
  homes: readonly string[],
): (() => Promise<GuardedRepositories>) => {
  let places: string[] | undefined;
  const histories = new Map<string, HistoryGuard>();
  const historyOf = async (repository: Repository): Promise<HiddenHistory | undefined> => {
    if (!hidden) return undefined;
    const guard = histories.get(repository.common) ?? historyGuard(hidden, dataDir);
    histories.set(repository.common, guard);
    return guard(repository);
  };
  const writable = [root, ...folders.filter(({ access }) => access === 'write').map(({ path }) => path)];

  return async () => {
    places ??= writable.flatMap(repositoriesIn);
    const guards = places
      .filter((place) => writable.includes(place) || lstatSync(join(place, '.git'), { throwIfNoEntry: false }))
      .map((place) => guardGit(place, homes));
    const repositories = guards.flatMap(({ repository }) => repository ?? []);
    const hiding = (await Promise.all(repositories.map(historyOf))).filter((one) => one !== undefined);
    const alternates = hiding.flatMap(({ env = {} }) => Object.values(env));
    const all = [...guards, ...hiding];
    return {
      mounts: all.flatMap(({ mounts }) => mounts),
      notices: all.flatMap(({ notices }) => notices),
      env: alternates.length > 0 ? { GIT_ALTERNATE_OBJECT_DIRECTORIES: alternates.join(':') } : {},
      mend: () =>
        repositories
          .filter(({ common }) => disarmGit(common))
          .map(
            ({ common }) => `A command wrote ${join(common, 'commondir')}, which leads git elsewhere; it was removed.`,
          ),
    };
  };
};
