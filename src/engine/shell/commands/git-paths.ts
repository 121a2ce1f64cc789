import { tidy } from '../scene.ts';
import { known, type Arg } from '../value.ts';
import type { GitCall } from './git-call.ts';

const maxSingle = 200;

/** True for a word that is an option. */
export const isOption = ({ prefix }: Arg): boolean => prefix.startsWith('-') && prefix !== '-';

/** True when an option before `--` fits. */
export const has = (args: readonly Arg[], pattern: RegExp): boolean => {
  const end = args.findIndex(({ text }) => text === '--');
  return args.slice(0, end < 0 ? undefined : end).some(({ prefix }) => pattern.test(prefix));
};

/** Absolute paths of a word as seen from the folders git runs in. */
export const seenFrom = ({ folders }: GitCall, path: string): string[] =>
  path.startsWith('/') ? [path] : folders.map((folder) => tidy(`${folder}/${path}`));

/** Reads or writes a word as a path seen from the folders git runs in. */
export const touch = (
  git: GitCall,
  arg: Arg,
  kind: 'read' | 'write',
  depth: { deep?: boolean; brings?: boolean; how?: 'delete' } = {},
): void => {
  if (arg.text === undefined) {
    if (kind === 'read') git.call.read(arg, depth);
    else git.call.write(arg, depth);
  } else
    for (const path of seenFrom(git, arg.text))
      if (kind === 'read') git.call.read(known(path), depth);
      else git.call.write(known(path), depth);
};

/** Reads what git tracks, or what of it lies below some paths. */
export const readTracked = (git: GitCall, paths: readonly Arg[] = []): void => {
  const { call, folders } = git;
  const { root } = call.scene.place;
  if (folders.some((folder) => folder !== root && !folder.startsWith(`${root}/`)))
    for (const folder of folders) call.read(known(folder), { deep: true });
  const plain = paths.every(({ text }) => text !== undefined && !/[*?[\\]|^:/.test(text));
  const below = plain ? paths.flatMap(({ text }) => seenFrom(git, text ?? '')) : [];
  const { tracked, history } = { tracked: call.scene.place.tracked(), history: call.scene.place.history?.() ?? [] };
  const files = tracked.map((path) => `${root}/${path}`);
  const wanted =
    below.length === 0
      ? files
      : files.filter((file) => below.some((path) => file === path || file.startsWith(`${path}/`)));
  if (wanted.length > maxSingle || call.scene.isReindexed())
    call.read(known(below.length === 1 ? (below[0] ?? root) : root), { deep: true });
  else
    for (const path of new Set([...wanted, ...below]))
      call.read(known(path), { deep: call.scene.place.list(path) !== undefined });
  if (history.includes('*')) call.doubt('the history of the repository is too large to look through');
  else for (const path of history) call.read(known(`${root}/${path}`));
};

/** Reads whatever a folder, or some paths in it, ever held. */
export const readHistory = (git: GitCall, paths: readonly Arg[]): void => {
  const { call, folders } = git;
  const plain = paths.length > 0 && paths.every(({ text }) => text !== undefined && !/[*?[\\]|^:/.test(text));
  if (plain) for (const path of paths) touch(git, path, 'read', { deep: true });
  else for (const folder of new Set([call.scene.place.root, ...folders])) call.read(known(folder), { deep: true });
};

/** The words behind `--`, or those that are no options and no revisions as far as can be told. */
export const pathsBehind = (args: readonly Arg[]): Arg[] => {
  const at = args.findIndex(({ text }) => text === '--');
  return at < 0 ? [] : args.slice(at + 1);
};
