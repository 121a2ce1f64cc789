import type { Diff, FileDiff } from '../../core/diff.ts';
import type { Detected, FindingSeverity } from '../../core/finding.ts';
import type { ParsedFile } from '../../core/parsed-file.ts';
import type { ChangedLine, CodeLines } from './rules/changed-lines.ts';
import type { CodeLanguage } from './rules/code-language.ts';
import type { FilePlace } from './rules/file-place.ts';

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

/** Something that can be said of a change without a model. */
export interface ReviewRule {
  /** In kebab-case. */
  name: string;
  /** Of its findings, unless one says otherwise. */
  severity: FindingSeverity;
  /** What it claims of what it reports, one sentence. */
  claim: string;
  /** `syntax` needs definitions, or files besides the changed lines: left out where the review must be quick. */
  cost: 'text' | 'syntax';
  /** Runs only when the settings name it. */
  isOptional?: true;
  look(input: ReviewInput): Iterable<Detected>;
}
