import type { FileDiff } from './diff.ts';

const statuses: Record<string, FileDiff['status']> = {
  A: 'added',
  D: 'deleted',
  M: 'modified',
  R: 'renamed',
  C: 'copied',
  T: 'retyped',
  U: 'unmerged',
};

/** What a mode says of a file's content. */
export const contentOfMode = (mode: string | undefined): FileDiff['content'] =>
  mode === '120000' ? 'symlink' : mode === '160000' ? 'submodule' : 'text';

/** What one record of `git diff --raw` says, such as `:100644 100644 1f2e… 0000… M`; undefined of anything else. */
export const rawRecord = (record: string): (FileDiff & { paths: 1 | 2 }) | undefined => {
  const told = /^\s*:([0-7]{6}) ([0-7]{6}) ([0-9a-f]{4,64})(?:\.\.\.)? ([0-9a-f]{4,64})(?:\.\.\.)? ([A-Z])/.exec(
    record,
  );
  if (told === null) return undefined;
  const [, oldMode = '', newMode = '', oldId = '', newId = '', letter = ''] = told;
  const there = (mode: string): boolean => mode !== '000000';
  const known = (id: string): boolean => /[^0]/.test(id);
  return {
    path: '',
    status: statuses[letter] ?? 'modified',
    ...(there(oldMode) ? { oldMode } : {}),
    ...(there(newMode) ? { newMode } : {}),
    ...(there(oldMode) && known(oldId) ? { oldId } : {}),
    ...(there(newMode) && known(newId) ? { newId } : {}),
    content: contentOfMode(there(newMode) ? newMode : oldMode),
    hunks: [],
    added: 0,
    deleted: 0,
    paths: letter === 'R' || letter === 'C' ? 2 : 1,
  };
};
