import type { Diff, FileDiff } from '../../core/diff.ts';
import type { ParsedFile } from '../../core/parsed-file.ts';
import type { ReviewFile, ReviewInput } from './rule.ts';
import { changedLines, type ReviewTexts } from './rules/changed-lines.ts';
import { languageOf } from './rules/code-language.ts';
import { placeOf } from './rules/file-place.ts';

/** Reads a file's definitions. */
export type Parse = (path: string, text: string) => Promise<ParsedFile>;

const isRead = (file: FileDiff): boolean =>
  file.made === undefined && file.content === 'text' && file.omitted === undefined;

/** Makes what rules look at. @param parse left out where the review must be quick. */
export const reviewInput = async (diff: Diff, texts: ReviewTexts, parse?: Parse): Promise<ReviewInput> => {
  const read = diff.files.filter(isRead);
  const parsed = async (path: string, text: string | undefined): Promise<ParsedFile | undefined> =>
    parse && text !== undefined && languageOf(path) ? parse(path, text) : undefined;
  const linesOf = changedLines(read, texts);
  const files: ReviewFile[] = [];
  for (const file of read) {
    const { path, oldPath = path } = file;
    const before = file.status === 'added' ? undefined : texts.before.get(oldPath);
    const after = file.status === 'deleted' ? undefined : texts.after.get(path);
    const hasLines = file.hunks.length > 0;
    const beforeParsed = hasLines ? await parsed(oldPath, before) : undefined;
    const afterParsed = hasLines ? await parsed(path, after) : undefined;
    const about = {
      diff: file,
      path,
      language: languageOf(path),
      place: placeOf(path, after ?? before),
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
      ...(beforeParsed ? { beforeParsed } : {}),
      ...(afterParsed ? { afterParsed } : {}),
    };
    files.push(Object.assign(linesOf(file), about));
  }
  let tests: { path: string; text: string }[] | undefined;
  return {
    diff,
    files,
    paths: new Set(texts.paths ?? []),
    other: (path) => texts.after.get(path) ?? texts.others?.get(path),
    knowsTests: texts.others !== undefined,
    testTexts: () =>
      (tests ??= [...new Map([...(texts.others ?? []), ...texts.after])]
        .filter(([path]) => placeOf(path) === 'test')
        .map(([path, text]) => ({ path, text }))),
  };
};
