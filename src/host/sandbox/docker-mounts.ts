import { existsSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { boundSockets } from './bound-sockets.ts';
import { netFolderInside } from './docker-inside.ts';
import type { Confinement, PathRules } from './launcher.ts';
import { maskFinder } from './masks.ts';
import { isWithin } from '../../base/within.ts';
import { foldersAbove, kindAt, sortedMounts, type Mount } from './mounts.ts';
import { guardRepositories, type GuardedRepositories } from './repositories.ts';
import { sandboxError } from './sandbox-error.ts';

/** What a container sees of this machine. */
export interface Mounts {
  /** Above comes before below, no path twice. */
  list: readonly Mount[];
  /** What was at each path, by inode: a mount is lost when its path is replaced outside. */
  ids: ReadonlyMap<string, string>;
  /** Paths that rules hide or protect. */
  ruled: ReadonlySet<string>;
  /** Of the repositories commands may write to. */
  repositories: Omit<GuardedRepositories, 'mounts'>;
}

/** The container has its own. */
const systemFolders = ['/', '/tmp', '/proc', '/sys', '/dev', '/run', '/etc', '/usr', '/bin', '/lib', '/lib64', '/sbin'];
/** Of this machine a container sees nothing but what is bound. */
const ground: Mount = { path: '/', kind: 'empty' };

const idOf = (path: string): string => {
  const info = lstatSync(path, { throwIfNoEntry: false });
  return info ? `${info.dev}:${info.ino}` : '';
};

const pathFinder = (rules: PathRules | undefined): (() => { files: string[]; folders: string[] }) => {
  if (!rules) return () => ({ files: [], folders: [] });
  const find = maskFinder(rules);
  return () => {
    const found = find();
    if (found.complete) return found;
    throw sandboxError(
      'The workspace holds too many files to look for those that rules deny.',
      'Name folders in the rules instead of patterns, or leave the big folder out of the workspace.',
    );
  };
};

/** True for what hides a file's history, unlike what keeps git from running programs. */
const hidesObjects = ({ kind, from }: Mount): boolean => kind === 'file' || from !== undefined;

/**
 * Looks at what there is to bind, to mask and to protect, each time it is called.
 * @param home the user's home folder; a repository that holds it is not bound.
 * @throws CopilotError `E_SANDBOX` when a folder to bind is one of the container's own, or when not everything could be seen.
 */
export const mountFinder = (confinement: Confinement, home: string | undefined): (() => Promise<Mounts>) => {
  const { root, dataDir } = confinement;
  const findHidden = pathFinder(confinement.hidden);
  const findReadOnly = pathFinder(confinement.readOnly);
  const guard = guardRepositories(confinement, home === undefined ? [] : [home]);

  return async () => {
    const { mounts: ofGit, ...repositories } = await guard();
    const own: Mount[] = [
      ground,
      { path: root, kind: 'write' },
      ...confinement.folders
        .filter(({ path }) => path !== root && existsSync(path))
        .map(({ path, access }): Mount => ({ path, kind: access })),
      ...ofGit,
    ];
    const clash = own.find((mount) => mount !== ground && systemFolders.includes(mount.path));
    if (clash)
      throw sandboxError(
        `${clash.path} cannot be bound into a container, which has its own.`,
        'Work in a folder below it.',
      );
    const settings = join(root, '.llm-copilot');
    if (existsSync(settings)) own.push({ path: settings, kind: 'read' });
    const bound = sortedMounts(own);
    if (existsSync(dataDir) && kindAt(dataDir, bound) !== 'empty')
      own.push({ path: dataDir, kind: isWithin(root, dataDir) ? 'empty' : 'folder' });
    const fixed = sortedMounts(own);

    const hidden = findHidden();
    const readOnly = findReadOnly();
    const isSeen = (path: string): boolean => !['empty', 'file', 'folder'].includes(kindAt(path, fixed));
    const masks: Mount[] = [
      ...hidden.folders.filter(isSeen).map((path): Mount => ({ path, kind: 'folder' })),
      ...[...hidden.files, ...boundSockets()].filter(isSeen).map((path): Mount => ({ path, kind: 'file' })),
    ];
    const kept = [...readOnly.folders, ...readOnly.files].filter(
      (path) => path !== root && kindAt(path, fixed) === 'write',
    );
    const rules = sortedMounts([...fixed, ...masks, ...kept.map((path): Mount => ({ path, kind: 'read' }))]);
    const held = [...hidden.folders, ...hidden.files, ...kept, ...ofGit.map(({ path }) => path)];
    const all = sortedMounts([...rules, ...foldersAbove(held, rules)]);
    const covers = all.filter(({ kind }) => kind === 'folder').map(({ path }) => path);
    const list = all.filter(
      ({ path }, index) =>
        path !== '/' &&
        // At one path the last one holds.
        all[index + 1]?.path !== path &&
        // Below a masked folder there is nothing left to mount on.
        !covers.some((folder) => folder !== path && isWithin(path, folder)),
    );
    return {
      list,
      ids: new Map(list.map(({ path, kind, from = '' }) => [path, `${kind} ${from} ${idOf(path)}`])),
      ruled: new Set([...[...masks, ...ofGit.filter(hidesObjects)].map(({ path }) => path), ...kept]),
      repositories,
    };
  };
};

/**
 * What a container with the mounts of `then` does not hold although `now` asks for it. `must`: what rules deny, and what
 * lost its protection because it was replaced; `may`: what appeared since and is better protected.
 */
export const notHeld = (then: Mounts, now: Mounts): { must: string[]; may: string[] } => {
  const missing = [...now.ids].filter(([path, id]) => then.ids.get(path) !== id).map(([path]) => path);
  const isMust = (path: string): boolean => now.ruled.has(path) || then.ids.has(path);
  return { must: missing.filter(isMust), may: missing.filter((path) => !isMust(path)) };
};

/** Files of ours that containers bind. */
export interface Stand {
  /** An empty file nobody may read. */
  file: string;
  /** A folder for the proxy's socket. */
  net: string;
}

/** A field of docker's `--mount`, which is a line of CSV: paths may hold commas and quotes. */
const field = (name: string, value: string): string => `"${`${name}=${value}`.replaceAll('"', '""')}"`;

const bind = (source: string, target: string, access: 'read' | 'write'): string =>
  `type=bind,${field('source', source)},${field('target', target)}${access === 'read' ? ',readonly' : ''}`;

const mountOf = ({ path, kind, from = path }: Mount, stand: Stand): string => {
  switch (kind) {
    case 'read':
    case 'write':
      return bind(from, path, kind);
    case 'file':
      return bind(stand.file, path, 'read');
    // Docker takes mode 0 for "not given".
    case 'folder':
      return `type=tmpfs,${field('target', path)},tmpfs-mode=0001,tmpfs-size=4096,readonly`;
    case 'empty':
      return `type=tmpfs,${field('target', path)},tmpfs-mode=0755,tmpfs-size=4096`;
  }
};

/** Docker's arguments for the mounts. */
export const mountArguments = ({ list }: Mounts, stand: Stand): string[] =>
  [...list.map((mount) => mountOf(mount, stand)), bind(stand.net, netFolderInside, 'read')].flatMap((mount) => [
    '--mount',
    mount,
  ]);
