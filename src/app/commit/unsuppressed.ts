import type { FileDiff } from '../../core/diff.ts';
import { commentReason, suppressionOf, suppressionsFrom, suppressionsPath } from '../../engine/review/suppressions.ts';
import { readProjectFile } from '../../host/review/project-file.ts';
import type { StagedSecret } from './find-secrets.ts';

const secret = 'secret';

/**
 * Secrets that nobody gave a reason for: neither in the project's list (by rule or path) nor in a comment beside them, as
 * `review` and the hooks take them.
 * @throws CopilotError exit 3 for a reason that is missing, or a list that is wrong
 */
export const unsuppressed = async (
  root: string,
  files: readonly FileDiff[],
  secrets: readonly StagedSecret[],
): Promise<StagedSecret[]> => {
  if (secrets.length === 0) return [];
  const source = readProjectFile(root, suppressionsPath);
  const listed = source === undefined ? [] : suppressionsFrom((await import('../../host/yaml.ts')).parse(source));
  const today = new Date().toISOString().slice(0, 10);
  const linesOf = (path: string): string[] => {
    const lines: string[] = [];
    for (const { hunks } of files.filter((file) => file.path === path))
      for (const { newLine, text } of hunks.flatMap((hunk) => hunk.lines))
        if (newLine !== undefined) lines[newLine - 1] = text;
    return lines;
  };
  return secrets.filter(
    ({ path, line }) =>
      suppressionOf(listed, { rule: secret, path, fingerprint: '' }, today) === undefined &&
      commentReason({ rule: secret, path, line, side: 'new' }, linesOf(path)) === undefined,
  );
};
