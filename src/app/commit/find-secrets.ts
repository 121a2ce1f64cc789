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
  confidence: SecretFinding['confidence'];
}

/** Files whose lines are left out of a diff are read up to this size (bytes), those git takes for binary up to the other. */
const mostBytes = 50_000_000;
const mostBinaryBytes = 5_000_000;
/** Such files that are read at once. */
const together = 20;
/** What is binary by its nature; reading hundreds of pictures would only take time. */
const media =
  /\.(?:png|jpe?g|gif|webp|avif|ico|bmp|tiff?|psd|mp[34]|m4a|ogg|wav|flac|webm|mov|avi|mkv|woff2?|ttf|otf|eot|pdf|zip|gz|tgz|bz2|xz|zst|7z|rar|jar|wasm|class|exe|dll|so|dylib|a|o)$/i;
/** Of these everybody may have a copy. */
const shareable = /^\s*-----BEGIN (?:CERTIFICATE|PUBLIC KEY|RSA PUBLIC KEY|PGP PUBLIC KEY BLOCK|PGP SIGNATURE)-----/;

const found = (path: string, findings: readonly SecretFinding[], lineAt: (line: number) => number): StagedSecret[] =>
  findings.map(({ rule, line, redacted, confidence }) => ({ path, line: lineAt(line), rule, redacted, confidence }));

/** A token that is part of a name; the name is told without it. */
const inName = (path: string): StagedSecret[] =>
  scanSecrets(path.replace(/[./\\-]/g, ' ')).flatMap(({ rule, column, length, redacted, confidence }) =>
    confidence === 'high'
      ? {
          path: `${path.slice(0, column - 1)}${redacted}${path.slice(column - 1 + length)}`,
          ...{ line: 0, rule, redacted: 'in the name of the file', confidence },
        }
      : [],
  );

/** Git takes a text for binary when .gitattributes says so, or when it is UTF-16; undefined for what is no text. */
const textOf = (content: string): string | undefined => {
  if (!content.slice(0, 8000).includes('\0')) return content;
  const start = content.replace(/^\ufffd+/, '');
  return /^(?:(?:[^\0]\0){4}|(?:\0[^\0]){4})/.test(start) ? content.replaceAll('\0', '') : undefined;
};

/** Lines of a file are not in its diff, though it has some. */
const isUnshown = ({ omitted, status, content, path, newId, oldId }: FileDiff): boolean =>
  status !== 'deleted' &&
  ((content === 'text' && omitted !== undefined) ||
    (content === 'binary' && newId !== undefined && newId !== oldId && !media.test(path)));

/** Secrets of files whose lines are not in the diff: only those on lines that were not there before. */
const secretsOfWhole = async (
  repository: Pick<Repository, 'contents'>,
  files: readonly FileDiff[],
  signal: AbortSignal | undefined,
): Promise<{ secrets: StagedSecret[]; unread: string[] }> => {
  const secrets: StagedSecret[] = [];
  const unread: string[] = [];
  const limit = files.every(({ content }) => content === 'binary') ? mostBinaryBytes : mostBytes;
  const texts = await repository.contents(
    files.flatMap(({ newId }) => newId ?? []),
    limit,
    signal,
  );
  for (const { path, content, newId = '', oldId } of files) {
    const whole = texts.get(newId);
    if (whole === undefined && content === 'text') unread.push(path);
    const text = whole === undefined || content === 'text' ? whole : textOf(whole);
    const findings = text === undefined ? [] : scanSecrets(text);
    if (text === undefined || findings.length === 0) continue;
    const old = oldId === undefined ? undefined : (await repository.contents([oldId], limit, signal)).get(oldId);
    const before = new Set(old === undefined ? [] : (textOf(old) ?? old).split('\n'));
    const lines = text.split('\n');
    const fresh = findings.filter(({ line }) => !before.has(lines[line - 1] ?? ''));
    secrets.push(...found(path, fresh, (line) => line));
  }
  return { secrets, unread };
};

/** Secrets on the lines a change adds, and files that are there to hold some; `unread` could not be looked at. */
export const findSecrets = async (
  repository: Pick<Repository, 'contents'>,
  files: readonly FileDiff[],
  signal?: AbortSignal,
): Promise<{ secrets: StagedSecret[]; unread: string[] }> => {
  const secrets: StagedSecret[] = [];
  const unread: string[] = [];
  for (const file of files) {
    const { path, status, content } = file;
    if (status === 'deleted' || content === 'submodule' || content === 'lfs') continue;
    const lines = addedLines(file);
    if (
      (status === 'added' || status === 'copied') &&
      skipByName(path) === 'secret' &&
      !shareable.test(lines[0]?.text ?? '')
    )
      secrets.push({
        ...{ path, line: 0, rule: 'file-name', confidence: 'medium' },
        redacted: 'a file of this name usually holds secrets',
      });
    if (status !== 'modified') secrets.push(...inName(path));
    if (isUnshown(file) || lines.length === 0) continue;
    const text = lines.map((line) => line.text).join('\n');
    secrets.push(...found(path, scanSecrets(text), (line) => lines[line - 1]?.line ?? 0));
  }
  const unshown = files.filter(isUnshown);
  for (const some of [unshown.filter(({ content }) => content === 'text'), unshown.filter(isBinary)])
    for (let at = 0; at < some.length; at += together) {
      const more = await secretsOfWhole(repository, some.slice(at, at + together), signal);
      secrets.push(...more.secrets);
      unread.push(...more.unread);
    }
  return { secrets, unread };
};

const isBinary = ({ content }: FileDiff): boolean => content === 'binary';
