import type { FileDiff } from '../../core/diff.ts';
import { addedLines } from '../../engine/diff/added-lines.ts';
import type { Repository } from '../../host/git/repository.ts';
import type { OutgoingCommit } from '../../host/hooks/outgoing-commits.ts';
import { findSecrets } from '../commit/find-secrets.ts';

const linesOf = ({ hunks }: FileDiff, kind: 'added' | 'deleted'): string[] =>
  hunks.flatMap(({ lines }) => lines.flatMap((line) => (line.kind === kind ? [line.text] : [])));

const without = (file: FileDiff, known: (text: string) => boolean): FileDiff => ({
  ...file,
  hunks: file.hunks.map((hunk) => ({
    ...hunk,
    lines: hunk.lines.filter(({ kind, text }) => kind !== 'added' || !known(text)),
  })),
});

/** What many commits add and take out again is found one time; more of them is not told. */
const most = 10;

/**
 * Commits that add what looks like a secret on lines which are not among what all of them together add.
 * @param together those files, which were looked at
 */
export const commitsWithSecrets = async (
  repository: Pick<Repository, 'contents'>,
  commits: readonly OutgoingCommit[],
  together: readonly FileDiff[],
  signal: AbortSignal,
): Promise<OutgoingCommit[]> => {
  const judged = new Set(together.flatMap((file) => linesOf(file, 'added')));
  const judgedText = [...judged].join('\n');
  const paths = new Set(together.flatMap(({ path, status }) => (status === 'deleted' ? [] : [path])));
  // A line that was there before and comes back is nothing new.
  const gone = new Set<string>();
  const found: OutgoingCommit[] = [];
  for (const commit of commits) {
    if (found.length >= most) break;
    for (const file of commit.files) for (const text of linesOf(file, 'deleted')) gone.add(text);
    // What is not shown as lines would have to be read whole, in each commit.
    const files = commit.files
      .filter(({ omitted, content }) => omitted === undefined && content !== 'binary')
      .map((file) => without(file, (text) => judged.has(text) || gone.has(text)));
    const { secrets } = await findSecrets(repository, files, signal);
    const isNew = ({ path, line }: { path: string; line: number }): boolean => {
      if (line === 0) return !paths.has(path);
      const file = files.find((one) => one.path === path);
      // A comment may have come behind it that says why it stays.
      const text =
        file &&
        addedLines(file)
          .find((one) => one.line === line)
          ?.text.trim();
      return text === undefined || !judgedText.includes(text);
    };
    if (secrets.some(isNew)) found.push(commit);
  }
  return found;
};
