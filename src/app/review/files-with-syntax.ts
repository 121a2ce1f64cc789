import type { Detected } from '../../core/finding.ts';
import type { FingerprintFile } from '../../engine/review/fingerprint.ts';
import type { ReviewInput } from '../../engine/review/rule.ts';
import { parseOnce } from './gather.ts';

/**
 * Files by path as fingerprints need them. Those with findings come with their syntax, however quick the review was: else
 * the same finding would have another fingerprint there. Without findings nothing is parsed.
 */
export const filesWithSyntax = async (
  { diff, files }: ReviewInput,
  detected: readonly Pick<Detected, 'path' | 'side' | 'line'>[],
): Promise<(path: string) => FingerprintFile | undefined> => {
  const known = new Map<string, FingerprintFile>(diff.files.map((file) => [file.path, { diff: file }]));
  for (const { path, before, after, beforeParsed, afterParsed, diff: file } of files)
    known.set(path, {
      diff: file,
      ...(before !== undefined && { before }),
      ...(after !== undefined && { after }),
      ...(beforeParsed && { beforeParsed }),
      ...(afterParsed && { afterParsed }),
    });
  const parse = parseOnce();
  for (const { path, side, line } of detected) {
    const file = known.get(path);
    if (!file || line === 0) continue;
    if (side === 'new' && !file.afterParsed && file.after !== undefined)
      file.afterParsed = await parse(path, file.after);
    if (side === 'old' && !file.beforeParsed && file.before !== undefined)
      file.beforeParsed = await parse(file.diff.oldPath ?? path, file.before);
  }
  return (path) => known.get(path);
};
