import type { Place } from './place.ts';
import { gitFailure } from './run-git.ts';

/** A tag of a commit. */
export interface Tag {
  name: string;
  /** Of the commit. */
  hash: string;
  /** Committer's time of that commit; ms since epoch. */
  at: number;
}

/** Tags of commits, newest first. */
export const readTags = async ({ git }: Place, signal?: AbortSignal): Promise<Tag[]> => {
  const format = [
    ...['%(refname:lstrip=2)', '%(objectname)', '%(committerdate:unix)', '%(*objectname)', '%(*committerdate:unix)'],
  ].join('%00');
  const args = ['for-each-ref', `--format=${format}`, 'refs/tags'];
  const { code, stdout, stderr } = await git(args, { signal });
  if (code !== 0) throw gitFailure('list tags', stderr);
  return stdout
    .toString()
    .split('\n')
    .slice(0, -1)
    .flatMap((line) => {
      const [name = '', ownHash = '', ownDate = '', peeledHash = '', peeledDate = ''] = line.split('\0');
      const [hash, date] = peeledHash === '' ? [ownHash, ownDate] : [peeledHash, peeledDate];
      // Of files and trees there are tags too.
      return date === '' ? [] : [{ name, hash, at: Number(date) * 1000 }];
    })
    .sort((a, b) => b.at - a.at || (a.name < b.name ? 1 : -1));
};

/** The branch that another one is compared with, as `origin/main`; undefined when there is none but itself. */
export const readDefaultBase = async ({ git }: Place, signal?: AbortSignal): Promise<string | undefined> => {
  const args = ['for-each-ref', '--format=%(refname)%00%(symref)%00%(HEAD)', 'refs/remotes', 'refs/heads'];
  const { code, stdout, stderr } = await git(args, { signal });
  if (code !== 0) throw gitFailure('list branches', stderr);
  const refs = stdout
    .toString()
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [name = '', target = '', head = ''] = line.split('\0');
      return { name, target, isCurrent: head === '*' };
    });
  const names = new Set(refs.map(({ name }) => name));
  const remotes = refs.filter(({ name, target }) => name.startsWith('refs/remotes/') && target !== '');
  const chosen = [
    ...remotes.filter(({ name }) => name === 'refs/remotes/origin/HEAD').map(({ target }) => target),
    ...['refs/remotes/origin/main', 'refs/remotes/origin/master'],
    ...remotes.map(({ target }) => target),
    ...['refs/heads/main', 'refs/heads/master'],
  ].find((name) => names.has(name) && !refs.some((ref) => ref.name === name && ref.isCurrent));
  return chosen?.replace(/^refs\/(?:remotes|heads)\//, '');
};
