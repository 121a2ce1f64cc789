import type { FileDiff } from '../../core/diff.ts';
import type { Detected, FindingSeverity } from '../../core/finding.ts';
import { mayBeReal } from '../../engine/review/rules/secret.ts';
import type { Repository } from '../../host/git/repository.ts';

/** Secrets in files whose lines a diff does not show: there are too many, or git takes them for binary. */
export const secretsOfUnread = async (
  repository: Pick<Repository, 'contents'>,
  files: readonly FileDiff[],
  rules: Readonly<Record<string, FindingSeverity | 'off'>> | undefined,
  signal: AbortSignal,
): Promise<Detected[]> => {
  const severity = rules?.secret ?? 'critical';
  const unread = files.filter(
    ({ omitted, content }) => content === 'binary' || (content === 'text' && omitted !== undefined),
  );
  if (unread.length === 0 || severity === 'off') return [];
  const { findSecrets } = await import('../commit/find-secrets.ts');
  const { secrets } = await findSecrets(repository, unread, signal);
  const byPath = new Map(unread.map((file) => [file.path, file]));
  // The name of a file is what the rule itself looks at.
  return secrets.flatMap(({ path, line, rule, redacted, confidence }) =>
    line === 0 || !mayBeReal(byPath.get(path) ?? { path }, { rule, confidence })
      ? []
      : {
          ...{ rule: 'secret', severity, confidence: 'medium' as const, side: 'new' as const },
          ...{ path, line, endLine: line, evidence: redacted },
          message: `This looks like a secret (${rule}, ${redacted}); once committed it stays in the history.`,
        },
  );
};
