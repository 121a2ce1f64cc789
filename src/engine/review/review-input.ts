import type { Diff, FileDiff } from '../../core/diff.ts';
import type { ParsedFile } from '../../core/parsed-file.ts';
import { changedLines, type ChangedLine, type CodeLines } from './rules/changed-lines.ts';
import { languageOf, type CodeLanguage } from './rules/code-language.ts';
import { placeOf, type FilePlace } from './rules/file-place.ts';

/** A changed file as rules see it. */
export interface ReviewFile {
  diff: FileDiff;
  /** The same as `diff.path`. */
  path: string;
  before?: string;
  after?: string;
  /** Left out where the review must be quick. */
  beforeParsed?: ParsedFile;
  afterParsed?: ParsedFile;
  /** By its name; undefined of what is no code that is known. */
  language: CodeLanguage | undefined;
  /** What the path says it is for. */
  place: FilePlace;
  /** New lines, without those that were only moved within the change. */
  added: readonly ChangedLine[];
  /** Lines that went, without those that were only moved within the change. */
  removed: readonly ChangedLine[];
  /** All lines before the change as code only; made when first asked for. */
  beforeCode: CodeLines;
  /** All lines after it. */
  afterCode: CodeLines;
}

/** A change with everything a rule may ask about it; made once per review. */
export interface ReviewInput {
  diff: Diff;
  /** Changed files with lines that people wrote: no lockfiles, nothing generated, vendored, binary or too large. */
  files: readonly ReviewFile[];
  /** Every path of the repository after the change; empty when it is not known. */
  paths: ReadonlySet<string>;
  /** Text of a file after the change, a changed one or another that was gathered. */
  other(path: string): string | undefined;
  /** Whether the tests that name what is new were gathered. */
  readonly knowsTests: boolean;
  /** These tests. */
  testTexts(): readonly { path: string; text: string }[];
}

/** What a review is made of besides the diff. */
export interface ReviewTexts {
  /** Texts before the change, by the path they had then. */
  before: ReadonlyMap<string, string>;
  /** Texts after the change, by path. */
  after: ReadonlyMap<string, string>;
  paths?: Iterable<string>;
  /** Further texts after the change, such as tests and imported files. */
  others?: ReadonlyMap<string, string>;
}

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

export { pathsBeside } from './rules/beside.ts';
export { runRules } from './run-rules.ts';
