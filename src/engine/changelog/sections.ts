import type { Entry } from './entry.ts';

/** Which headings a list has: those of conventional-changelog and release-please, or of Keep a Changelog. */
export type ListStyle = 'conventional' | 'keep';

/** Entries under a heading. */
export interface Section {
  title: string;
  entries: Entry[];
}

/** What a version changed, in sections. */
export interface Sections {
  /** They stand in their sections as well. */
  breaking: Entry[];
  sections: Section[];
  /** Entries of types that users do not notice, by type; they are in no section. */
  hidden: Record<string, number>;
}

/** Types and their headings, in the order of the list; hidden ones are shown on request. */
const conventional: readonly (readonly [title: string, types: readonly string[], isHidden?: true])[] = [
  ['Features', ['feat', 'feature', 'features']],
  ['Bug Fixes', ['fix', 'bugfix', 'hotfix', 'security']],
  ['Performance Improvements', ['perf', 'performance']],
  ['Reverts', ['revert']],
  ['Dependencies', ['deps', 'dep'], true],
  ['Documentation', ['docs', 'doc'], true],
  ['Code Refactoring', ['refactor', 'refact', 'deprecate'], true],
  ['Styles', ['style', 'lint'], true],
  ['Tests', ['test', 'tests', 'testing'], true],
  ['Build System', ['build'], true],
  ['Continuous Integration', ['ci'], true],
  ['Miscellaneous Chores', ['chore', 'release', 'types', 'wip', 'meta', 'infra', 'dx', 'tools'], true],
];

const titleOf = new Map(
  conventional.flatMap(([title, types, isHidden]) =>
    types.map((type) => [type, { title, isHidden: isHidden === true }]),
  ),
);
/** True for a type that Conventional Commits, or many who use them, know. */
export const isUsualType = (type: string): boolean => titleOf.has(type);

const orderOf = new Map(conventional.map(([title], at) => [title, at]));
const other = 'Other Changes';

/** Keep a Changelog 1.1.0 (keepachangelog.com, read 2026-11-28). */
const keepOrder = ['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security'];

const keepTitle = ({ type, subject }: Entry): string => {
  if (type === 'security' || /\bCVE-\d{4}-\d+|\bGHSA-|\bvulnerabilit/i.test(subject)) return 'Security';
  if (type === 'deprecate' || /^(?:deprecate[sd]?|mark .* (?:as )?deprecated)\b/i.test(subject)) return 'Deprecated';
  if (/^(?:remove[sd]?|drop(?:s|ped)?|delete[sd]?)\b/i.test(subject) && type !== 'fix') return 'Removed';
  if (titleOf.get(type ?? '')?.title === 'Bug Fixes') return 'Fixed';
  if (titleOf.get(type ?? '')?.title === 'Features') return 'Added';
  return 'Changed';
};

const placed = (entry: Entry, style: ListStyle): { title: string; isHidden: boolean } => {
  const known = titleOf.get(entry.type ?? '');
  // What breaks is never hidden, and what no message said to be a chore is shown as a change.
  const isHidden = known?.isHidden === true && !entry.breaking;
  if (style === 'keep') return { title: keepTitle(entry), isHidden };
  // Conventional types a team made up say as much as the usual ones.
  return known ? { title: known.title, isHidden } : { title: other, isHidden: false };
};

const byScope = (a: Entry, b: Entry): number => {
  const [left, right] = [a.scope ?? '', b.scope ?? ''];
  if (left === right) return 0;
  // Those of everything come first.
  return left === '' ? -1 : right === '' ? 1 : left < right ? -1 : 1;
};

/**
 * Puts entries under their headings: by scope, within it in the order given.
 * @param options `all` shows what users do not notice as well
 */
export const sectionsOf = (entries: readonly Entry[], options: { style: ListStyle; all?: boolean }): Sections => {
  const { style, all = false } = options;
  const sections = new Map<string, Entry[]>();
  const hidden: Record<string, number> = {};
  for (const entry of entries) {
    const { title, isHidden } = placed(entry, style);
    if (isHidden && !all) {
      const type = entry.type ?? 'other';
      hidden[type] = (hidden[type] ?? 0) + 1;
      continue;
    }
    const found = sections.get(title);
    if (found) found.push(entry);
    else sections.set(title, [entry]);
  }
  const order = (title: string): number =>
    style === 'keep' ? keepOrder.indexOf(title) : (orderOf.get(title) ?? conventional.length);
  return {
    breaking: entries.filter(({ breaking }) => breaking),
    sections: [...sections]
      .map(([title, found]) => ({ title, entries: found.sort(byScope) }))
      .sort((a, b) => order(a.title) - order(b.title)),
    hidden: Object.fromEntries(Object.entries(hidden).sort()),
  };
};

/** How many entries users notice of each kind; what a next version is made of. */
export const weightOf = (entries: readonly Entry[]): { breaking: number; features: number; fixes: number } => {
  const of = (title: string): number => entries.filter(({ type }) => titleOf.get(type ?? '')?.title === title).length;
  return {
    breaking: entries.filter(({ breaking }) => breaking).length,
    features: of('Features'),
    fixes: of('Bug Fixes') + of('Performance Improvements'),
  };
};
