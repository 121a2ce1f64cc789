import { scanSecrets, type SecretFinding } from '../../base/redact/scanner.ts';
import type { FileDiff } from '../../core/diff.ts';
import { addedLines } from '../../engine/diff/added-lines.ts';
import { skipByName } from '../../host/code-index/file-kind.ts';
import type { Repository } from '../../host/git/repository.ts';

/** Something that must not be committed; line 0 is the file itself. */
export interface StagedSecret {
  path: string;
  line: number;
  rule: string;
  /** What of it may be shown. */
  redacted: string;
}

/** Files whose lines are left out of a diff are read up to this size (bytes). */
const mostBytes = 50_000_000;
/** Of these everybody may have a copy. */
const shareable = /^\s*-----BEGIN (?:CERTIFICATE|PUBLIC KEY|RSA PUBLIC KEY|PGP PUBLIC KEY BLOCK|PGP SIGNATURE)-----/;

const found = (path: string, findings: readonly SecretFinding[], lineAt: (line: number) => number): StagedSecret[] =>
  findings.map(({ rule, line, redacted }) => ({ path, line: lineAt(line), rule, redacted }));

/** Secrets on the lines a change adds, and files that are there to hold some; `unread` could not be looked at. */
export const findSecrets = async (
  repository: Pick<Repository, 'contents'>,
  files: readonly FileDiff[],
  signal?: AbortSignal,
): Promise<{ secrets: StagedSecret[]; unread: string[] }> => {
  const secrets: StagedSecret[] = [];
  const unread: string[] = [];
  const large = files.filter(
    ({ omitted, status, content, newId }) =>
      omitted !== undefined && status !== 'deleted' && content === 'text' && newId !== undefined,
  );
  const texts =
    large.length > 0
      ? await repository.contents(
          large.flatMap(({ newId }) => newId ?? []),
          mostBytes,
          signal,
        )
      : new Map<string, string>();
  for (const file of files) {
    const { path, status, content } = file;
    if (status === 'deleted' || content === 'submodule' || content === 'lfs') continue;
    const lines = addedLines(file);
    if (
      (status === 'added' || status === 'copied') &&
      skipByName(path) === 'secret' &&
      !shareable.test(lines[0]?.text ?? '')
    )
      secrets.push({ path, line: 0, rule: 'file-name', redacted: 'a file of this name usually holds secrets' });
    if (file.omitted !== undefined && content === 'text') {
      const text = texts.get(file.newId ?? '');
      if (text === undefined) unread.push(path);
      else secrets.push(...found(path, scanSecrets(text), (line) => line));
      continue;
    }
    if (lines.length === 0) continue;
    const text = lines.map((line) => line.text).join('\n');
    secrets.push(...found(path, scanSecrets(text), (line) => lines[line - 1]?.line ?? 0));
  }
  return { secrets, unread };
};
