import type { Diff } from '../../core/diff.ts';

/** A text as a change that adds it: rules for changes then look at all of it. */
export const wholeFileDiff = (path: string, text: string): Diff => {
  const lines = text.replace(/\n$/, '').split('\n');
  const hunk = {
    ...{ oldStart: 0, oldLines: 0, newStart: 1, newLines: lines.length, section: '' },
    lines: lines.map((line, at) => ({ kind: 'added' as const, text: line, newLine: at + 1 })),
  };
  const file = { path, status: 'added' as const, newMode: '100644', content: 'text' as const };
  return { title: path, files: [{ ...file, hunks: [hunk], added: lines.length, deleted: 0 }] };
};
