import type { Diff, DiffLine, FileDiff } from '../../../../src/core/diff.ts';
import type { Detected } from '../../../../src/core/finding.ts';
import { reviewInput } from '../../../../src/engine/review/review-input.ts';
import { runRules } from '../../../../src/engine/review/run-rules.ts';
import type { ReviewInput } from '../../../../src/engine/review/rule.ts';
import { parseFile } from '../../../../src/host/code-index/parse-file.ts';

/** A file before and after a change; left out where it is not there. */
export interface Edit {
  path: string;
  before?: string;
  after?: string;
  about?: Partial<FileDiff>;
}

const linesOf = (text: string): string[] => {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
};

/** What changed between two texts, as one hunk with three lines around it. */
export const fileDiff = ({ path, before, after, about = {} }: Edit): FileDiff => {
  const old = before === undefined ? [] : linesOf(before);
  const now = after === undefined ? [] : linesOf(after);
  let head = 0;
  while (head < old.length && head < now.length && old[head] === now[head]) head++;
  let tail = 0;
  while (tail < old.length - head && tail < now.length - head && old.at(-1 - tail) === now.at(-1 - tail)) tail++;
  const from = Math.max(0, head - 3);
  const lines: DiffLine[] = [];
  for (let at = from; at < head; at++)
    lines.push({ kind: 'context', text: old[at]!, oldLine: at + 1, newLine: at + 1 });
  for (let at = head; at < old.length - tail; at++) lines.push({ kind: 'deleted', text: old[at]!, oldLine: at + 1 });
  for (let at = head; at < now.length - tail; at++) lines.push({ kind: 'added', text: now[at]!, newLine: at + 1 });
  for (let at = 0; at < Math.min(3, tail); at++)
    lines.push({
      kind: 'context',
      text: old[old.length - tail + at]!,
      oldLine: old.length - tail + at + 1,
      newLine: now.length - tail + at + 1,
    });
  const changed = lines.filter((line) => line.kind !== 'context');
  return {
    path,
    status: before === undefined ? 'added' : after === undefined ? 'deleted' : 'modified',
    ...(before === undefined ? {} : { oldMode: '100644' }),
    ...(after === undefined ? {} : { newMode: '100644' }),
    content: 'text',
    hunks:
      changed.length === 0
        ? []
        : [
            {
              oldStart: from + 1,
              oldLines: lines.filter((line) => line.kind !== 'added').length,
              newStart: from + 1,
              newLines: lines.filter((line) => line.kind !== 'deleted').length,
              section: '',
              lines,
            },
          ],
    added: changed.filter((line) => line.kind === 'added').length,
    deleted: changed.filter((line) => line.kind === 'deleted').length,
    ...about,
  };
};

/** A change as rules see it, with its files parsed. */
export const madeChange = (
  edits: readonly Edit[],
  beside: { paths?: string[]; others?: Record<string, string>; quick?: boolean } = {},
): Promise<ReviewInput> => {
  const diff: Diff = { title: 'made', files: edits.map(fileDiff) };
  const texts = (side: 'before' | 'after') =>
    new Map(
      edits.flatMap((edit): [string, string][] => {
        const text = edit[side];
        return text === undefined ? [] : [[(side === 'before' ? edit.about?.oldPath : undefined) ?? edit.path, text]];
      }),
    );
  return reviewInput(
    diff,
    {
      before: texts('before'),
      after: texts('after'),
      paths: [...edits.map(({ path }) => path), ...(beside.paths ?? []), ...Object.keys(beside.others ?? {})],
      ...(beside.others ? { others: new Map(Object.entries(beside.others)) } : {}),
    },
    beside.quick ? undefined : parseFile,
  );
};

/** What the rules find in a change; a rule that fails fails the test. */
export const findingsOf = async (...given: Parameters<typeof madeChange>): Promise<Detected[]> =>
  runRules(await madeChange(...given), {
    notice: (message) => {
      throw new Error(message);
    },
  });
