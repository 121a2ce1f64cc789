import { lstatSync, readdirSync, type Dirent } from 'node:fs';
import { join } from 'node:path';
import { CopilotError } from '../../base/errors.ts';
import { disarmGit, guardBare, guardGit, type GitGuard } from './git-guard.ts';
import { historyGuard, type HiddenHistory, type HistoryGuard, type Repository } from './git-history.ts';
import type { Confinement } from './launcher.ts';
import { isWithin } from '../../base/within.ts';
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

/** Where a repository is or may come to be. */
interface Place {
  path: string;
  /** `tree`: a folder with a `.git`; `bare`: a git folder by itself; `kept`: a submodule's, in that of its repository. */
  kind: 'tree' | 'bare' | 'kept';
  /** The workspace or added folder it was found in. */
  base: string;
}

const maxDepth = 3;
const maxFolders = 2_000;
const maxAtOnce = 8;
const dependencies = ['node_modules', '.venv', 'venv'];
const output = ['vendor', 'target'];

const entriesOf = (folder: string): Dirent[] => {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
};

/**
 * Repositories in and below a folder. Those whose history has to be hidden are looked for everywhere but in
 * dependencies, others a few levels deep.
 */
const placesIn = (base: string, isThorough: boolean): Place[] => {
  const found: Place[] = [{ path: base, kind: 'tree', base }];
  const skipped = new Set(isThorough ? dependencies : [...dependencies, ...output]);
  let left = isThorough ? Infinity : maxFolders;
  const search = (folder: string, depth: number, isKept: boolean): void => {
    const entries = entriesOf(folder);
    const names = new Set(entries.map(({ name }) => name));
    if (folder !== base && names.has('.git')) found.push({ path: folder, kind: 'tree', base });
    const isBare = ['HEAD', 'objects', 'refs'].every((name) => names.has(name));
    if (isBare) found.push({ path: folder, kind: isKept ? 'kept' : 'bare', base });
    if (isThorough && names.has('.git')) search(join(folder, '.git', 'modules'), depth + 2, true);
    if (isBare && isKept) search(join(folder, 'modules'), depth + 1, true);
    if (isBare || (depth >= maxDepth && !isThorough)) return;
    for (const entry of entries)
      if (entry.isDirectory() && entry.name !== '.git' && !skipped.has(entry.name) && (left -= 1) >= 0)
        search(join(folder, entry.name), depth + 1, isKept);
  };
  search(base, 0, false);
  return found;
};

/**
 * Looks after the repositories of the workspace and of added folders: the returned function is called before every
 * command. Those below are looked for once.
 * @param homes a repository that holds one of these is left out.
 * @throws CopilotError `E_SANDBOX` from the returned function, when the history of hidden files cannot be hidden.
 */
export const guardRepositories = (
  { root, folders, hidden, dataDir }: Confinement,
  homes: readonly string[],
): (() => Promise<GuardedRepositories>) => {
  let places: Place[] | undefined;
  const histories = new Map<string, HistoryGuard>();
  const writable = [root, ...folders.filter(({ access }) => access === 'write').map(({ path }) => path)];
  const shown = [root, ...folders.map(({ path }) => path)];

  const historyOf = async (repository: Repository): Promise<HiddenHistory & { notices: string[] }> => {
    if (!hidden) return { mounts: [], notices: [] };
    const guard = histories.get(repository.common) ?? historyGuard(hidden, dataDir);
    histories.set(repository.common, guard);
    try {
      return { ...(await guard(repository)), notices: [] };
    } catch (error) {
      // Of another repository than that of the folder itself, commands can do without the objects.
      if (shown.includes(repository.top) || !(error instanceof CopilotError)) throw error;
      const notice = `${error.message} Commands do not get its objects.`;
      return { mounts: [{ path: join(repository.common, 'objects'), kind: 'folder' }], notices: [notice] };
    }
  };

  const guardPlace = ({ path, kind, base }: Place): GitGuard => {
    if (kind === 'kept') return { mounts: [], notices: [], repository: { common: path, top: path, also: [base] } };
    const isHere = shown.includes(path) || kind === 'bare' || lstatSync(join(path, '.git'), { throwIfNoEntry: false });
    if (!isHere) return { mounts: [], notices: [] };
    if (kind === 'bare' && !lstatSync(join(path, 'objects'), { throwIfNoEntry: false }))
      return { mounts: [], notices: [] };
    const guard = kind === 'bare' ? guardBare(path, path) : guardGit(path, homes);
    const also = kind === 'bare' ? { also: [base] } : {};
    const repository = guard.repository && { repository: { ...guard.repository, ...also } };
    // A folder that was added to be read may lie in one that is written.
    const innermost = shown
      .filter((folder) => isWithin(path, folder))
      .sort((one, other) => other.length - one.length)[0];
    return innermost !== undefined && writable.includes(innermost)
      ? { ...guard, ...repository }
      : { mounts: [], notices: [], ...repository };
  };

  return async () => {
    places ??= (hidden ? shown : writable).flatMap((base) => placesIn(base, hidden !== undefined));
    const guards = places.map(guardPlace);
    const byFolder = new Map<string, Repository>();
    for (const { repository } of guards)
      if (repository && !byFolder.has(repository.common)) byFolder.set(repository.common, repository);
    const repositories = [...byFolder.values()];
    const hiding: (HiddenHistory & { notices: string[] })[] = [];
    for (let at = 0; at < repositories.length; at += maxAtOnce)
      hiding.push(...(await Promise.all(repositories.slice(at, at + maxAtOnce).map(historyOf))));
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
