import type { Commit } from '../../core/diff.ts';

/** The subject without the number a squash-merge puts behind it. */
export const withoutPull = (subject: string): string => subject.replace(/\s*\((?:#|!|pull request #)\d+\)\s*$/, '');

const revertedHash =
  /\bthis reverts (?:commit|merge)s?\s+([0-9a-f]{7,64})\b|^[-*\s]*([0-9a-f]{40})[.,]?$|^refs?:?\s+((?:[0-9a-f]{7,40}(?:,\s*)?)+)$/gim;
const revertSubject = /^(?:revert\s+"(.+)"|revert:\s*"?(.+?)"?|reapply\s+"(.+)")$/i;

/** True for a commit that takes another one back, or puts back what was taken back. */
export const isRevert = ({ subject }: Pick<Commit, 'subject'>): boolean =>
  /^(?:revert(?:\([^)]*\))?!?:\s|revert\s+"|reapply\s+")/i.test(subject);

/** Hashes a revert names; those of other commits are in its body too, so only the places git and tools write them to. */
const hashesIn = (body: string): string[] =>
  [...body.matchAll(revertedHash)].flatMap(([, one, alone, list = '']) => [
    ...(one === undefined ? [] : [one.toLowerCase()]),
    ...(alone === undefined ? [] : [alone.toLowerCase()]),
    ...list.split(/,\s*/).filter((hash) => hash !== ''),
  ]);

/** Everything a merge brought in: what its further parents reach and the first does not. */
const broughtBy = (merge: Commit, byHash: ReadonlyMap<string, Commit>): Set<string> => {
  const reach = (starts: readonly string[], without: ReadonlySet<string>): Set<string> => {
    const seen = new Set<string>();
    const open = [...starts];
    for (let hash = open.pop(); hash !== undefined; hash = open.pop()) {
      const commit = byHash.get(hash);
      if (!commit || seen.has(hash) || without.has(hash)) continue;
      seen.add(hash);
      open.push(...commit.parents);
    }
    return seen;
  };
  const [first = '', ...others] = merge.parents;
  return reach(others, reach([first], new Set()));
};

/**
 * Hashes of the commits of a range that cancel one another: what was reverted and what reverted it. A revert of a revert
 * brings the change back. Reverts of commits outside of the range are not among them.
 * @param commits newest first
 */
export const cancelled = (commits: readonly Commit[]): Set<string> => {
  const byHash = new Map(commits.map((commit) => [commit.hash, commit]));
  const byPrefix = new Map(commits.map((commit) => [commit.hash.slice(0, 7), commit]));
  const placeOf = new Map(commits.map(({ hash }, at) => [hash, at]));
  const bySubject = new Map<string, number[]>();
  // Newest last, so that what is passed can be taken off.
  for (const [at, { subject }] of [...commits.entries()].reverse()) {
    const key = withoutPull(subject);
    const places = bySubject.get(key);
    if (places) places.push(at);
    else bySubject.set(key, [at]);
  }
  const gone = new Set<string>();
  for (const [at, commit] of commits.entries()) {
    if (gone.has(commit.hash) || !isRevert(commit)) continue;
    const named = hashesIn(commit.body).flatMap((hash) => {
      const found = byHash.get(hash) ?? byPrefix.get(hash.slice(0, 7));
      return found?.hash.startsWith(hash) === true && (placeOf.get(found.hash) ?? 0) > at ? [found] : [];
    });
    const [, quoted, afterColon, again] = revertSubject.exec(withoutPull(commit.subject)) ?? [];
    const subject = quoted ?? afterColon ?? (again === undefined ? undefined : `Revert "${again}"`);
    const bySame = (): Commit[] => {
      // GitHub puts the number of the pull request within the quotes as well. Places that are passed never count again.
      const places = bySubject.get(withoutPull(subject ?? ''));
      while (
        places &&
        places.length > 0 &&
        ((places.at(-1) ?? 0) <= at || gone.has(commits[places.at(-1) ?? 0]?.hash ?? ''))
      )
        places.pop();
      const place = places?.at(-1);
      return place === undefined ? [] : commits.slice(place, place + 1);
    };
    const targets = named.length > 0 ? named : bySame();
    if (targets.length === 0) continue;
    gone.add(commit.hash);
    for (const target of targets) {
      gone.add(target.hash);
      if (target.parents.length > 1) for (const hash of broughtBy(target, byHash)) gone.add(hash);
    }
  }
  return gone;
};
