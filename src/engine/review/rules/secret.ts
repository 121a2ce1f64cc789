import { scanSecrets } from '../../../base/redact/scanner.ts';
import type { FileDiff } from '../../../core/diff.ts';
import type { Detected } from '../../../core/finding.ts';
import type { ReviewRule } from '../rule.ts';
import { nameOf } from './code-language.ts';
import { detected } from './detected.ts';
import { placeOf } from './file-place.ts';

const keyFiles =
  /^(?:\.env(?:\.(?!example$|sample$|template$|dist$|defaults?$|schema$|test$)[\w.-]+)?|id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?|.+\.(?:p12|pfx|jks|keystore|kdbx|ppk|ovpn|agekey)|\.(?:netrc|pgpass|htpasswd|git-credentials)|credentials\.json|terraform\.tfstate|kubeconfig)$/i;
const toBeShown = /(?:^|[._-])(?:example|sample|template|dist|defaults?|schema|test|tests)(?:[._-]|$)/i;

/** False where such a one is as a rule made up: in tests, documents, examples, and in what programs make. */
export const mayBeReal = (
  { path, made }: Pick<FileDiff, 'path' | 'made'>,
  { rule, confidence }: { rule: string; confidence: 'high' | 'medium' },
): boolean => {
  if (confidence !== 'high' && made !== undefined) return false;
  const place = placeOf(path);
  if (place === 'code' || place === 'script') return true;
  // A token in its real format is none.
  return confidence === 'high' && !/^(?:private-key|url-|basic|bearer-token$)/.test(rule);
};

/** Runs of lines that were added one after another, with the number of the first. */
const addedRuns = (file: FileDiff): { start: number; lines: string[] }[] => {
  const runs: { start: number; lines: string[]; next: number }[] = [];
  for (const hunk of file.hunks)
    for (const { kind, newLine = 0, text } of hunk.lines) {
      if (kind !== 'added') continue;
      const last = runs.at(-1);
      if (last?.next === newLine) {
        last.lines.push(text);
        last.next++;
      } else runs.push({ start: newLine, lines: [text], next: newLine + 1 });
    }
  return runs;
};

/** Passwords, tokens and keys, also in lockfiles and what programs made. */
export const secret: ReviewRule = {
  name: 'secret',
  severity: 'critical',
  claim: 'A password, token or private key, or a file made to hold them, is about to enter the history.',
  cost: 'text',
  *look({ diff }): Generator<Detected> {
    const gone = new Set<string>();
    for (const file of diff.files)
      for (const hunk of file.hunks)
        for (const { kind, text } of hunk.lines) if (kind === 'deleted') gone.add(text.trim());
    for (const file of diff.files) {
      const name = nameOf(file.path);
      const place = placeOf(file.path);
      const isShown = place !== 'code' && place !== 'script';
      if (file.status === 'added' && keyFiles.test(name) && !toBeShown.test(name) && !isShown)
        yield detected(this, file.path, undefined, {
          severity: 'high',
          message: `${name} is a file that holds credentials; once committed they stay in the history.`,
          evidence: file.path,
          suggestion: { text: 'Leave the file out of git (`git rm --cached`) and name it in .gitignore.' },
        });
      for (const { start, lines } of addedRuns(file)) {
        const found = scanSecrets(lines.join('\n'));
        for (const { rule, line, redacted, confidence } of found) {
          const text = lines[line - 1] ?? '';
          if (gone.has(text.trim())) continue;
          if (!mayBeReal(file, { rule, confidence })) continue;
          yield detected(
            this,
            file.path,
            { line: start + line - 1, text },
            {
              confidence,
              severity: confidence === 'high' ? 'critical' : 'high',
              message: `This looks like a secret (${rule}, ${redacted}); once committed it stays in the history.`,
              suggestion: {
                text: 'Take it out, read it from the environment or a secret store, and make a new one if it was ever pushed.',
              },
            },
          );
        }
      }
    }
  },
};
