import type { ReviewFile } from '../rule.ts';

const context = 3;

/** A path as a patch names it: quoted where it has to be. */
const quotedPath = (path: string): string =>
  /["\\\p{Cc}]/u.test(path)
    ? `"${path.replace(/["\\]/g, '\\$&').replace(/\n/g, '\\n').replace(/\t/g, '\\t').replace(/\r/g, '\\r')}"`
    : path;

/**
 * A unified diff that puts other lines in the place of some of a file as it is after the change; undefined when its
 * text is not known. Line ends stay as they are.
 * @param from 1-based, inclusive, as `to`.
 */
export const linePatch = (
  file: Pick<ReviewFile, 'path' | 'after'>,
  from: number,
  to: number,
  lines: readonly string[],
): string | undefined => {
  if (file.after === undefined) return undefined;
  const all = file.after.split('\n');
  const endsWithNewline = all.at(-1) === '';
  if (endsWithNewline) all.pop();
  if (from < 1 || to > all.length) return undefined;
  const start = Math.max(1, from - context);
  const end = Math.min(all.length, to + context);
  const mark = (sign: string, number: number): string =>
    `${sign}${all[number - 1] ?? ''}${number === all.length && !endsWithNewline ? '\n\\ No newline at end of file' : ''}`;
  const hasReturn = all[from - 1]?.endsWith('\r') ?? false;
  const body: string[] = [];
  for (let number = start; number < from; number++) body.push(mark(' ', number));
  for (let number = from; number <= to; number++) body.push(mark('-', number));
  for (const line of lines) body.push(`+${line}${hasReturn && !line.endsWith('\r') ? '\r' : ''}`);
  if (to === all.length && !endsWithNewline && lines.length > 0) body.push('\\ No newline at end of file');
  for (let number = to + 1; number <= end; number++) body.push(mark(' ', number));
  const oldCount = end - start + 1;
  const newCount = oldCount - (to - from + 1) + lines.length;
  const newStart = newCount === 0 ? start - 1 : start;
  return `--- ${quotedPath(`a/${file.path}`)}\n+++ ${quotedPath(`b/${file.path}`)}\n@@ -${start},${oldCount} +${newStart},${newCount} @@\n${body.join('\n')}\n`;
};
