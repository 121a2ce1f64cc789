import type { Entry } from './entry.ts';

const bot =
  /\[bot\]$|^(?:dependabot|renovate|greenkeeper|github-actions|semantic-release-bot|snyk-bot|pre-commit-ci|web-flow|GitHub)\b|[-\s]bot$/i;

/** Who made the changes, those of most changes first, programs left out; names only. */
export const peopleOf = (entries: readonly Entry[]): string[] => {
  const counts = new Map<string, { name: string; changes: number }>();
  for (const { authors } of entries)
    for (const name of authors) {
      const key = name.trim().toLowerCase();
      if (key === '' || bot.test(name.trim())) continue;
      const known = counts.get(key);
      if (known) known.changes += 1;
      else counts.set(key, { name: name.trim(), changes: 1 });
    }
  return [...counts.values()]
    .sort((a, b) => b.changes - a.changes || (a.name < b.name ? -1 : 1))
    .map(({ name }) => name);
};
