/** Branches programs make: their numbers are versions. */
const machines = /^(?:dependabot|renovate|release|releases|hotfix\/v|revert-)|(?:^|\/)v?\d+(?:\.\d+)+/i;

/**
 * The issues a branch is named after: `JIRA-123` in `feature/JIRA-123-retry`, `#12` in `12-fix-login`, `gh-12`, `issue-12`
 * or `fix/#12`. Dates and versions are none.
 */
export const branchReferences = (branch: string | undefined): string[] => {
  if (branch === undefined || machines.test(branch)) return [];
  const found = new Set<string>();
  for (const [, key = ''] of branch.matchAll(/(?<![A-Za-z0-9])([A-Z][A-Z0-9]{1,9}-\d{1,7})(?![\dA-Za-z])/g))
    found.add(key);
  if (found.size > 0) return [...found];
  const numbers = [
    /#(\d{1,6})(?!\d)/,
    /(?:^|[/_-])(?:gh|issues?|bug|ticket|fix|feat|feature|pr)[-_/](\d{1,6})(?=$|[-_/])/i,
    /(?:^|\/)(\d{1,6})[-_](?!\d)[a-z]/i,
  ];
  for (const pattern of numbers) {
    const number = pattern.exec(branch)?.[1];
    if (number !== undefined && Number(number) > 0) return [`#${Number(number)}`];
  }
  return [];
};
