/** Which scope the commits below a folder have: by folder, how often each one (`''` is none). */
export type ScopeMap = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** Folders above a file, the nearest one last, and the file itself without its ending. */
const placesOf = (path: string): string[] => {
  const parts = path.split('/').slice(0, 6);
  const places = parts.slice(0, -1).map((_part, index) => parts.slice(0, index + 1).join('/'));
  return ['', ...places, path.replace(/(?:\.(?:test|spec|d))?\.\w+$/, '')];
};

/** Counts, per folder and file, which scopes the commits that touch it have. */
export const learnScopes = (commits: readonly { scope: string | undefined; paths: readonly string[] }[]): ScopeMap => {
  const map = new Map<string, Map<string, number>>();
  for (const { scope = '', paths } of commits) {
    // A commit over half of the repository tells nothing about one folder.
    if (paths.length > 50) continue;
    const places = new Set(paths.flatMap(placesOf));
    for (const place of places) {
      const counts = map.get(place) ?? new Map<string, number>();
      counts.set(scope, (counts.get(scope) ?? 0) + 1);
      map.set(place, counts);
    }
  }
  return map;
};

const packageFolder = /^(?:packages|plugins|apps|libs|crates|modules|services)\/([\w@.-]+)\//;

/** What scope a change has, and how that is known. */
export interface ChosenScope {
  scope: string;
  why: string;
}

/**
 * The scope that the history gives to the folders a change is in; undefined when it mostly gives none. Without a history
 * the package of a monorepo.
 */
export const scopeOf = (
  files: readonly { path: string; weight: number }[],
  { scopeMap, scoped, commits }: { scopeMap: ScopeMap; scoped: number; commits: number },
): ChosenScope | undefined => {
  const votes = new Map<string, { weight: number; place: string }>();
  const total = files.reduce((sum, { weight }) => sum + weight, 0);
  for (const { path, weight } of files) {
    for (const place of placesOf(path).reverse()) {
      const counts = scopeMap.get(place);
      const sum = counts ? [...counts.values()].reduce((all, one) => all + one, 0) : 0;
      if (!counts || sum < 2) continue;
      const [best = '', times = 0] = [...counts].sort(([, a], [, b]) => b - a)[0] ?? [];
      // The top of the repository says only how usual scopes are.
      if (times * 2 > sum && !(place === '' && best !== '')) {
        const before = votes.get(best);
        votes.set(best, { weight: (before?.weight ?? 0) + weight, place: before?.place ?? place });
        break;
      }
    }
  }
  const [winner] = [...votes].sort(([, a], [, b]) => b.weight - a.weight);
  if (winner && winner[1].weight * 2 > total)
    return winner[0] === ''
      ? undefined
      : { scope: winner[0], why: `commits to ${winner[1].place} have the scope ${winner[0]}` };
  if (commits >= 10 && scoped < 0.5) return undefined;
  const packages = new Set(files.map(({ path }) => packageFolder.exec(path)?.[1]));
  const [name] = packages;
  return packages.size === 1 && name !== undefined
    ? { scope: name, why: `everything is in the package ${name}` }
    : undefined;
};
