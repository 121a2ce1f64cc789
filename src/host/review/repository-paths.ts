import type { Env } from '../paths.ts';
import { quietGitEnv } from '../quiet-git.ts';
import { gitAt } from '../git/run-git.ts';

/** A file of a repository with the object that holds its content. */
export interface ListedFile {
  path: string;
  id: string;
}

/** `mode type? id stage?` and, after a tab, the path. */
const entry = /^(\d{6}) (?:[a-z]+ )?([0-9a-f]{40,64})(?: \d)?\t/;

/** Files of the index, or of a commit; submodules and links are left out. Empty when git cannot say. */
export const listPaths = async (
  root: string,
  env: Env,
  commit: string | undefined,
  signal?: AbortSignal,
): Promise<ListedFile[]> => {
  const args = commit === undefined ? ['ls-files', '-s', '-z'] : ['ls-tree', '-r', '-z', commit];
  const { code, stdout } = await gitAt('git', root, quietGitEnv({ ...env }))(args, { signal });
  if (code !== 0) return [];
  const files: ListedFile[] = [];
  for (const line of stdout.toString('utf8').split('\0')) {
    const [head = '', mode = '', id = ''] = entry.exec(line) ?? [];
    if (head !== '' && mode.startsWith('100')) files.push({ path: line.slice(head.length), id });
  }
  return files;
};

/** Files of the index, or of a commit, that hold one of the words. Empty when git cannot say. */
export const pathsNaming = async (
  root: string,
  env: Env,
  commit: string | undefined,
  words: readonly string[],
  signal?: AbortSignal,
): Promise<string[]> => {
  if (words.length === 0) return [];
  const wanted = words.flatMap((word) => ['-e', word]);
  const place = commit === undefined ? ['--cached'] : [commit];
  const args = [
    'grep',
    '-l',
    '-z',
    '-I',
    '-w',
    '-F',
    '--no-color',
    '--full-name',
    '--no-recurse-submodules',
    ...wanted,
    ...place,
  ];
  const { stdout } = await gitAt('git', root, quietGitEnv({ ...env }))([...args, '--'], { signal });
  const before = commit === undefined ? 0 : commit.length + 1;
  return stdout
    .toString('utf8')
    .split('\0')
    .flatMap((path) => (path === '' ? [] : [path.slice(before)]));
};
