/** Types commitlint's config-conventional 19 takes (its rule `type-enum`, read 2026-11-28). */
export const commitTypes = [
  'feat',
  'fix',
  'docs',
  'style',
  'refactor',
  'perf',
  'test',
  'build',
  'ci',
  'chore',
  'revert',
] as const;
/** One of them. */
export type CommitType = (typeof commitTypes)[number];

/** True for a type every linter of Conventional Commits takes. */
export const isCommitType = (word: string): word is CommitType => (commitTypes as readonly string[]).includes(word);

/** Spellings of histories that were there before a linter was. */
const spellings: Readonly<Record<string, CommitType>> = {
  feature: 'feat',
  features: 'feat',
  bugfix: 'fix',
  hotfix: 'fix',
  doc: 'docs',
  tests: 'test',
  testing: 'test',
  performance: 'perf',
  lint: 'style',
  deps: 'build',
  dep: 'build',
  types: 'fix',
  refact: 'refactor',
  refctor: 'refactor',
};

/** The type a word of a history stands for; undefined when nobody could tell. */
export const commitTypeOf = (word: string | undefined): CommitType | undefined => {
  const lower = word?.toLowerCase() ?? '';
  return isCommitType(lower) ? lower : spellings[lower];
};
